import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { reviews } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.pem`);
const tls = { certFile: fixture('first.cert'), keyFile: fixture('first.key') };

async function session(url: string): Promise<ClientHttp2Session> {
  const client = connect(url, { rejectUnauthorized: false });
  client.on('error', () => {});
  await new Promise((resolve) => client.once('connect', resolve));
  await kept({ close: async () => client.destroy() });
  return client;
}

function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  return new Promise<{ headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const stream = client.request(headers, { endStream: body === undefined });
    let head: IncomingHttpHeaders = {};
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (received) => {
      head = received;
    });
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('end', () => resolve({ headers: head, body: text }));
    stream.on('error', reject);
    if (body !== undefined) stream.end(body);
  });
}

describe('HTTP/2 to clients', () => {
  it('is spoken beside HTTP/1.1, routed and answered the same way', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'canary', weightBp: 10_000 }, { readAfterWriteMs: 60_000 }));
    const options = { tls, store: store.asStore(), overrideSecret: 'sixteen-bytes-or-more' };
    const edge = await kept(edgeFor(monolith.url, options, { 'default/reviews': service.url }));
    const client = await session(edge.url);
    expect(client.alpnProtocol).toBe('h2');
    const read = await ask(client, { ':path': '/reviews/7?x=%zz', 'x-user': 'ann' });
    expect(read).toMatchObject({
      headers: { ':status': 200, 'x-strangler-target': 'service' },
      body: 'service GET /reviews/7?x=%zz',
    });
    const written = await ask(client, { ':method': 'POST', ':path': '/reviews' }, 'a review');
    expect(written.headers['x-strangler-target']).toBe('monolith');
    expect(written.headers['set-cookie']?.[0]).toMatch(/^strangler-wrote-reviews=.*; Secure$/);
    expect(monolith.seen).toEqual(['POST /reviews']);
  });

  it('takes a method that Node knows nothing of', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url, { tls }));
    const answer = await ask(await session(edge.url), { ':method': 'BREW', ':path': '/pot' });
    // The monolith of this test is Node's as well, and refuses it: that is its answer.
    expect(answer.headers[':status']).toBe(400);
    expect(answer.headers['x-strangler-target']).toBe('monolith');
  });

  it('finishes its streams when the edge drains', async () => {
    const waiting: { end(text: string): void }[] = [];
    const monolith = await kept(origin('monolith', (_request, response) => waiting.push(response) > 0));
    const edge = await edgeFor(monolith.url, { tls });
    const busy = await session(edge.url);
    const idle = await session(edge.url);
    const answer = ask(busy, { ':path': '/slow' });
    await until(() => waiting.length === 1, 'the request arrives');
    const drained = edge.drain(5_000);
    await until(() => idle.closed || idle.destroyed, 'the idle session ends');
    waiting[0]!.end('late but whole');
    expect((await answer).body).toBe('late but whole');
    expect(await drained).toMatchObject({ cut: 0, problems: [] });
  });

  it('ends the connection of a client that opens and resets streams without end', async () => {
    const monolith = await kept(origin('monolith', (request) => request.url === '/'));
    const edge = await kept(edgeFor(monolith.url, { tls }));
    const other = await session(edge.url);
    const hostile = connectTls({
      port: Number(new URL(edge.url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    await kept({ close: async () => hostile.destroy() });
    hostile.on('error', () => {});
    const received: Buffer[] = [];
    hostile.on('data', (chunk: Buffer) => received.push(chunk));
    const ended = new Promise((resolve) => hostile.once('close', resolve));
    await new Promise((resolve) => hostile.once('secureConnect', resolve));
    hostile.write(rapidReset(2_000));
    await ended;
    expect(frameTypes(Buffer.concat(received))).toContain(GOAWAY);
    expect((await ask(other, { ':path': '/still' })).headers[':status']).toBe(200);
    await until(() => edge.status().inFlight === 0, 'nothing of it is left');
    expect(monolith.seen.length).toBeLessThan(1_000);
  });
});

const GOAWAY = 7;

/** RFC 9113 section 4.1: length, type, flags, stream, payload. */
function http2Frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The preface, then so many requests, each followed at once by its reset (CVE-2023-44487). */
function rapidReset(count: number): Buffer {
  // HPACK (RFC 7541 appendix A): GET, https, `/`, and `:authority: a` as a literal.
  const request = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x61]);
  const frames = [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame(4, 0, 0, Buffer.alloc(0))];
  for (let index = 0; index < count; index += 1) {
    const stream = 2 * index + 1;
    frames.push(http2Frame(1, 0x05, stream, request), http2Frame(3, 0, stream, Buffer.from([0, 0, 0, 8])));
  }
  return Buffer.concat(frames);
}

function frameTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3]!);
  return types;
}
