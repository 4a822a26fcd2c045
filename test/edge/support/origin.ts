import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origin {
  url: string;
  server: Server;
  /** `METHOD url` of each request, as received. */
  seen: string[];
  close(): Promise<void>;
}

/** A server that answers every request with its own name; `answer` may take a request over. */
export async function origin(
  name: string,
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Origin> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (answer?.(request, response)) return;
    request.resume();
    response.setHeader('x-origin', name);
    response.end(`${name} ${request.method} ${request.url}`);
  });
  server.on('upgrade', (request, socket) => {
    seen.push(`UPGRADE ${request.url}`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(`${name}\n`);
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
