import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIFFERENCE_KINDS } from '../../migration-plans/compare/answer.ts';
import { clusterId } from '../../migration-plans/evidence/cluster.ts';
import {
  DROP_REASONS,
  type EvidenceDelta,
  LATENCY_BUCKETS_MS,
} from '../../migration-plans/evidence/evidence.ts';
import {
  type EvidenceBody,
  type EvidenceLimits,
  emptyEvidence,
  emptyFunnel,
  mergeEvidence,
  summarise,
} from '../../migration-plans/evidence/merge.ts';

const route = fc.constantFrom('GET /a', 'GET /b');
const time = fc.nat({ max: 1_000 }).map((minute) => new Date(minute * 60_000).toISOString());
const count = fc.nat({ max: 50 });
const histogram = fc
  .array(count, { minLength: LATENCY_BUCKETS_MS.length + 1, maxLength: LATENCY_BUCKETS_MS.length + 1 })
  .map((buckets) => ({
    buckets,
    count: buckets.reduce((a, b) => a + b, 0),
    sumMs: buckets.reduce((a, b) => a + b * 3, 0),
  }));
const example = fc.record({
  at: fc.constantFrom('$.a', '$.b'),
  time,
  method: fc.constant('GET'),
  url: fc.constantFrom('/1', '/2', '/3'),
  traceId: fc.constant(undefined),
  left: fc.constantFrom('1', '2'),
  right: fc.constant('x'),
  leftBody: fc.constant(undefined),
  rightBody: fc.constant(undefined),
  bytes: fc.integer({ min: 1, max: 5 }),
});
const cluster = fc
  .record({
    route,
    path: fc.constantFrom('$.a', '$.b', '$.c', '$.d'),
    kind: fc.constantFrom(...DIFFERENCE_KINDS),
    shape: fc.constantFrom('x', 'y'),
    seen: count,
    noiseSeen: count,
    firstSeen: time,
    lastSeen: time,
    examples: fc.array(example, { maxLength: 4 }),
  })
  .map((entry) => ({ ...entry, id: clusterId(entry.route, entry.path, entry.kind, entry.shape) }));

const body: fc.Arbitrary<EvidenceBody> = fc.record({
  from: time,
  to: time,
  funnel: fc.dictionary(
    route,
    fc
      .record({
        compared: count,
        probes: count,
        dropped: fc.dictionary(fc.constantFrom(...DROP_REASONS), count),
      })
      .map((part) => ({ ...emptyFunnel(), ...part })),
    { noNullPrototype: true },
  ),
  coverage: fc.array(
    fc.record({
      route,
      method: fc.constant('GET'),
      statusClass: fc.constantFrom('2xx', '4xx'),
      compared: count,
      mismatched: count,
    }),
    { maxLength: 4 },
  ),
  clusters: fc.array(cluster, { maxLength: 12 }),
  clustersOmitted: count,
  traffic: fc.array(
    fc.record({
      route,
      target: fc.constantFrom('monolith' as const, 'service' as const),
      requests: count,
      failures: count,
      fallbacks: count,
      latency: histogram,
    }),
    { maxLength: 3 },
  ),
  shadowLatency: fc.array(
    fc.record({
      route,
      target: fc.constantFrom('monolith' as const, 'service' as const),
      failures: count,
      latency: histogram,
    }),
    { maxLength: 3 },
  ),
  rulesHidden: fc.dictionary(fc.constantFrom('r1', 'r2'), count, { noNullPrototype: true }),
  notices: fc.dictionary(fc.constantFrom('n1', 'n2', 'n3', 'n4'), fc.integer({ min: 1, max: 9 }), {
    noNullPrototype: true,
  }),
  redactions: count,
});

/** Small enough that tables overflow all the time. */
const LIMITS: EvidenceLimits = { clusters: 5, examples: 2, notices: 2 };
const merge = (...parts: EvidenceBody[]) => mergeEvidence(parts, LIMITS);

describe('merging evidence', () => {
  it('is associative', () => {
    fc.assert(
      fc.property(body, body, body, (a, b, c) => {
        const all = merge(a, b, c);
        expect(merge(merge(a, b), c)).toEqual(all);
        expect(merge(a, merge(b, c))).toEqual(all);
      }),
      { numRuns: 150 },
    );
  });

  it('is commutative', () => {
    fc.assert(
      fc.property(body, body, (a, b) => {
        expect(merge(a, b)).toEqual(merge(b, a));
      }),
      { numRuns: 150 },
    );
  });

  it('changes nothing when nothing is added, and loses no sighting', () => {
    fc.assert(
      fc.property(body, (a) => {
        const once = merge(a);
        expect(merge(once, emptyEvidence())).toEqual(once);
        const sightings = (part: EvidenceBody) =>
          part.clusters.reduce((sum, { seen }) => sum + seen, part.clustersOmitted);
        expect(sightings(once)).toBe(sightings(a));
        expect(once.clusters.length).toBeLessThanOrEqual(LIMITS.clusters);
        for (const { examples } of once.clusters)
          expect(examples.length).toBeLessThanOrEqual(LIMITS.examples);
      }),
      { numRuns: 150 },
    );
  });
});

describe('summaries', () => {
  const delta = (epoch: number, serviceVersion: string, to: string, compared: number): EvidenceDelta => ({
    ...emptyEvidence(),
    run: { capability: 'c', epoch, serviceVersion },
    edge: 'e',
    from: to,
    to,
    funnel: { 'GET /a': { ...emptyFunnel(), compared } },
  });
  const deltas = [
    delta(1, 'v1', '2030-01-01', 5),
    delta(2, 'v1', '2030-01-02', 7),
    delta(2, 'v2', '2030-01-03', 11),
    delta(2, 'v2', '2030-01-04', 13),
  ];

  it('are of the newest epoch and name every run', () => {
    const summary = summarise('c', [
      ...deltas,
      { ...delta(9, 'v9', '2031', 1), run: { capability: 'other', epoch: 9, serviceVersion: 'v9' } },
    ]);
    expect(summary.funnel['GET /a']?.compared).toBe(31);
    expect(summary).toMatchObject({
      capability: 'c',
      epoch: 2,
      serviceVersions: ['v1', 'v2'],
      from: '2030-01-02',
      to: '2030-01-04',
    });
    expect(
      summary.runs.map(({ epoch, serviceVersion, compared }) => [epoch, serviceVersion, compared]),
    ).toEqual([
      [2, 'v2', 24],
      [2, 'v1', 7],
      [1, 'v1', 5],
    ]);
  });

  it('are of one run when asked', () => {
    expect(summarise('c', deltas, { epoch: 1 }).funnel['GET /a']?.compared).toBe(5);
    expect(summarise('c', deltas, { serviceVersion: 'v2' }).funnel['GET /a']?.compared).toBe(24);
    expect(summarise('none', deltas)).toMatchObject({ epoch: null, clusters: [], runs: [] });
  });
});
