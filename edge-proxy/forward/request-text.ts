import type { Socket } from 'node:net';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint } from '../discovery/port.ts';
import { type ForwardingHeaders, forwardingLines, type Peer } from './forwarding-headers.ts';
import type { ForwardJob } from './port.ts';
import type { RequestHead } from './request-head.ts';
import { newTraceparent } from './trace-context.ts';

/** What of a job decides about the head that is sent. */
export type SentJob = Pick<
  ForwardJob,
  'request' | 'observer' | 'clientAddress' | 'peerTrusted' | 'traceparent'
>;

/** The head of the request as it goes to an upstream: one latin1 string, one byte a character. */
export function requestText(
  job: SentJob,
  head: RequestHead,
  target: Target,
  endpoint: Endpoint,
  options: ForwardingHeaders,
): string {
  const { request, observer } = job;
  const { socket } = request;
  const peer: Peer = {
    address: socket.remoteAddress ?? job.clientAddress,
    encrypted: isEncrypted(socket),
    trusted: job.peerTrusted === true,
  };
  const trace = observer.attemptStarts?.(target) ?? head.traceparent ?? job.traceparent ?? newTraceparent();
  // An HTTP/1.0 client may send none, an HTTP/1.1 upstream must get one (RFC 9112 section 3.2).
  const host = head.host === undefined ? `Host: ${authority(endpoint)}\r\n` : '';
  return `${request.method} ${head.target} HTTP/1.1\r\n${host}${head.lines}${connectionLines(head)}${forwardingLines(head, peer, options)}traceparent: ${trace}\r\n\r\n`;
}

export function isEncrypted(socket: Socket): boolean {
  return (socket as Socket & { encrypted?: boolean }).encrypted === true;
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
