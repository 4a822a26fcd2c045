import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';

export interface Origin {
  port: number;
  close(): Promise<void>;
}

/** What an origin saw of a request, as its answer. Fields of the edge are left out by the comparison. */
interface Seen {
  method: string;
  url: string;
  headers: readonly string[];
  trailers: readonly string[];
  body: string;
}

const seenOf = (
  request: { method?: string; url?: string; rawHeaders: readonly string[]; rawTrailers: readonly string[] },
  body: string,
): Seen => ({
  method: request.method ?? '',
  url: request.url ?? '',
  headers: request.rawHeaders,
  trailers: request.rawTrailers,
  body,
});

function listen(listener: RequestListener): Promise<Origin> {
  // Tells what the bytes were, however odd: the comparison is about what is passed on, not about what an origin refuses.
  const server = createServer({ requireHostHeader: false }, listener);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

/** node:http. Answers by path; everything else is told back. */
export function startNodeOrigin(): Promise<Origin> {
  return listen((request, response) => {
    response.sendDate = false;
    switch (request.url) {
      case '/cookies':
        response.writeHead(200, [
          ['Set-Cookie', 'a=1; Path=/'],
          ['X-Mixed-CASE', '1'],
          ['set-cookie', 'b=2; HttpOnly'],
          ['x-mixed-case', '2'],
        ] as never);
        response.end('cookies');
        return;
      case '/bytes':
        response.writeHead(200, 'Très bien', ['X-Name', 'caf\xe9 \xff', 'Content-Length', '3']);
        response.end('\xe9\x00\xff', 'latin1');
        return;
      case '/bytes-chunked':
        response.writeHead(200, 'Très bien', ['X-Name', 'caf\xe9 \xff']);
        response.write('\xe9\x00', 'latin1');
        response.end('\xff', 'latin1');
        return;
      case '/no-content':
        response.writeHead(204, ['X-A', '1']);
        response.end();
        return;
      case '/not-modified':
        response.writeHead(304, ['ETag', '"abc"', 'Content-Length', '100']);
        response.end();
        return;
      case '/chunks':
        if (request.method !== 'HEAD') response.setHeader('Trailer', 'X-Sum');
        response.write('one');
        response.write('two');
        response.addTrailers({ 'X-Sum': '6' });
        response.end();
        return;
      case '/hints':
        response.writeEarlyHints({ link: '</style.css>; rel=preload' });
        response.end('after hints');
        return;
      case '/redirect':
        response.writeHead(302, ['Location', 'http://internal.example:3000/next?a=1']);
        response.end();
        return;
      case '/large':
        response.writeHead(200, ['Content-Length', '300000']);
        response.end(Buffer.alloc(300_000, 'abcdefghij'));
        return;
      case '/large-chunked':
        response.write(Buffer.alloc(100_000, 'x'));
        response.end(Buffer.alloc(100_000, 'y'));
        return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () => {
      const text = JSON.stringify(seenOf(request, body));
      response.writeHead(200, [
        'Content-Type',
        'application/json',
        'Content-Length',
        String(Buffer.byteLength(text)),
      ]);
      response.end(text);
    });
  });
}

export async function startFastifyOrigin(): Promise<Origin> {
  const app = Fastify({
    logger: false,
    http: { requireHostHeader: false } as never,
    routerOptions: { maxParamLength: 1000 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.all('/*', (request, reply) => {
    const { body } = request;
    return reply.send(seenOf(request.raw, Buffer.isBuffer(body) ? body.toString('latin1') : ''));
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

type ExpressRequest = IncomingMessage & { body: unknown };
type ExpressResponse = ServerResponse & {
  cookie(name: string, value: string): { json(value: unknown): void };
};
type ExpressHandler = (request: ExpressRequest, response: ExpressResponse) => void;
/** Express brings no types of its own; these are all that is used. */
const express = createRequire(import.meta.url)('express') as {
  (): RequestListener & { use(handler: ExpressHandler): void };
  raw(options: { type(): boolean }): ExpressHandler;
};

export function startExpressOrigin(): Promise<Origin> {
  const app = express();
  app.use(express.raw({ type: () => true }));
  app.use((request, response) => {
    const body = Buffer.isBuffer(request.body) ? request.body.toString('latin1') : '';
    response.cookie('seen', '1').json(seenOf(request, body));
  });
  return listen(app);
}

export const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Python's http.server: HTTP/1.0 answers, no keep-alive, bodies that end with the connection. */
export async function startPythonOrigin(): Promise<Origin> {
  const folder = mkdtempSync(join(tmpdir(), 'forward-python-'));
  writeFileSync(join(folder, 'page.html'), '<h1>café</h1>\n');
  writeFileSync(join(folder, 'with space.txt'), 'text');
  writeFileSync(
    join(folder, 'data.bin'),
    Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 256)),
  );
  const port = await freePort();
  const child = spawn(PYTHON as string, ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], {
    cwd: folder,
    stdio: 'ignore',
  });
  while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    port,
    async close() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
