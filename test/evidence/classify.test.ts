import { describe, expect, it } from 'vitest';
import type { DifferenceKind } from '../../migration-plans/compare/answer.ts';
import { type ClassifiedCluster, classify } from '../../migration-plans/evidence/classify.ts';
import { clusterId } from '../../migration-plans/evidence/cluster.ts';
import type { DifferenceCluster } from '../../migration-plans/evidence/evidence.ts';
import { emptyFunnel } from '../../migration-plans/evidence/merge.ts';
import { RepeatMemory } from '../../migration-plans/evidence/repeats.ts';
import { layRuns } from '../../migration-plans/evidence/runs.ts';

const ROUTE = 'GET /orders/:id';

function cluster(
  kind: DifferenceKind,
  shape: string,
  seen: number,
  noiseSeen: number,
  path = '$.price',
  route = ROUTE,
): DifferenceCluster {
  return {
    id: clusterId(route, path, kind, shape),
    route,
    path,
    kind,
    shape,
    seen,
    noiseSeen,
    firstSeen: '',
    lastSeen: '',
    examples: [],
  };
}

function judgeAll(compared: number, probes: number, ...clusters: DifferenceCluster[]): ClassifiedCluster[] {
  return classify({
    clusters,
    funnel: { [ROUTE]: { ...emptyFunnel(), compared, probes, mismatched: compared } },
  });
}

const classOf = (compared: number, probes: number, ...clusters: DifferenceCluster[]) =>
  judgeAll(compared, probes, ...clusters)[0]!.class;

describe('telling differences from noise', () => {
  it('takes for noise what the monolith does as often', () => {
    expect(classOf(1_000, 50, cluster('value', 'text→text', 1_000, 50))).toBe('noise');
    expect(classOf(1_000, 100, cluster('order', 'list', 480, 51))).toBe('noise');
    expect(classOf(1_000, 100, cluster('value', 'text→text', 0, 7))).toBe('noise');
  });

  it('does not take a few answers for all of them', () => {
    // Five of five differ, and the one probe does not: it may have been a HEAD, or two shuffled lists alike by chance.
    expect(classOf(5, 1, cluster('order', 'list', 5, 0))).toBe('unsettled');
    expect(classOf(500, 50, cluster('order', 'list', 500, 0))).toBe('difference');
  });

  it('sees through noise: what differs more often than noise is a difference', () => {
    expect(classOf(5_000, 250, cluster('value', 'text→text', 2_500, 50))).toBe('difference');
    expect(classOf(5_000, 250, cluster('missing', 'string→absent', 5_000, 120))).toBe('difference');
  });

  it('never learns form away because it was seen once', () => {
    expect(classOf(1_000, 100, cluster('type', 'number→string', 10, 1))).toBe('unsettled');
    expect(classOf(1_000, 100, cluster('type', 'number→string', 200, 1))).toBe('difference');
    expect(classOf(1_000, 100, cluster('missing', 'string→absent', 400, 38))).toBe('noise');
  });

  it('shows a rare difference in form, and even a single one', () => {
    expect(classOf(5_000, 250, cluster('type', 'object→string', 10, 0))).toBe('rare');
    expect(classOf(5_000, 0, cluster('type', 'object→string', 1, 0))).toBe('rare');
    expect(classOf(100, 0, cluster('status', '200→500', 100, 0))).toBe('difference');
  });

  it('says when there are too few probes to tell', () => {
    expect(classOf(1_000, 10, cluster('value', 'text→text', 20, 0))).toBe('unsettled');
    expect(classOf(1_000, 400, cluster('value', 'text→text', 20, 0))).toBe('difference');
    expect(classOf(1_000, 10, cluster('value', 'text→text', 900, 0))).toBe('difference');
  });

  it('reports nonsense in a noisy field however rare', () => {
    const noisy = cluster('value', 'hex32→hex32', 990, 50, '$.id');
    const found = judgeAll(1_000, 50, noisy, cluster('format', 'hex32→nonsense', 2, 0, '$.id'));
    expect(found[0]).toMatchObject({ class: 'rare', cluster: { kind: 'format' } });
  });

  it('judges relations of noisy values only', () => {
    const shifted = [
      cluster('relation', 'clock +1:00', 900, 0),
      cluster('relation', 'clock in step', 100, 60),
    ];
    expect(
      judgeAll(1_000, 60, cluster('value', 'iso-time Z→iso-time Z', 1_000, 60), ...shifted)[0],
    ).toMatchObject({ class: 'difference', cluster: { shape: 'clock +1:00' } });
    const plain = judgeAll(1_000, 60, cluster('value', 'iso-time Z→iso-time Z', 1_000, 0), ...shifted);
    expect(plain.map((entry) => entry.class)).toEqual(['difference', 'related', 'related']);
  });

  it('ranks by severity, certain share and traffic', () => {
    const ranked = judgeAll(
      1_000,
      100,
      cluster('value', 'text→text', 100, 100, '$.noise'),
      cluster('extra', 'absent→string', 1_000, 0, '$.more'),
      cluster('value', 'text→text', 900, 0, '$.name'),
      cluster('type', 'number→string', 300, 0, '$.price'),
      cluster('type', 'number→string', 600, 0, '$.total'),
    );
    expect(ranked.map((entry) => entry.cluster.path)).toEqual([
      '$.total',
      '$.price',
      '$.name',
      '$.more',
      '$.noise',
    ]);
  });

  it('says it in plain words', () => {
    const [found] = judgeAll(1_000, 100, cluster('type', 'number→string', 31, 0));
    expect(found!.description).toBe('`price` became text (was a number) in 3.1 % of `GET /orders/:id`');
    expect(found!.why).toBe(
      'The monolith never differs from itself like this (0 of 100 probes), and form is never taken for noise.',
    );
    expect(found!.excess.lower).toBeLessThan(0.031);
  });
});

