import { describe, expect, it } from 'vitest';
import type { RunningEdge } from '../../edge-proxy/server.ts';
import { createEvidenceSink } from '../../edge-proxy/telemetry/evidence-sink.ts';
import { METHODS, methodIndex, statusClassIndex } from '../../edge-proxy/telemetry/labels.ts';
import { LATENCY_CELLS, latencyBucket } from '../../edge-proxy/telemetry/latency.ts';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { plan, planRoute, reviews, revision, state } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();

/** Value of a sample whose labels contain all of the given ones. */
async function metric(
  edge: RunningEdge,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const text = await (await fetch(`${edge.adminUrl}/metrics`)).text();
  const line = text
    .split('\n')
    .find(
      (row) =>
        new RegExp(`^${name}[{ ]`).test(row) &&
        Object.entries(labels).every(([k, v]) => row.includes(`${k}="${v}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

const DURATION = 'http_server_request_duration_seconds_count';

describe('metrics', () => {
  it('count exactly, by plan route and never by path', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(
      origin('service', (request, response) => {
        if (request.url !== '/reviews/broken') return false;
        response.statusCode = 503;
        response.end();
        return true;
      }),
    );
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    const edge = await kept(
      edgeFor(monolith.url, { store: store.asStore() }, { 'default/reviews': service.url }),
    );
    for (const id of ['1', '2', '3', 'secret-path']) await (await fetch(`${edge.url}/reviews/${id}`)).text();
    for (let i = 0; i < 2; i += 1) await (await fetch(`${edge.url}/reviews/broken`)).text();
    await (await fetch(`${edge.url}/reviews`, { method: 'POST', body: 'x' })).text();
    for (let i = 0; i < 5; i += 1) await (await fetch(`${edge.url}/other/${i}`)).text();
    await fetch(`${edge.url}/other`, { method: 'PROPFIND' });

    const read = { route: 'GET /reviews/:id', method: 'GET', status: '2xx' };
    expect(await metric(edge, DURATION, { ...read, target: 'service' })).toBe(4);
    expect(await metric(edge, DURATION, { ...read, target: 'monolith' })).toBe(2);
    expect(await metric(edge, DURATION, { route: 'POST /reviews', target: 'service' })).toBe(1);
    expect(await metric(edge, DURATION, { route: 'unclaimed', method: 'GET', target: 'monolith' })).toBe(5);
    expect(await metric(edge, DURATION, { route: 'unclaimed', method: 'OTHER' })).toBe(1);
    const reviewsCutover = { capability: 'reviews', phase: 'cutover' };
    expect(await metric(edge, 'strangler_fallbacks_total', reviewsCutover)).toBe(2);
    // The forwarder may try the service again before it falls back: each try is an attempt.
    const retries = (await metric(edge, 'strangler_retries_total', reviewsCutover))!;
    const failed = { ...reviewsCutover, target: 'service', outcome: '5xx' };
    expect(await metric(edge, 'strangler_upstream_attempts_total', failed)).toBe(2 + retries);
    expect(await metric(edge, 'strangler_decisions_total', { ...reviewsCutover, reason: 'phase' })).toBe(6);
    expect(await metric(edge, 'strangler_decisions_total', { ...reviewsCutover, reason: 'owner' })).toBe(1);
    expect(await metric(edge, 'strangler_decisions_total', { reason: 'unclaimed' })).toBe(6);
    expect(await metric(edge, 'strangler_requests_in_flight', { ...reviewsCutover, target: 'service' })).toBe(
      0,
    );
    expect(await metric(edge, 'strangler_ready')).toBe(1);
    const text = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(text).not.toMatch(/secret-path|PROPFIND|\/other/);
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });

  it('are cumulative histograms that end in the count', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url));
    for (let i = 0; i < 7; i += 1) await (await fetch(edge.url)).text();
    const text = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    const buckets = [
      ...text.matchAll(/^http_server_request_duration_seconds_bucket\{.*le="([^"]+)".*\} (\d+)$/gm),
    ];
    const bounds = buckets.map(([, le]) => Number(le === '+Inf' ? Number.POSITIVE_INFINITY : le));
    const values = buckets.map(([, , value]) => Number(value));
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(7);
    expect(await metric(edge, DURATION, { route: 'unclaimed' })).toBe(7);
  });

  it('have a bounded number of routes, keep counting across revisions and forget what is gone', async () => {
    const monolith = await kept(origin('monolith'));
    const store = new MemoryStore();
    const many = (names: string[]) => names.map((name) => planRoute('GET', `/${name}`));
    store.publish(revision(1, [{ plan: plan('shop', many(['a', 'b', 'c', 'd'])), state: state() }]));
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore(), limits: { meteredRoutes: 2 } }));
    const visit = async () => {
      for (const name of ['a', 'b', 'c', 'd']) await (await fetch(`${edge.url}/${name}`)).text();
    };
    await visit();
    expect(await metric(edge, DURATION, { capability: 'shop', route: 'GET /a' })).toBe(1);
    expect(await metric(edge, DURATION, { capability: 'shop', route: 'other' })).toBe(2);
    store.publish(revision(2, [{ plan: plan('shop', many(['a'])), state: state() }]));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    await visit();
    expect(await metric(edge, DURATION, { capability: 'shop', route: 'GET /a' })).toBe(2);
    expect(await metric(edge, DURATION, { capability: 'shop', route: 'GET /b' })).toBeUndefined();
    expect(await metric(edge, DURATION, { route: 'unclaimed' })).toBe(3);
  });
});

describe('labels', () => {
  it('hold whatever a client sends within a closed vocabulary', () => {
    expect(METHODS[methodIndex('GET')]).toBe('GET');
    for (const odd of ['get', '', 'UPGRADE', '__proto__', 'constructor', 'X'.repeat(999)]) {
      expect(METHODS[methodIndex(odd)], odd).toBe('OTHER');
    }
    expect([0, 99, 100, 200, 304, 404, 599, 600, 999, -1].map(statusClassIndex)).toEqual([
      0, 0, 1, 2, 3, 4, 5, 0, 0, 0,
    ]);
  });

  it('put every duration into the first bucket that holds it', () => {
    expect([0, 1, 1.01, 2, 30_000].map(latencyBucket)).toEqual([0, 0, 1, 1, LATENCY_CELLS - 2]);
    expect(latencyBucket(30_001)).toBe(LATENCY_CELLS - 1);
    expect(latencyBucket(Number.POSITIVE_INFINITY)).toBe(LATENCY_CELLS - 1);
  });
});

describe('evidence of traffic', () => {
  it('says per run and target what users got, also across a change of epoch', async () => {
    const monolith = await kept(origin('monolith'));
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service', epoch: 4 }));
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore(), evidenceMs: 20 }));
    for (let i = 0; i < 3; i += 1) await (await fetch(`${edge.url}/reviews/1`)).text();
    store.publish(reviews(2, { phase: 'monolith', epoch: 5 }));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    for (let i = 0; i < 2; i += 1) await (await fetch(`${edge.url}/reviews/1`)).text();
    const cells = () =>
      store.evidence.flatMap(({ run, traffic }) => traffic.map((cell) => ({ epoch: run.epoch, ...cell })));
    const total = (epoch: number) =>
      cells()
        .filter((cell) => cell.epoch === epoch)
        .reduce((sum, cell) => sum + cell.requests, 0);
    await until(() => total(4) === 3 && total(5) === 2, 'all of it is delivered');
    const old = cells().filter((cell) => cell.epoch === 4);
    expect(old.every((cell) => cell.target === 'service')).toBe(true);
    // Nobody was there: the monolith answered, and each of them is a failure of the service.
    expect(old.reduce((sum, cell) => sum + cell.failures, 0)).toBe(3);
    expect(old.reduce((sum, cell) => sum + cell.fallbacks, 0)).toBe(3);
    expect(old.reduce((sum, cell) => sum + cell.latency.count, 0)).toBe(3);
    const current = cells().filter((cell) => cell.epoch === 5);
    expect(current.every((cell) => cell.target === 'monolith' && cell.failures === 0)).toBe(true);
    expect(store.evidence[0]).toMatchObject({
      edge: edge.id,
      run: { capability: 'reviews', serviceVersion: 'unknown' },
    });
  });

  const delta = (edge: string) => ({ edge }) as EvidenceDelta;

  it('is kept while the store is away, in bounds, the oldest given up first', async () => {
    const store = new MemoryStore();
    store.away = true;
    const sink = createEvidenceSink({ store: store.asStore(), maxHeld: 3, intervalMs: 3_600_000 });
    for (const name of ['1', '2', '3', '4', '5']) sink.add(delta(name));
    await sink.flush();
    expect(sink.stats()).toMatchObject({
      held: 3,
      delivered: 0,
      dropped: 2,
      lastError: 'The state store is away.',
    });
    store.away = false;
    await sink.flush();
    expect(store.evidence.map(({ edge }) => edge)).toEqual(['3', '4', '5']);
    expect(sink.stats()).toMatchObject({ held: 0, delivered: 3, dropped: 2, lastError: undefined });
    await sink.close();
  });

  it('lets counters add up in place while the store is away', async () => {
    const store = new MemoryStore();
    store.away = true;
    let asked = 0;
    const collect = () => {
      asked += 1;
      return [delta(`counters ${asked}`)];
    };
    const sink = createEvidenceSink({ store: store.asStore(), collect, intervalMs: 3_600_000 });
    for (let i = 0; i < 5; i += 1) await sink.flush();
    expect(asked).toBe(1);
    store.away = false;
    await sink.flush();
    expect(store.evidence.map(({ edge }) => edge)).toEqual(['counters 1', 'counters 2']);
    await sink.close();
  });

  it('is delivered once, in batches, however often it is asked for', async () => {
    const store = new MemoryStore();
    const sink = createEvidenceSink({ store: store.asStore(), batch: 2, intervalMs: 3_600_000 });
    for (const name of ['1', '2', '3', '4', '5']) sink.add(delta(name));
    await Promise.all([sink.flush(), sink.flush(), sink.flush()]);
    expect(store.evidence.map(({ edge }) => edge)).toEqual(['1', '2', '3', '4', '5']);
    await sink.close();
  });
});
