const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * `JSON.parse` in steps of one member, for a large object of objects without white space, as canonical JSON is. Other text is parsed
 * in one step. Throws as `JSON.parse` does.
 */
export function* parseMembers(text: string): Generator<void, unknown> {
  const entries: [string, unknown][] = [];
  let at = 1;
  if (text.charCodeAt(0) !== OPEN || text.charCodeAt(1) !== QUOTE) return JSON.parse(text);
  for (;;) {
    const nameEnd = endOfString(text, at);
    if (text.charCodeAt(nameEnd) !== COLON || text.charCodeAt(nameEnd + 1) !== OPEN) return JSON.parse(text);
    const end = endOfObject(text, nameEnd + 1);
    if (end === -1) return JSON.parse(text);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    entries.push([name, JSON.parse(text.slice(nameEnd + 1, end))]);
    const after = text.charCodeAt(end);
    if (after === CLOSE && end + 1 === text.length) return Object.fromEntries(entries);
    if (after !== COMMA || text.charCodeAt(end + 1) !== QUOTE) return JSON.parse(text);
    at = end + 1;
    yield;
  }
}

/** Where the string that begins at `start` ends, behind its quote; -1: nowhere. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return quote + 1;
  }
  return -1;
}

/** Where the object that begins at `start` ends, behind its brace; -1: nowhere. What lies between is for `JSON.parse` to judge. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at === -1) return -1;
      continue;
    }
    at += 1;
    if (code === OPEN) depth += 1;
    else if (code === CLOSE) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}
