import type { Endpoint } from '../discovery/port.ts';
import { type ForwardingHeaders, forwardingLines, type Peer } from './forwarding-headers.ts';
import type { RequestHead } from './request-head.ts';

/** The head of the request as it goes to an upstream: one latin1 string, one byte a character. */
export function requestText(
  method: string,
  head: RequestHead,
  endpoint: Endpoint,
  peer: Peer,
  options: ForwardingHeaders,
  traceparent: string,
): string {
  // An HTTP/1.0 client may send none, an HTTP/1.1 upstream must get one (RFC 9112 section 3.2).
  const host = head.host === undefined ? `Host: ${authority(endpoint)}\r\n` : '';
  return `${method} ${head.target} HTTP/1.1\r\n${host}${head.lines}${connectionLines(head)}${forwardingLines(head, peer, options)}traceparent: ${traceparent}\r\n\r\n`;
}

/** What concerns this one hop. */
function connectionLines(head: RequestHead): string {
  let lines = head.contentLength === -1 ? 'Transfer-Encoding: chunked\r\n' : '';
  if (head.upgrade !== undefined) {
    lines += `Upgrade: ${head.upgrade}\r\nConnection: Upgrade\r\n`;
  } else if (head.acceptsTrailers) {
    // RFC 9110 section 10.1.4: a sender of TE names it in Connection.
    lines += 'TE: trailers\r\nConnection: TE\r\n';
  }
  return lines;
}

function authority({ host, port, secure }: Endpoint): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}
