/**
 * Fields that frame, address, route, authenticate or vouch for a message mean nothing in trailers (RFC 9110 section 6.5.1), but a server
 * that merges trailers into headers would believe them.
 */
const NOT_IN_TRAILERS =
  /^(?:content-length|transfer-encoding|host|connection|keep-alive|te|trailer|upgrade|expect|via|forwarded|x[-_]forwarded[-_].*|cookie|set-cookie|(?:proxy-)?authorization)$/i;
const LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;

/** Trailer lines of an upstream, each with its CRLF, without those that must not be there. Undefined: malformed. */
export function cleanTrailers(lines: string): string | undefined {
  let kept = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at) + 2;
    const line = lines.slice(at, end);
    if (!LINE.test(line)) return undefined;
    if (!NOT_IN_TRAILERS.test(line.slice(0, line.indexOf(':')))) kept += line;
    at = end;
  }
  return kept;
}

/** Lines of what Node's parser read of a client's trailers: name, value, name, value … */
export function trailerLines(raw: readonly string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (!NOT_IN_TRAILERS.test(name)) lines += `${name}: ${raw[index + 1]}\r\n`;
  }
  return lines;
}
