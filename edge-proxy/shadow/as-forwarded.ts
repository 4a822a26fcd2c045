import { type ForwardingHeaders, forwardingLines, type Peer } from '../forward/forwarding-headers.ts';
import { http1Headers } from '../forward/http2-request.ts';
import { readRequestHead } from '../forward/request-head.ts';

/**
 * The headers that the user's request was forwarded with, so that a copy looks the same to both targets: an application that builds
 * absolute addresses from `X-Forwarded-Host` would otherwise answer differently for no fault of its own.
 * Flat: name, value, name, value …
 */
export function asForwarded(
  url: string,
  rawHeaders: readonly string[],
  peer: Peer,
  forwarding: ForwardingHeaders,
): string[] {
  // Pseudo-fields come first, and no field of HTTP/1.1 begins with a colon.
  const fields = rawHeaders[0]?.startsWith(':') ? http1Headers(rawHeaders, false) : rawHeaders;
  const head = readRequestHead(url, 1, fields);
  // What the edge refuses is never answered, so it is never mirrored either; a head like that is copied as it came.
  if ('status' in head) return [...fields];
  const headers: string[] = [];
  for (const line of `${head.lines}${forwardingLines(head, peer, forwarding)}`.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}
