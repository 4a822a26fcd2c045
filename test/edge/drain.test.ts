import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { PRODUCTION_PARTS } from '../../edge-proxy/composition.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { Places, partsWith } from './support/places.ts';
import { rawClient } from './support/raw.ts';
import { reviews } from './support/revisions.ts';
import { admin, edgeFor, until } from './support/run.ts';

const kept = keeper();
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`;

/** A monolith that answers `/slow` when the test says so. */
async function slowMonolith() {
  const waiting: ServerResponse[] = [];
  const monolith = await kept(
    origin('monolith', (request, response) => {
      if (request.url !== '/slow') return false;
      waiting.push(response);
      return true;
    }),
  );
  return { monolith, waiting };
}

describe('draining', () => {
  it('finishes what is under way, closes idle connections and refuses new ones', async () => {
    const { monolith, waiting } = await slowMonolith();
    const edge = await edgeFor(monolith.url);
    const busy = await kept(rawClient(edge.url));
    const idle = await kept(rawClient(edge.url));
    const fresh = await kept(rawClient(edge.url));
    idle.send(GET('/fast'));
    await idle.received('monolith GET /fast');
    busy.send(GET('/slow'));
    await until(() => waiting.length === 1, 'the slow request arrives');

    const drained = edge.drain(10_000);
    await idle.ended();
    expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${edge.adminUrl}/livez`)).status).toBe(200);
    await expect(rawClient(edge.url)).rejects.toThrow('ECONNREFUSED');

    waiting[0]!.end('late but whole');
    const answer = await busy.ended();
    expect(answer).toContain('late but whole');
    expect(answer.toLowerCase()).toContain('connection: close');
    await fresh.ended();
    expect(await drained).toMatchObject({ cut: 0, problems: [] });
    await expect(fetch(`${edge.adminUrl}/livez`)).rejects.toThrow();
    expect(edge.status().stage).toBe('closed');
  });

  it('goes on serving while load balancers are given time to notice', async () => {
    const { monolith } = await slowMonolith();
    const edge = await edgeFor(monolith.url, { drain: { delayMs: 300 } });
    const drained = edge.drain();
    await until(async () => (await fetch(`${edge.adminUrl}/readyz`)).status === 503, 'not ready');
    const client = await kept(rawClient(edge.url));
    client.send(GET('/during'));
    const answer = await client.ended();
    expect(answer).toContain('monolith GET /during');
    expect(answer.toLowerCase()).toContain('connection: close');
    await drained;
  });

  it('cuts what is still under way at the deadline and says so', async () => {
    const { monolith, waiting } = await slowMonolith();
    const edge = await edgeFor(monolith.url);
    const busy = await kept(rawClient(edge.url));
    busy.send(GET('/slow'));
    await until(() => waiting.length === 1, 'the slow request arrives');
    const outcome = await edge.drain(200);
    expect(outcome.cut).toBe(1);
    await busy.ended();
  });

  it('tells the state store first, delivers its evidence and ends its lease', async () => {
    const { monolith } = await slowMonolith();
    const service = await kept(origin('service'));
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'canary', weightBp: 10_000 }));
    const options = { store: store.asStore(), evidenceMs: 3_600_000 };
    const edge = await edgeFor(monolith.url, options, { 'default/reviews': service.url });
    await fetch(`${edge.url}/reviews/1`);
    expect(store.reports.get(edge.id)).toMatchObject({ revision: 1, draining: false, url: edge.url });
    let draining: boolean | undefined;
    const { removeEdge } = store;
    store.removeEdge = (id) => {
      draining = store.reports.get(id)?.draining;
      return removeEdge.call(store, id);
    };
    await edge.drain();
    expect(draining).toBe(true);
    expect(store.removed).toEqual([edge.id]);
    expect(store.evidence.flatMap((delta) => delta.traffic)).toMatchObject([
      { route: 'GET /reviews/:id', target: 'service', requests: 1 },
    ]);
  });

  it('lets what is being mirrored be compared, and delivers what was found', async () => {
    const { monolith } = await slowMonolith();
    const held: ServerResponse[] = [];
    const service = await kept(origin('service', (_request, response) => held.push(response) > 0));
    const shadow = {
      ...{ sampleBp: 10_000, noiseProbeBp: 0, maxBodyBytes: 65_536, timeoutMs: 10_000, sandbox: undefined },
      headers: { monolith: {}, service: {} },
    };
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'shadow' }, { shadow }));
    const edge = await startEdge(
      {
        ...{ monolith: monolith.url, store: store.asStore(), evidenceMs: 3_600_000 },
        ...{ listen: { host: '127.0.0.1', port: 0 }, log: { level: 'silent' }, accessLog: false },
      },
      { ...partsWith(new Places({ 'default/reviews': service.url })), shadow: PRODUCTION_PARTS.shadow! },
    );
    await (await fetch(`${edge.url}/reviews/1`)).text();
    await until(() => held.length === 1, 'the copy is on its way');
    const drained = edge.drain(20_000);
    await until(() => edge.status().stage === 'draining', 'it drains');
    await expect(until(() => edge.status().stage === 'closed', 'it is closed', 200)).rejects.toThrow();
    held[0]?.end('service GET /reviews/1');
    expect(await drained).toMatchObject({ cut: 0, problems: [] });
    const found = store.evidence.map(({ funnel }) => funnel['GET /reviews/:id']);
    const sum = (count: 'sampled' | 'compared') => found.reduce((all, each) => all + (each?.[count] ?? 0), 0);
    expect([sum('sampled'), sum('compared')]).toEqual([1, 1]);
  });

  it('ends in time although the state store hangs', async () => {
    const { monolith } = await slowMonolith();
    const store = new MemoryStore();
    store.publish(reviews(1));
    const edge = await edgeFor(monolith.url, { store: store.asStore() });
    store.removeEdge = () => new Promise(() => {});
    store.addEvidence = () => new Promise(() => {});
    const outcome = await edge.drain(400);
    expect(outcome.problems.map((problem) => problem.part)).toEqual(['lease']);
    expect(outcome.ms).toBeLessThan(3_000);
  });

  it('begins by the admin API as well', async () => {
    const { monolith } = await slowMonolith();
    const edge = await edgeFor(monolith.url);
    const answer = await admin(edge, '/drain', { method: 'POST' });
    expect(answer.status).toBe(202);
    await edge.drain();
    await expect(fetch(edge.url)).rejects.toThrow();
  });
});
