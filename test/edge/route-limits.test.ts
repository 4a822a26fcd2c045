import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Timeouts } from '../../migration-plans/plan/plan.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { plan, planRoute, revision, state } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const UNLIMITED: Timeouts = { connectMs: 10_000, headersMs: 0, idleMs: 0, totalMs: 0 };
const SHORT = 150;

/** A plan with a route of short patience, and one beside it that waits as long as it takes. */
async function edgeWith(monolith: string, limits: Partial<Timeouts>) {
  const store = new MemoryStore();
  const routes = [
    planRoute('GET', '/short', { timeouts: { ...UNLIMITED, ...limits } }),
    planRoute('GET', '/patient', { timeouts: UNLIMITED }),
  ];
  store.publish(revision(1, [{ plan: plan('limits', routes), state: state() }]));
  // What no plan claims would wait for longer than a test does.
  return kept(edgeFor(monolith, { store: store.asStore(), monolithTimeouts: { connectMs: 60_000 } }));
}

/** What became of one request to each of both routes: the short one is over while the patient one still waits. */
async function bothRoutes(url: string): Promise<string> {
  const patient = await kept(rawClient(url));
  let over = false;
  patient.socket.once('close', () => {
    over = true;
  });
  patient.send('GET /patient HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
  const short = await kept(rawClient(url));
  short.send('GET /short HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
  const answer = await short.ended();
  expect(over).toBe(false);
  return answer;
}

/** Takes connections and never says a word on them. */
async function mute() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}).resume());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return kept({ port, close });
}

describe('the time limits that a plan sets for a route hold for it and for no other', () => {
  it('connect: a TLS handshake that is not answered is 504', async () => {
    const { port } = await mute();
    const edge = await edgeWith(`https://127.0.0.1:${port}`, { connectMs: SHORT });
    const answer = await bothRoutes(edge.url);
    expect(answer).toMatch(/^HTTP\/1\.1 504 /);
    expect(answer).toContain('X-Strangler-Error: upstream-connect-timeout');
  });

  it('headers: an upstream that says nothing is 504', async () => {
    const { port } = await mute();
    const edge = await edgeWith(`http://127.0.0.1:${port}`, { headersMs: SHORT });
    const answer = await bothRoutes(edge.url);
    expect(answer).toMatch(/^HTTP\/1\.1 504 /);
    expect(answer).toContain('X-Strangler-Error: upstream-headers-timeout');
  });

  it('idle: a body that stalls is cut', async () => {
    const monolith = await kept(
      origin('monolith', (_request, response) => response.writeHead(200).write('half') || true),
    );
    const edge = await edgeWith(monolith.url, { idleMs: SHORT });
    const answer = await bothRoutes(edge.url);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('half');
    // The last chunk never comes: no client can take it for a whole answer.
    expect(answer.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('total: a body that goes on and on is cut, although it never stalls', async () => {
    const timers: NodeJS.Timeout[] = [];
    const monolith = await kept(
      origin('monolith', (_request, response) => {
        response.writeHead(200);
        timers.push(setInterval(() => response.write('more'), 20));
        return true;
      }),
    );
    await kept({ close: async () => timers.forEach(clearInterval) });
    const edge = await edgeWith(monolith.url, { idleMs: 10 * SHORT, totalMs: SHORT });
    const answer = await bothRoutes(edge.url);
    expect(answer).toContain('more');
    expect(answer.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('total: before anything was answered it is 504', async () => {
    const { port } = await mute();
    const edge = await edgeWith(`http://127.0.0.1:${port}`, { totalMs: SHORT });
    expect(await bothRoutes(edge.url)).toContain('X-Strangler-Error: upstream-total-timeout');
  });
});

describe('when all connections to an upstream are in use', () => {
  it('a bounded number of requests waits for one, more are told at once when to come again', async () => {
    const waiting: (() => void)[] = [];
    const monolith = await kept(
      origin('monolith', (request, response) => {
        waiting.push(() => response.end(`answer to ${request.url}`));
        return true;
      }),
    );
    const limits = { maxSockets: 1, maxQueue: 1, queueMs: 10_000 };
    const edge = await kept(edgeFor(monolith.url, { forward: { limits } }));
    const first = fetch(`${edge.url}/first`).then((answer) => answer.text());
    await until(() => waiting.length === 1, 'the first one has the connection');
    const second = fetch(`${edge.url}/second`).then((answer) => answer.text());
    await until(() => edge.status().inFlight === 2, 'the second one waits');

    const third = await fetch(`${edge.url}/third`);
    expect([third.status, third.headers.get('retry-after'), third.headers.get('x-strangler-error')]).toEqual([
      503,
      '1',
      'overload',
    ]);
    waiting[0]?.();
    expect(await first).toBe('answer to /first');
    await until(() => waiting.length === 2, 'the second one has the connection');
    waiting[1]?.();
    expect(await second).toBe('answer to /second');
    expect(monolith.seen).toEqual(['GET /first', 'GET /second']);
  });

  it('nobody waits in the queue for longer than its limit', async () => {
    const { port } = await mute();
    const limits = { maxSockets: 1, queueMs: SHORT };
    const edge = await kept(edgeFor(`http://127.0.0.1:${port}`, { forward: { limits } }));
    const busy = await kept(rawClient(edge.url));
    busy.send('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => edge.status().inFlight === 1, 'the connection is in use');
    const late = await fetch(`${edge.url}/second`);
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
