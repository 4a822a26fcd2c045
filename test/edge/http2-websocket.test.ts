import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { answering, startRawOrigin } from '../forward/support/raw-origin.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { plan, planRoute, revision, state } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.pem`);
const tls = { certFile: fixture('first.cert'), keyFile: fixture('first.key') };

/** A WebSocket server that greets with its name and what it was asked for, and says everything back. */
async function chat(name: string) {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'chat.v2' });
  const seen: IncomingHttpHeaders[] = [];
  const codes: number[] = [];
  sockets.on('connection', (socket, request) => {
    seen.push(request.headers);
    socket.send(`${name} ${request.method} ${request.url}`);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code) => codes.push(code));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    codes,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function session(url: string): Promise<ClientHttp2Session> {
  const client = connect(url, { rejectUnauthorized: false });
  client.on('error', () => {});
  await once(client, 'remoteSettings');
  await kept({ close: async () => client.destroy() });
  return client;
}

const CONNECT = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': 'a' };

async function open(client: ClientHttp2Session, path: string, more: Record<string, string> = {}) {
  const stream = client.request(
    { ...CONNECT, ':path': path, 'sec-websocket-version': '13', origin: 'https://a', ...more },
    { endStream: false },
  );
  stream.on('error', () => {});
  const received: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => received.push(chunk));
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  return { stream, headers, bytes: () => Buffer.concat(received) };
}

/** A masked frame with a mask of zeros (RFC 6455 section 5.2), up to 64 KiB. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255];
  const head = Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}
const text = (stream: ClientHttp2Stream, words: string) => stream.write(frame(1, Buffer.from(words)));

describe('a WebSocket over HTTP/2', () => {
  it('reaches a server of HTTP/1.1, both ways, beside other requests of the same connection, and ends in order', async () => {
    const monolith = await kept(chat('monolith'));
    const edge = await kept(edgeFor(monolith.url, { tls }));
    const client = await session(edge.url);
    expect(client.remoteSettings.enableConnectProtocol).toBe(true);
    const protocols = { 'sec-websocket-protocol': 'chat.v1, chat.v2', cookie: 'a=1' };
    const { stream, headers, bytes } = await open(client, '/chat?room=1', protocols);
    expect(headers).toMatchObject({
      ':status': 200,
      'sec-websocket-protocol': 'chat.v2',
      'x-strangler-target': 'monolith',
    });
    expect(headers).not.toHaveProperty('sec-websocket-accept');
    await until(() => bytes().includes('monolith GET /chat?room=1'), 'it greets');
    expect(monolith.seen[0]).toMatchObject({ host: 'a', origin: 'https://a', cookie: 'a=1' });
    const large = Buffer.alloc(60_000, 'z');
    stream.write(frame(2, large));
    await until(() => bytes().includes(large), 'it says it back');
    const { stream: second } = await open(client, '/second');
    text(second, 'hello');
    expect(edge.status().inFlight).toBe(2);
    stream.end(frame(8, Buffer.from([0x0f, 0xa0])));
    await once(stream, 'close');
    expect(monolith.codes).toEqual([4000]);
    second.close(8);
    await until(() => edge.status().inFlight === 0, 'a reset ends the other one');
    await until(() => monolith.codes.length === 2, 'the server learns of it');
  });

  it('goes where its plan says, as the GET that it stands for', async () => {
    const monolith = await kept(chat('monolith'));
    const service = await kept(chat('service'));
    const store = new MemoryStore();
    const routes = [planRoute('GET', '/live')];
    const served = state({ phase: 'cutover', weightBp: 10_000, owner: 'service' });
    store.publish(revision(1, [{ plan: plan('live', routes), state: served }]));
    const edge = await kept(
      edgeFor(monolith.url, { tls, store: store.asStore() }, { 'default/live': service.url }),
    );
    const client = await session(edge.url);
    const { headers, bytes } = await open(client, '/live');
    expect(headers['x-strangler-target']).toBe('service');
    await until(() => bytes().includes('service GET /live'), 'the service greets');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/strangler_requests_in_flight\{capability="live"[^}]*target="service"\} 1/);
  });

  it('is told to go when the edge drains', async () => {
    const monolith = await kept(chat('monolith'));
    const edge = await kept(edgeFor(monolith.url, { tls }));
    const client = await session(edge.url);
    const { stream, bytes } = await open(client, '/chat');
    await until(() => bytes().includes('monolith'), 'it greets');
    const drained = edge.drain(5_000);
    await until(() => bytes().includes(Buffer.from([0x88, 0x02, 0x03, 0xe9])), 'it is told 1001');
    stream.end(frame(8, Buffer.from([0x03, 0xe9])));
    expect(await drained).toMatchObject({ cut: 0, problems: [] });
  });

  it('that is refused gets the refusal', async () => {
    const refusing = await kept(
      startRawOrigin(answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nkeep')),
    );
    const edge = await kept(edgeFor(`http://127.0.0.1:${refusing.port}`, { tls }));
    const { headers, stream, bytes } = await open(await session(edge.url), '/chat');
    expect(headers[':status']).toBe(403);
    stream.end();
    await once(stream, 'close');
    expect(bytes().toString()).toBe('keep');
  });

  it.each([
    ['answers 200 as if nobody had asked for an upgrade', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
    ['answers 200 in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n'],
    [
      'proves nothing',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nevil',
    ],
  ])('never seems to stand when the server %s', async (_name, bytes) => {
    const odd = await kept(startRawOrigin(answering(bytes)));
    const edge = await kept(edgeFor(`http://127.0.0.1:${odd.port}`, { tls }));
    const client = await session(edge.url);
    const stream = client.request({ ...CONNECT, ':path': '/' }, { endStream: false });
    stream.on('error', () => {});
    let status: unknown;
    let body = '';
    stream.on('response', (headers) => {
      status = headers[':status'];
    });
    stream.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    stream.on('end', () => stream.end());
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    expect(status === undefined || status === 502).toBe(true);
    expect(body).not.toContain('evil');
    await until(() => edge.status().inFlight === 0, 'it is over');
  });

  it('is the only tunnel: CONNECT to elsewhere and other protocols are refused', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url, { tls }));
    const client = await session(edge.url);
    for (const headers of [
      { ':method': 'CONNECT', ':authority': 'elsewhere:443' },
      { ...CONNECT, ':protocol': 'connect-udp', ':path': '/' },
    ]) {
      const stream = client.request(headers, { endStream: false });
      stream.on('error', () => {});
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      expect(answer).toMatchObject({ ':status': 405, 'x-strangler-error': 'connect-refused' });
      stream.close();
    }
    expect(monolith.seen).toEqual([]);
  });
});
