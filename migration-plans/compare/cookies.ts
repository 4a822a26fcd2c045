export interface Cookie {
  name: string;
  value: string;
  /** Lower-case name → value; names whose values ignore case are lower-cased. */
  attributes: Map<string, string>;
  raw: string;
}

/** Reads one Set-Cookie line the way a browser does (RFC 6265 section 5.2): never fails, whatever the line. */
export function parseSetCookie(line: string): Cookie {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const attributes = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf('=');
    const name = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? '' : part.slice(at + 1).trim();
    if (name !== '')
      attributes.set(name, name === 'samesite' || name === 'domain' ? value.toLowerCase() : value);
  }
  return {
    name: (equals < 0 ? '' : pair.slice(0, equals)).trim(),
    value: (equals < 0 ? pair : pair.slice(equals + 1)).trim(),
    attributes,
    raw: line,
  };
}
