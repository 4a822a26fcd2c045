/**
 * Value of the first cookie of this name in a `Cookie` header, undecoded. Scans the text once and allocates only the value;
 * cookies nobody asks for are never parsed (RFC 6265 section 4.2.1: pairs separated by `; `).
 */
export function cookieValue(header: string, name: string): string | undefined {
  let at = header.indexOf(name);
  while (at !== -1) {
    const end = at + name.length;
    if (header.charCodeAt(end) === EQUALS && startsPair(header, at)) {
      const next = header.indexOf(';', end);
      return header.slice(end + 1, next === -1 ? undefined : next).trim();
    }
    at = header.indexOf(name, end);
  }
  return undefined;
}

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const SPACE = 0x20;

function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && header.charCodeAt(before) === SPACE) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}
