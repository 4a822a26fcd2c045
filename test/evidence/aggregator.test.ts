import { describe, expect, it } from 'vitest';
import type { Comparison, Difference } from '../../migration-plans/compare/answer.ts';
import { createAggregator } from '../../migration-plans/evidence/aggregator.ts';
import type { DifferenceExample } from '../../migration-plans/evidence/evidence.ts';

const ROUTE = 'GET /a';
const run = { capability: 'c', epoch: 1, serviceVersion: 'v1' };

function comparison(...differences: Partial<Difference>[]): Comparison {
  const full = differences.map((part) => ({
    kind: 'value' as const,
    path: '$.a',
    at: '$.a',
    shape: 'x',
    left: '1',
    right: '2',
    ...part,
  }));
  return {
    equal: full.length === 0,
    differences: full,
    omitted: 0,
    hidden: {},
    notices: [],
    traits: [],
    values: [],
  };
}

function example(bytes: number): DifferenceExample {
  return {
    at: '$.a',
    time: '',
    method: 'GET',
    url: `/${bytes}`,
    traceId: undefined,
    left: undefined,
    right: undefined,
    leftBody: undefined,
    rightBody: undefined,
    bytes,
  };
}

function aggregator(limits?: { clusters?: number; examples?: number }) {
  const clock = { now: 0 };
  const instance = createAggregator({
    run,
    edge: 'e',
    now: () => clock.now,
    routes: [ROUTE],
    ...(limits === undefined ? {} : { limits }),
  });
  const add = (
    result: Comparison,
    more: { bytes?: number; example?: (difference: Difference) => DifferenceExample } = {},
  ) =>
    instance.comparison({ route: ROUTE, method: 'GET', status: 200, bytes: 1, ...more, comparison: result });
  return { instance, clock, add };
}

describe('an aggregator', () => {
  it('counts the funnel, coverage and rules, and starts anew after draining', () => {
    const { instance, add } = aggregator();
    expect(instance.drain()).toBeUndefined();
    instance.eligible(ROUTE);
    instance.sampled(ROUTE);
    instance.sent(ROUTE);
    instance.dropped(ROUTE, 'queue-full');
    instance.dropped(ROUTE, 'compare-failed');
    add(comparison());
    add({ ...comparison({}), hidden: { r1: 2 }, notices: ['careful'] });
    instance.probe({
      route: ROUTE,
      method: 'GET',
      status: 200,
      bytes: 1,
      comparison: { ...comparison({}), hidden: { r1: 5 } },
    });
    instance.redactions(3);
    const delta = instance.drain()!;
    expect(delta.funnel[ROUTE]).toEqual({
      eligible: 1,
      sampled: 1,
      sent: 1,
      completed: 3,
      compared: 2,
      equal: 1,
      mismatched: 1,
      probes: 1,
      probesDiffering: 1,
      dropped: { 'queue-full': 1, 'compare-failed': 1 },
    });
    expect(delta.coverage).toEqual([
      { route: ROUTE, method: 'GET', statusClass: '2xx', compared: 2, mismatched: 1 },
    ]);
    expect(delta.clusters).toMatchObject([{ path: '$.a', seen: 1, noiseSeen: 1 }]);
    expect(delta).toMatchObject({
      rulesHidden: { r1: 2 },
      notices: { careful: 1 },
      redactions: 3,
      run,
      edge: 'e',
    });
    expect(instance.drain()).toBeUndefined();
  });

  it('counts a comparison once for each cluster', () => {
    const { instance, add } = aggregator();
    add(comparison({ at: '$.a[0]' }, { at: '$.a[1]' }, { at: '$.a[2]' }));
    expect(instance.drain()!.clusters[0]!.seen).toBe(1);
  });

  it('keeps the smallest examples and builds few of them', () => {
    const { instance, add } = aggregator();
    let built = 0;
    const sizes = Array.from({ length: 1_000 }, (_, i) => 1_500 - ((i * 37) % 1_000));
    for (const bytes of sizes) {
      add(comparison({}), {
        bytes,
        example: () => {
          built++;
          return example(bytes);
        },
      });
    }
    const [cluster] = instance.drain()!.clusters;
    expect(cluster!.examples.map(({ bytes }) => bytes)).toEqual([501, 502, 503]);
    expect(built).toBeLessThan(100);
    add(comparison({}), {
      bytes: 1_000,
      example: () => {
        built = -1;
        return example(1);
      },
    });
    expect(built).not.toBe(-1);
  });

  it('is bounded, and lets what matters less give way', () => {
    const { instance, add } = aggregator({ clusters: 10 });
    for (let i = 0; i < 100; i++) add(comparison({ path: `$.v${i}` }));
    add(comparison({ kind: 'type', path: '$.t', shape: 'number→string' }));
    const delta = instance.drain()!;
    expect(delta.clusters).toHaveLength(10);
    expect(delta.clusters.map(({ kind }) => kind)).toContain('type');
    expect(delta.clustersOmitted).toBe(91);
  });

  it('takes what is none of its routes and methods together', () => {
    const { instance } = aggregator();
    for (let i = 0; i < 100; i++) {
      instance.comparison({
        route: `GET /raw/${i}`,
        method: `M${i}`,
        status: i * 50,
        bytes: 1,
        comparison: comparison(),
      });
      instance.traffic(`GET /raw/${i}`, 'service', { failed: false, fellBack: false, ms: i });
    }
    const delta = instance.drain()!;
    expect(Object.keys(delta.funnel)).toEqual(['(other)']);
    expect(delta.coverage.length).toBeLessThan(8);
    expect(delta.traffic).toHaveLength(1);
  });

  it('takes back what could not be stored, and counts it once', () => {
    const { instance, add } = aggregator();
    add(comparison({}));
    instance.traffic(ROUTE, 'service', { failed: true, fellBack: true, ms: 12 });
    instance.shadowLatency(ROUTE, 'monolith', { failed: false, ms: 3 });
    const lost = instance.drain()!;
    add(comparison({}));
    instance.restore(lost);
    add(comparison({}));
    const delta = instance.drain()!;
    expect(delta.funnel[ROUTE]!.compared).toBe(3);
    expect(delta.clusters[0]!.seen).toBe(3);
    expect(delta.traffic).toMatchObject([
      { requests: 1, failures: 1, fallbacks: 1, latency: { count: 1, sumMs: 12 } },
    ]);
    expect(delta.shadowLatency).toHaveLength(1);
    expect(delta.coverage[0]!.compared).toBe(3);
    expect(lost.clusters[0]!.seen).toBe(1);
  });
});
