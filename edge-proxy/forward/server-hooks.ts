import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type OwnAnswer, ownBody, ownLines, REASONS } from './own-answers.ts';

/**
 * Settings and listeners of a Node server that cannot be given as options. `Expect: 100-continue` is the upstream's to answer, so the
 * request is handled like any other; what the parser refuses is answered in the edge's own form; CONNECT is refused.
 */
export function prepareServer(server: Server): void {
  // Node drops fields beyond this number silently, and what is dropped may be what a rule looks at. Bytes are limited anyway.
  server.maxHeadersCount = 0;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuseRaw(socket, { status: 405, code: 'connect-refused' });
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Duplex) => {
    const { _httpMessage: answering } = socket as Duplex & { _httpMessage?: { _headerSent: boolean } | null };
    // More bytes behind a request that said it is the last one: they mean nothing, and its answer is still due.
    if (error.code === 'HPE_CLOSED_CONNECTION' && answering) return;
    // Half an answer is out: another one behind it would be taken for its body.
    if (answering?._headerSent === true || error.code === 'ECONNRESET') socket.destroy();
    else refuseRaw(socket, parserRefusal(error.code, error.rawPacket));
  });
}

/** The status for what Node's parser refuses. `packet`: the bytes that it was reading. */
export function parserRefusal(code: string | undefined, packet?: Buffer): OwnAnswer {
  const start = packet?.toString('latin1', 0, 256) ?? '';
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'head-too-large' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, code: 'chunk-extensions-too-large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'request-timeout' };
    case 'HPE_INVALID_VERSION':
      if (/^[A-Z-]+ \S+ HTTP\/\d\.\d\r\n/.test(start)) return { status: 505, code: 'http-version' };
      break;
    case 'HPE_INVALID_METHOD':
      // A method that Node's parser does not know is refused. What does not even look like one is no HTTP.
      if (/^[A-Za-z-]+ /.test(start)) return { status: 501, code: 'unknown-method' };
  }
  return { status: 400, code: 'malformed-request' };
}

/** Answers on a socket without a response object, and closes it. */
export function refuseRaw(socket: Duplex, answer: OwnAnswer): void {
  if (!socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const body = ownBody(answer);
  const lines = ownLines(answer, body, new Date().toUTCString());
  const reason = REASONS[answer.status] ?? 'Error';
  socket.end(
    `HTTP/1.1 ${answer.status} ${reason}\r\n${lines}Connection: close\r\n\r\n${body}`,
    'latin1',
    () => socket.destroy(),
  );
}
