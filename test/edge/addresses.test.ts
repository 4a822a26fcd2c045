import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { reviews } from './support/revisions.ts';
import { edgeFor } from './support/run.ts';

const kept = keeper();

/** What the name `shop.internal` points to, and how often it was asked for. */
const dns = vi.hoisted(() => ({ address: '127.0.0.1', asked: 0 }));
vi.mock('node:dns', async (original) => {
  const real = await original<typeof import('node:dns')>();
  const lookup = (host: string, options: object, callback: (...result: unknown[]) => void) => {
    if (host !== 'shop.internal') return real.lookup(host, options, callback as never);
    dns.asked += 1;
    setImmediate(() => callback(null, [{ address: dns.address, family: 4 }]));
  };
  return { ...real, lookup, default: { ...real, lookup } };
});

/** Longer than names are believed. Milliseconds. */
const TTL_PASSED = 11_000;

function listening(name: string, host: string, port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end(name));
  // It never ends a connection by itself, and does not say that it would.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** Two servers on one port of two addresses: the name moves from the first to the second. */
async function twoAddresses() {
  const old = await listening('old', '127.0.0.1', 0);
  const { port } = old.address() as AddressInfo;
  const fresh = await listening('new', '127.0.0.2', port);
  for (const server of [old, fresh]) {
    await kept({
      close: () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    });
  }
  return { old, port };
}

it.each(['monolith', 'service'])(
  'the name of a %s is resolved again and again: kept connections do not stay with an address it has left',
  async (target) => {
    const real = performance.now.bind(performance);
    let ahead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
    await kept({ close: async () => void vi.restoreAllMocks() });
    Object.assign(dns, { address: '127.0.0.1', asked: 0 });
    const { old, port } = await twoAddresses();
    const named = `http://shop.internal:${port}`;
    const store = new MemoryStore();
    if (target === 'service')
      store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    const edge = await kept(
      edgeFor(
        target === 'monolith' ? named : 'http://127.0.0.1:9',
        // Never idle for too long: nothing but the name's new address may end the kept connection.
        { store: store.asStore(), forward: { limits: { idleMs: 3_600_000 } } },
        target === 'monolith' ? {} : { 'default/reviews': named },
      ),
    );
    let opened = 0;
    old.on('connection', () => {
      opened += 1;
    });
    const ask = async () => (await fetch(`${edge.url}/reviews/1`)).text();
    for (let index = 0; index < 5; index += 1) expect(await ask()).toBe('old');
    expect([opened, dns.asked]).toEqual([1, 1]);

    dns.address = '127.0.0.2';
    // Believed for some seconds: nobody is asked.
    expect([await ask(), dns.asked]).toEqual(['old', 1]);
    ahead += TTL_PASSED;
    // The first request only makes the edge look again, in the background; it waits for nothing.
    expect(['old', 'new']).toContain(await ask());
    for (let index = 0; index < 5; index += 1) expect(await ask()).toBe('new');
    expect([opened, dns.asked]).toEqual([1, 2]);
  },
);