describe('values that repeat', () => {
  it('are counted by the time that has passed', () => {
    const memory = new RepeatMemory();
    expect(memory.look('f', 1, 0)).toEqual([]);
    expect(memory.look('f', 1, 500)).toEqual([]);
    expect(memory.look('f', 1, 2_000)).toEqual(['again after 1 s']);
    expect(memory.look('f', 2, 9_000)).toEqual(['changed after 1 s', 'changed after 8 s']);
    expect(memory.look('other', 2, 9_000)).toEqual([]);
  });

  it('are remembered within bounds', () => {
    const memory = new RepeatMemory();
    for (let i = 0; i < 5_000; i++) memory.look(`f${i}`, 1, 0);
    expect(memory.look('f4999', 1, 2_000)).toEqual([]);
    expect(memory.look('f0', 1, 2_000)).toEqual(['again after 1 s']);
  });
});

describe('runs side by side', () => {
  const runOf = (compared: number, seen: number) => ({
    clusters: seen > 0 ? [cluster('type', 'number→string', seen, 0)] : [],
    funnel: { [ROUTE]: { ...emptyFunnel(), compared, probes: 100 } },
  });
  it.each([
    [
      'new',
      [
        [1_000, 0],
        [1_000, 50],
      ],
    ],
    [
      'persisting',
      [
        [1_000, 40],
        [1_000, 50],
      ],
    ],
    [
      'fixed',
      [
        [1_000, 50],
        [1_000, 0],
      ],
    ],
    [
      'not seen yet',
      [
        [1_000, 50],
        [10, 0],
      ],
    ],
    [
      'regressed',
      [
        [1_000, 50],
        [1_000, 0],
        [1_000, 20],
      ],
    ],
    [
      'flaky',
      [
        [1_000, 50],
        [1_000, 0],
        [1_000, 50],
        [1_000, 0],
      ],
    ],
  ] as const)('%s', (status, runs) => {
    expect(
      layRuns(runs.map(([compared, seen]) => runOf(compared, seen))).map((change) => change.status),
    ).toEqual([status]);
  });
});
