import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Status for what Node's parser refused, by its error code. */
export function statusOfClientError(code: string | undefined): 400 | 408 | 413 | 431 {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    default:
      return 400;
  }
}

const REASONS = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
} as const;

type SocketWithAnswer = Duplex & { _httpMessage?: ServerResponse | null };

/**
 * Answers a request that could not be parsed, and closes: what follows on that connection cannot be trusted to be a request
 * (RFC 9112 section 2.2). Nothing is written into an answer that has already begun.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const begun = (socket as SocketWithAnswer)._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || begun) {
    socket.destroy();
    return;
  }
  const status = statusOfClientError(error.code);
  endWith(socket, status);
}

/** CONNECT asks for a tunnel through a forward proxy, which an edge is not (RFC 9110 section 9.3.6). */
export function refuseConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  endWith(socket, 405);
}

/** Half-closes after the answer so that the client can read it, and destroys the connection soon after. */
function endWith(socket: Duplex, status: keyof typeof REASONS): void {
  const body = `${status} ${REASONS[status]}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Closing at once while the client still sends would reset the connection and lose the answer (RFC 9112 section 9.6). */
const LINGER_MS = 1_000;
