/**
 * How a request's raw, undecoded path is read for matching.
 *
 * Two spellings are the same path only where RFC 3986 section 6.2.2 says so without doubt: percent-encoded unreserved characters
 * are decoded (`/%70roducts` is `/products`), hexadecimal digits are upper-cased, raw bytes beyond ASCII are percent-encoded.
 * Letter case, trailing slashes and percent-encoded reserved characters stay different.
 *
 * A path that servers are known to read differently is *ambiguous* and never claimed, so it is the monolith's, which has always
 * answered it:
 * - empty segments (`//`): merged by nginx and WSGI servers, meant by others
 * - dot segments, also encoded (`/%2e%2e/`): removed by some before routing, by others after, by others never
 * - `%2F`, `%5C` and a raw backslash: separators for WSGI, IIS and Windows, data for others
 * - `;`: begins parameters in Java servers and the query in older Fastify and find-my-way
 * - `%00`, malformed percent-encodings, control characters, spaces, `#`
 */

/** What a character means for reading a path. */
const PLAIN = 0;
const SLASH = 1;
const QUERY = 2;
/** Percent sign or a raw byte beyond ASCII: the path must be brought into canonical form first. */
const ENCODED = 3;
const FORBIDDEN = 4;
const DOT = 5;

const CLASSES = new Uint8Array(256).fill(PLAIN);
CLASSES.fill(FORBIDDEN, 0, 0x21);
CLASSES.fill(ENCODED, 0x80);
CLASSES[0x7f] = FORBIDDEN;
for (const character of '#;\\') CLASSES[character.charCodeAt(0)] = FORBIDDEN;
CLASSES['/'.charCodeAt(0)] = SLASH;
CLASSES['?'.charCodeAt(0)] = QUERY;
CLASSES['%'.charCodeAt(0)] = ENCODED;
CLASSES['.'.charCodeAt(0)] = DOT;

export const AMBIGUOUS = -1;
export const NEEDS_CANONICAL_FORM = -2;

/**
 * Splits `url` from `start` (a slash) up to its query. Writes the place after each slash into `starts`, as far as it has room, and
 * the end of the path after the last one. Returns the number of segments, AMBIGUOUS, or NEEDS_CANONICAL_FORM.
 * One pass without allocation; `starts` must have room for at least two entries.
 */
export function splitPath(url: string, start: number, starts: Int32Array, encodedAllowed: boolean): number {
  const room = starts.length;
  const length = url.length;
  let count = 1;
  let segmentStart = start + 1;
  let encoded = false;
  // A segment is suspicious while it consists of dots only.
  let onlyDots = true;
  starts[0] = segmentStart;
  let at = segmentStart;
  scan: for (; at < length; at++) {
    const code = url.charCodeAt(at);
    const kind = code < 256 ? CLASSES[code]! : FORBIDDEN;
    switch (kind) {
      case PLAIN:
        onlyDots = false;
        break;
      case SLASH:
        if (onlyDots && at - segmentStart <= 2) return AMBIGUOUS;
        segmentStart = at + 1;
        onlyDots = true;
        if (count < room) starts[count] = segmentStart;
        count++;
        break;
      case QUERY:
        break scan;
      case ENCODED:
        encoded = true;
        onlyDots = false;
        break;
      case FORBIDDEN:
        return AMBIGUOUS;
      default:
    }
  }
  const last = at - segmentStart;
  if (onlyDots && last > 0 && last <= 2) return AMBIGUOUS;
  if (encoded && !encodedAllowed) return NEEDS_CANONICAL_FORM;
  // Ends are computed as the next start minus one, so the last one gets a virtual slash.
  if (count < room) starts[count] = at + 1;
  return count;
}

/**
 * Where the path of a request target begins: 0 for the origin form, after the authority for the absolute form
 * (RFC 9112 section 3.2.2); -1: no path (`*`, authority form, empty).
 */
export function pathStart(url: string): number {
  if (url.charCodeAt(0) === 0x2f) return 0;
  const scheme = /^https?:\/\//i.exec(url);
  if (scheme === null) return -1;
  const slash = url.indexOf('/', scheme[0].length);
  const query = url.indexOf('?', scheme[0].length);
  return slash === -1 || (query !== -1 && query < slash) ? -1 : slash;
}

/** The path of a request target in canonical form, without its query; undefined if ambiguous. */
export function canonicalPath(url: string, start: number): string | undefined {
  const query = url.indexOf('?', start);
  return canonicalSegment(query === -1 ? url.slice(start) : url.slice(start, query));
}

/**
 * Text of a path or a segment in canonical form; undefined if a percent-encoding is malformed or ambiguous. Slashes are kept.
 * Raw characters 0x80–0xFF are taken as bytes, as Node's HTTP parser delivers them.
 */
export function canonicalSegment(text: string): string | undefined {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x25) {
      const byte = hexByte(text, at + 1);
      if (byte === -1 || byte === 0x00 || byte === 0x2f || byte === 0x5c) return undefined;
      out += isUnreserved(byte) ? String.fromCharCode(byte) : percent(byte);
      at += 2;
    } else if (code > 0xff) return undefined;
    else out += code >= 0x80 ? percent(code) : text[at]!;
  }
  return out;
}

/** A canonical segment with every percent-encoded ASCII character decoded: how servers read it that decode before routing. */
export function decodedSegment(segment: string): string {
  return segment.replace(/%([2-7][0-9A-F])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isUnreserved(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x7e
  );
}

function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
