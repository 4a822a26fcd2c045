import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { FrameBoundary } from '../../edge-proxy/lifecycle/frame-boundary.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();

/** One frame with a payload of this length. */
function frame(length: number, masked: boolean): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + (masked ? 4 : 0));
  head[0] = 0x82;
  head[1] = (extended === 0 ? length : extended === 2 ? 126 : 127) | (masked ? 0x80 : 0);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(length, 0x81)]);
}

describe('the boundary between frames', () => {
  it('is known wherever the stream is cut', () => {
    const length = fc.oneof(fc.nat(130), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536));
    const frames = fc.array(fc.tuple(length, fc.boolean()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (list, cuts) => {
        const parts = list.map(([size, masked]) => frame(size, masked));
        const stream = Buffer.concat(parts);
        const ends = new Set<number>([0]);
        let end = 0;
        for (const part of parts) {
          end += part.length;
          ends.add(end);
        }
        const at = [...new Set(cuts.map((cut) => cut % (stream.length + 1))), stream.length].sort(
          (a, b) => a - b,
        );
        const boundary = new FrameBoundary();
        let from = 0;
        for (const to of at) {
          boundary.take(stream.subarray(from, to));
          from = to;
          expect(boundary.atBoundary).toBe(ends.has(to));
        }
      }),
      { numRuns: 200 },
    );
  });
});

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const GOING_AWAY = '\x88\x02\x03\xe9';

/** A chat that echoes, and pushes a large message on request. */
async function chat(deflate: boolean) {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: deflate });
  const closed: { code: number; reason: string }[] = [];
  sockets.on('connection', (socket) => {
    socket.on('message', (data) =>
      socket.send(data.toString() === 'large' ? 'x'.repeat(200_000) : data.toString()),
    );
    socket.on('close', (code, reason) => closed.push({ code, reason: reason.toString() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await kept({
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(resolve);
        server.closeAllConnections();
      }),
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, closed };
}

describe('WebSockets when the edge drains', () => {
  it.each([false, true])(
    'are told that it goes away, both sides close in order (deflate: %s)',
    async (deflate) => {
      const { url, closed } = await chat(deflate);
      const edge = await edgeFor(url);
      const client = new WebSocket(`${edge.url.replace('http', 'ws')}/chat`, { perMessageDeflate: deflate });
      const received: number[] = [];
      client.on('message', (data) => received.push(data.toString().length));
      await new Promise((resolve) => client.once('open', resolve));
      client.send('hello');
      client.send('large');
      await until(() => received.length === 2, 'both messages arrive');
      const ended = new Promise<number>((resolve) => client.once('close', resolve));
      const outcome = await edge.drain(5_000);
      expect(await ended).toBe(1001);
      expect(outcome).toMatchObject({ cut: 0, problems: [] });
      expect(received).toEqual([5, 200_000]);
      await until(() => closed.length === 1, 'the server behind sees it close');
      expect(closed[0]!.code).toBe(1001);
    },
  );

  it('are told only when the frame that is under way has passed', async () => {
    const message = frame(1_000, false);
    let sendRest = () => {};
    const monolith = await kept(origin('monolith'));
    monolith.server.removeAllListeners('upgrade');
    monolith.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.write(message.subarray(0, 300));
      sendRest = () => socket.write(message.subarray(300));
      socket.on('error', () => socket.destroy());
      socket.on('end', () => socket.end());
    });
    const edge = await edgeFor(monolith.url);
    const client = await kept(rawClient(edge.url));
    client.send(UPGRADE);
    const half = message.subarray(0, 300).toString('latin1');
    await client.received(half);
    const drained = edge.drain(5_000);
    await until(() => edge.status().stage === 'draining', 'the edge drains');
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.text().endsWith(half)).toBe(true);
    sendRest();
    expect(await client.received(GOING_AWAY)).toContain(message.toString('latin1') + GOING_AWAY);
    await client.close();
    expect((await drained).cut).toBe(0);
  });

  it('are cut at the deadline when the client does not answer', async () => {
    const { url } = await chat(false);
    const edge = await edgeFor(url);
    const silent = await kept(rawClient(edge.url));
    silent.send(UPGRADE);
    await silent.received('\r\n\r\n');
    const outcome = await edge.drain(300);
    expect(outcome.cut).toBe(1);
    expect(await silent.ended()).toContain(GOING_AWAY);
  });
});
