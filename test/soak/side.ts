import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { WebSocketServer } from 'ws';
import { readConfig } from '../../services/reviews/service/config.ts';
import { Registrar } from '../../services/reviews/service/registration/registrar.ts';

/**
 * The monolith of the soak, or an instance of its service (SIDE), as a process of its own. Both answer the same about items and orders,
 * and write orders into one database (DATABASE_URL); the monolith alone has pages, uploads, downloads, events and sockets.
 * An instance registers itself in Cloud Map as the sample's service does, by the same code, and takes its leave on SIGTERM.
 */
const side = process.env.SIDE ?? 'monolith';
const { config } = readConfig(process.env);
const database = new Pool({ connectionString: process.env.DATABASE_URL ?? '', max: 4 });
database.on('error', () => {});

const PAGE = Buffer.alloc(100_000, '<p>A page of the monolith.</p>\n');
const PIECE = Buffer.alloc(65_536, 'd');
/** Between two events of a stream, and how many it has. */
const EVENT_MS = 200;
const EVENTS = 10;
/** What an aborting client will not wait for. */
const SLOW_MS = 5_000;
const MOST_BYTES = 64 * 1024 * 1024;

type Handle = (request: IncomingMessage, response: ServerResponse, parameter: string) => unknown;
const SHARED: readonly [method: string, path: RegExp, Handle][] = [
  [
    'GET',
    /^\/items\/(\d+)$/,
    (_, response, id) => json(response, 200, { id: Number(id), name: `Item ${id}` }),
  ],
  ['GET', /^\/orders\/([\w-]+)$/, readOrder],
  ['POST', /^\/orders$/, writeOrder],
];
const MONOLITH: typeof SHARED = [
  ['GET', /^\/pages\/(\d+)$/, (_, response) => whole(response, 200, 'text/html', PAGE)],
  ['GET', /^\/download\/(\d+)$/, (_, response, bytes) => pour(response, Math.min(MOST_BYTES, Number(bytes)))],
  ['POST', /^\/upload$/, digest],
  ['GET', /^\/events$/, (_, response) => tell(response)],
  ['GET', /^\/slow$/, (_, response) => linger(response)],
];
const routes = side === 'monolith' ? [...SHARED, ...MONOLITH] : SHARED;

const server = createServer(async (request, response) => {
  try {
    for (const [method, path, handle] of routes) {
      const match = path.exec(request.url ?? '');
      if (match === null || request.method !== method) continue;
      await handle(request, response, match[1] ?? '');
      return;
    }
    request.resume();
    json(response, 404, { error: 'not found' });
  } catch (error) {
    if (response.headersSent) response.destroy();
    else json(response, 500, { error: String(error) });
  }
});
// Longer than the edge keeps what it does not use: whoever closes first is then the edge.
server.keepAliveTimeout = 10_000;
if (side === 'monolith') {
  const sockets = new WebSocketServer({ server, path: '/socket' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('error', () => socket.terminate());
  });
}
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port });
  if (side !== 'monolith') register(port);
});
process.on('disconnect', () => process.exit(0));

async function readOrder(_request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
  const { rows } = await database.query('SELECT id FROM orders WHERE id = $1', [id]);
  json(response, rows.length > 0 ? 200 : 404, { id, found: rows.length });
}

/** No unique key on purpose: a write that is delivered twice leaves two rows, and is found. */
async function writeOrder(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { id } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id: string };
  await database.query('INSERT INTO orders (id, side) VALUES ($1, $2)', [id, side]);
  json(response, 201, { id });
}

async function digest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk as Buffer);
  json(response, 200, { sha256: hash.digest('hex') });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  whole(response, status, 'application/json', Buffer.from(JSON.stringify(value)));
}

function whole(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': String(body.length) });
  response.end(body);
}

function pour(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  let left = bytes;
  const go = (): void => {
    while (left > 0 && !response.destroyed) {
      const part = PIECE.subarray(0, Math.min(left, PIECE.length));
      left -= part.length;
      if (response.write(part)) continue;
      response.once('drain', go);
      return;
    }
    response.end();
  };
  go();
}

function tell(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    response.write(`id: ${number}\ndata: ${Date.now()}\n\n`);
    if (number < EVENTS) return;
    clearInterval(timer);
    response.end();
  }, EVENT_MS);
  response.once('close', () => clearInterval(timer));
}

function linger(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('wait');
  const timer = setTimeout(() => response.end('ed'), SLOW_MS);
  response.once('close', () => clearTimeout(timer));
}

function register(port: number): void {
  const registrar = new Registrar({
    config: config.registration!,
    instanceId: config.instanceId ?? `instance-${port}`,
    attributes: {
      AWS_INSTANCE_IPV4: config.address,
      AWS_INSTANCE_PORT: String(port),
      version: config.version,
    },
    isHealthy: async () => true,
    log() {},
  });
  registrar.start();
  process.once('SIGTERM', async () => {
    await registrar.stop();
    // Whoever found it just before still gets answers; then connections close after their answers.
    await new Promise((resolve) => setTimeout(resolve, config.drainDelay));
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
