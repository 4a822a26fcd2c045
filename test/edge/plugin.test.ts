import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { createEdge } from '../../edge-proxy/edge.ts';
import { edgePlugin } from '../../edge-proxy/plugin.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { Places, partsWith } from './support/places.ts';
import { rawClient } from './support/raw.ts';
import { reviews } from './support/revisions.ts';

const kept = keeper();

/** Somebody's own application, with routes, hooks, a parser and an error page. */
async function foreignApplication(prepare?: (app: FastifyInstance) => void) {
  const monolith = await kept(origin('monolith'));
  const service = await kept(origin('service'));
  const store = new MemoryStore();
  store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
  const edge = await createEdge(
    { monolith: monolith.url, store: store.asStore(), log: { level: 'silent' } },
    partsWith(new Places({ 'default/reviews': service.url })),
  );
  await edge.start();
  const app = await kept<FastifyInstance>(Fastify());
  app.get('/own', async () => 'own');
  app.post('/own', async (request) => ({ got: request.body }));
  prepare?.(app);
  await app.register(edgePlugin, { edge });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await kept({
    close: async () => {
      for (const { run } of edge.closing()) await run(100);
    },
  });
  return { app, url, edge, monolith };
}

describe('the edge as a plugin of a Fastify application', () => {
  it("answers what the application's own routes do not", async () => {
    const { url } = await foreignApplication();
    expect(await (await fetch(`${url}/own`)).text()).toBe('own');
    const posted = await fetch(`${url}/own`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await posted.json()).toEqual({ got: { a: 1 } });
    expect((await fetch(`${url}/reviews/1`)).headers.get('x-strangler-target')).toBe('service');
    expect(await (await fetch(`${url}/elsewhere`)).text()).toBe('monolith GET /elsewhere');
  });

  it('passes bodies that the application could not parse, and methods that it does not know', async () => {
    const { url, monolith } = await foreignApplication();
    const odd = await fetch(`${url}/upload`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(odd.status).toBe(200);
    expect(
      (await fetch(`${url}/upload`, { method: 'PUT', body: 'x', headers: { 'content-type': 'x/y' } })).status,
    ).toBe(200);
    const client = await kept(rawClient(url));
    client.send('PROPFIND /dav HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.ended()).toContain('monolith PROPFIND /dav');
    expect(monolith.seen).toEqual(['POST /upload', 'PUT /upload', 'PROPFIND /dav']);
  });

  it("leaves the application's hooks in force, also for what the edge would answer", async () => {
    const { url, monolith } = await foreignApplication((app) => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.headers['x-blocked']) return reply.code(403).send('blocked');
      });
    });
    expect((await fetch(`${url}/elsewhere`, { headers: { 'x-blocked': '1' } })).status).toBe(403);
    expect(monolith.seen).toEqual([]);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(200);
  });

  it('passes upgrades on, unless the application handles them', async () => {
    const upgrade = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const { url } = await foreignApplication();
    const client = await kept(rawClient(url));
    client.send(upgrade);
    await client.received('monolith\n');
    const own = await foreignApplication((app) => {
      app.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    });
    const refused = await kept(rawClient(own.url));
    refused.send(upgrade);
    expect(await refused.ended()).toMatch(/^HTTP\/1\.1 403 /);
    expect(own.monolith.seen).toEqual([]);
  });
});
