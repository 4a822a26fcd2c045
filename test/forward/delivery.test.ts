import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Delivery } from '../../edge-proxy/forward/delivery.ts';

/**
 * An upstream in a thread of its own, so that it goes on while this one does not look at its sockets. `state[0]`: what it has done.
 * It reads the first request; told so, it resets the connection or reads on.
 */
const UPSTREAM = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const state = new Int32Array(workerData);
const did = (what) => { Atomics.store(state, 0, what); Atomics.notify(state, 0); };
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => { socket.pause(); did(1); });
  parentPort.on('message', (what) => {
    if (what === 'read') { socket.resume(); return; }
    socket.once('close', () => setImmediate(() => did(2)));
    socket.resetAndDestroy();
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const FIRST = 1;
const RESET = 2;
let worker: Worker | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.destroy();
  await worker?.terminate();
});

/** A connection whose first request has arrived. */
async function used() {
  const shared = new SharedArrayBuffer(4);
  const state = new Int32Array(shared);
  const upstream = new Worker(UPSTREAM, { eval: true, workerData: shared });
  worker = upstream;
  const port = await new Promise<number>((resolve) => upstream.once('message', resolve));
  const client = connect({ port, host: '127.0.0.1', noDelay: true });
  socket = client;
  await once(client, 'connect');
  const delivery = new Delivery(false);
  delivery.writeHead(client, 'GET / HTTP/1.1\r\n\r\n');
  const until = (what: number): void => {
    while (Atomics.load(state, 0) !== what) Atomics.wait(state, 0, what - 1, 1000);
  };
  until(FIRST);
  return { upstream, client, delivery, until };
}

describe('the head of a request on a kept connection', () => {
  it('counts as taken as soon as the system has it', async () => {
    const { client, delivery } = await used();
    delivery.writeHead(client, 'GET /again HTTP/1.1\r\n\r\n');
    expect(delivery.headTaken).toBe(true);
    expect(delivery.refused('write')).toBe(false);
  });

  it('counts as refused when the upstream had given the connection up', async () => {
    const { upstream, client, delivery, until } = await used();
    const failed = once(client, 'error');
    upstream.postMessage('reset');
    // Without a turn of the event loop: nothing is known of the reset yet.
    until(RESET);
    delivery.writeHead(client, 'GET /again HTTP/1.1\r\n\r\n');
    expect(delivery.headTaken).toBe(false);
    const [error] = (await failed) as NodeJS.ErrnoException[];
    expect(error!.syscall).toBe('write');
    expect(delivery.refused(error!.syscall)).toBe(true);
  });

  it('counts as taken only when it is, if the system has no room for it', async () => {
    const { upstream, client, delivery } = await used();
    client.write(Buffer.alloc(32_000_000));
    delivery.writeHead(client, 'GET /again HTTP/1.1\r\n\r\n');
    expect(delivery.headTaken).toBe(false);
    upstream.postMessage('read');
    await vi.waitFor(() => expect(delivery.headTaken).toBe(true), { timeout: 10_000 });
  });

  it('counts as taken when the system has taken a part of it: the upstream may have seen that', async () => {
    const { client, delivery } = await used();
    delivery.writeHead(client, `GET /again HTTP/1.1\r\nX: ${'x'.repeat(32_000_000)}\r\n\r\n`);
    expect(client.writableLength).toBeGreaterThan(0);
    expect(delivery.headTaken).toBe(true);
  });

  it('counts as taken when what follows it fails', async () => {
    const { upstream, client, delivery } = await used();
    const failed = once(client, 'error');
    client.write(Buffer.alloc(16_000_000));
    delivery.writeHead(client, 'POST /again HTTP/1.1\r\n\r\n');
    expect(delivery.headTaken).toBe(false);
    upstream.postMessage('read');
    await vi.waitFor(() => expect(delivery.headTaken).toBe(true), { timeout: 10_000 });
    upstream.postMessage('reset');
    const more = setInterval(() => client.write(Buffer.alloc(64_000)), 1);
    const [error] = (await failed) as NodeJS.ErrnoException[];
    clearInterval(more);
    expect(delivery.refused(error!.syscall)).toBe(false);
  });
});
