import { describe, expect, it } from 'vitest';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { reviews } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();

const get = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(url, { headers });
  return {
    status: answer.status,
    target: answer.headers.get('x-strangler-target'),
    body: await answer.text(),
  };
};

describe('an edge without a state store', () => {
  it('passes everything to the monolith and is ready', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url));
    expect(await get(`${edge.url}/anything?a=1&a=2`)).toEqual({
      status: 200,
      target: 'monolith',
      body: 'monolith GET /anything?a=1&a=2',
    });
    expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${edge.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${edge.adminUrl}/startupz`)).status).toBe(200);
  });

  it('names nobody in its answers when told so', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url, { answerHeader: false }));
    expect((await get(`${edge.url}/`)).target).toBeNull();
  });

  it('refuses a monolith address with a path, and a port that is taken, and leaves nothing running', async () => {
    await expect(edgeFor('http://127.0.0.1:1/app')).rejects.toMatchObject({
      code: 'EDGE_MONOLITH_URL',
      exitCode: 2,
    });
    const monolith = await kept(origin('monolith'));
    const port = Number(new URL(monolith.url).port);
    const taken = edgeFor(monolith.url, { listen: { host: '127.0.0.1', port } });
    await expect(taken).rejects.toMatchObject({ code: 'EDGE_LISTEN' });
  });
});

describe('routing by phase', () => {
  const start = async (store: MemoryStore, over = {}) => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const services = { 'default/reviews': service.url };
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore(), ...over }, services));
    return { monolith, service, edge, services };
  };

  it.each([
    ['monolith', 0, 'monolith', 'monolith'],
    ['shadow', 0, 'monolith', 'monolith'],
    ['canary', 10_000, 'service', 'monolith'],
    ['cutover', 10_000, 'service', 'service'],
  ] as const)('%s at %i: reads from %s, writes to %s', async (phase, weightBp, reads, writes) => {
    const store = new MemoryStore();
    store.publish(reviews(1, { phase, weightBp, owner: phase === 'cutover' ? 'service' : 'monolith' }));
    const { edge } = await start(store);
    expect((await get(`${edge.url}/reviews/7`)).target).toBe(reads);
    const written = await fetch(`${edge.url}/reviews`, { method: 'POST', body: 'x' });
    expect(written.headers.get('x-strangler-target')).toBe(writes);
    expect((await get(`${edge.url}/other`)).target).toBe('monolith');
  });

  it('follows a new revision at once when notified', async () => {
    const store = new MemoryStore();
    store.publish(reviews(1));
    const { edge } = await start(store, { pollMs: 3_600_000 });
    expect((await get(`${edge.url}/reviews/7`)).target).toBe('monolith');
    store.publish(reviews(2, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    expect((await get(`${edge.url}/reviews/7`)).target).toBe('service');
    await until(() => store.reports.get(edge.id)?.revision === 2, 'the edge reports revision 2');
  });

  it('answers from the monolith within the same request when the service is gone', async () => {
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    const { edge, service } = await start(store);
    await service.close();
    expect(await get(`${edge.url}/reviews/7`)).toMatchObject({ status: 200, target: 'monolith' });
  });
});
