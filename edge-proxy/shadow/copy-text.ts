import { TOKEN_CHARACTERS, VALUE_CHARACTERS } from '../forward/header-names.ts';
import type { MirrorCall } from './mirror-client.ts';

/** Whose missing body is told by its length (RFC 9110 section 8.6). */
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head of a copy as it is sent: latin1, one character a byte. What a plan adds, and what is replayed from a report, comes from
 * outside: nothing in it may be read as another line.
 */
export function copyText({ origin, method, url, headers, body }: MirrorCall): string | { problem: string } {
  if (!isToken(method) || !isTarget(url))
    return { problem: 'the request line has characters that cannot be sent' };
  let text = `${method} ${url} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (!isToken(name) || !isValue(value))
      return { problem: `the header ${JSON.stringify(name)} has characters that cannot be sent` };
    if (name.length === 4 && name.toLowerCase() === 'host') hasHost = true;
    text += `${name}: ${value}\r\n`;
  }
  // An HTTP/1.0 client may send none, an HTTP/1.1 upstream must get one (RFC 9112 section 3.2).
  if (!hasHost) text += `Host: ${new URL(origin).host}\r\n`;
  if (body !== undefined || WITH_CONTENT.has(method)) text += `Content-Length: ${body?.length ?? 0}\r\n`;
  return `${text}\r\n`;
}

function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (TOKEN_CHARACTERS[text.charCodeAt(at)] !== 1) return false;
  return text !== '';
}

function isValue(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (VALUE_CHARACTERS[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** No white space: what follows it would be read as the version. */
function isTarget(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || VALUE_CHARACTERS[code] !== 1) return false;
  }
  return text !== '';
}
