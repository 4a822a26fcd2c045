import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listening } from './candidate.ts';
import { installed, type Running, startNginx, startNode } from './processes.ts';

/** The same answers whoever gives them. */
export const SMALL_JSON = JSON.stringify({
  id: 4711,
  name: 'Espresso cup',
  price: '12.90',
  tags: ['kitchen', 'new'],
  stock: 31,
});

const PAGE = Buffer.alloc(100_000, '<p>0123456789</p>\n');
const DOWNLOAD = Buffer.alloc(10_000_000, 'y');

/**
 * nginx answers what has no body, because it costs least beside the proxy on a small machine. Uploads go to Node: nginx would answer
 * before it has read them.
 */
export function startOrigin(uploads: boolean): Promise<Running> {
  if (uploads || installed('nginx') === undefined) {
    return startNode('origin', 'origin.ts', { BENCH_AS_ORIGIN: '1' });
  }
  return startNginx(
    'origin',
    `keepalive_requests 100000000; sendfile on; tcp_nodelay on;
server { listen 127.0.0.1:PORT; root FOLDER;
  location = /small.json { default_type application/json; return 200 '${SMALL_JSON}'; } }`,
    { 'page.html': PAGE, 'download.bin': DOWNLOAD },
  );
}

if (process.env.BENCH_AS_ORIGIN === '1') {
  const small = Buffer.from(SMALL_JSON);
  const bodies: Record<string, Buffer> = {
    '/small.json': small,
    '/page.html': PAGE,
    '/download.bin': DOWNLOAD,
  };
  const server = createServer((request, response) => {
    const body = bodies[request.url ?? ''];
    if (body !== undefined) {
      response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)]);
      response.end(body);
      return;
    }
    const bytes = /^\/stream\?bytes=(\d+)$/.exec(request.url ?? '')?.[1];
    if (bytes !== undefined) {
      pour(response, Number(bytes));
      return;
    }
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.once('end', () => {
      const answer = JSON.stringify({ received });
      response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(answer.length)]);
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
}

/** Sends so many bytes, as fast as they are taken. */
function pour(response: ServerResponse, bytes: number): void {
  const piece = Buffer.alloc(65_536, 'z');
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(bytes) });
  let left = bytes;
  const go = (): void => {
    while (left > 0) {
      const part = left >= piece.length ? piece : piece.subarray(0, left);
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', go);
        return;
      }
    }
    response.end();
  };
  go();
}
