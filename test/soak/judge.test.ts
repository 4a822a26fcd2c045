import { describe, expect, it } from 'vitest';
import { judge, type SoakFacts, steadyPart, trend } from './judge.ts';
import type { Sample } from './watch.ts';

const MEGA = 1e6;

function sample(at: number, over: Partial<Sample> = {}): Sample {
  return {
    at,
    residentBytes: 200 * MEGA,
    handles: 40,
    lagMs: 12,
    ownLagMs: 12,
    shadowQueued: 0,
    shadowBytes: 0,
    shadowDropped: 0,
    shadowCompared: 500,
    connections: 30,
    revision: 7,
    ...over,
  };
}

/** Ten minutes, one sample in ten seconds. */
function tenMinutes(of: (at: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 60 }, (_, index) => sample(index * 10, of(index * 10)));
}

function facts(over: Partial<SoakFacts> = {}): SoakFacts {
  return {
    samples: tenMinutes(),
    before: sample(0, { connections: 0 }),
    after: sample(620, { connections: 0 }),
    workers: 1,
    requests: 100_000,
    failed: 0,
    accepted: 5_000,
    lost: 0,
    duplicated: 0,
    revisions: 200,
    killed: 80,
    ...over,
  };
}

const failedOf = (over: Partial<SoakFacts>): string[] =>
  judge(facts(over))
    .filter(({ ok }) => !ok)
    .map(({ what }) => what);

describe('judging a soak', () => {
  it('finds nothing wrong with a steady run', () => {
    expect(failedOf({})).toEqual([]);
  });

  it.each([
    [{ failed: 1 }, 'failed requests'],
    [{ lost: 1 }, 'accepted writes that are not there'],
    [{ duplicated: 1 }, 'writes that are there twice'],
    [{ killed: 0 }, 'something happened'],
    [{ after: sample(620, { connections: 1 }) }, 'connections of clients when all have left'],
    [{ after: sample(620, { connections: 0, handles: 80 }) }, 'open handles when all have left'],
    [{ after: sample(620, { connections: 0, shadowQueued: 1 }) }, 'shadow queue'],
  ] as const)('fails a run with %o', (over, what) => {
    expect(failedOf(over)).toEqual([what]);
  });

  it('fails memory that goes on growing, and forgives what grows while warming up', () => {
    const leak = tenMinutes((at) => ({ residentBytes: (200 + at / 10) * MEGA }));
    expect(failedOf({ samples: leak })).toEqual(['memory after warm-up']);
    const warmUp = tenMinutes((at) => ({ residentBytes: (200 + Math.min(at, 150)) * MEGA }));
    expect(failedOf({ samples: warmUp })).toEqual([]);
  });

  it('does not judge the memory of a run that is all warm-up', () => {
    const short = tenMinutes((at) => ({ residentBytes: (200 + at) * MEGA })).slice(0, 10);
    expect(failedOf({ samples: short })).toEqual([]);
  });

  it('fails handles that go on growing', () => {
    expect(failedOf({ samples: tenMinutes((at) => ({ handles: 40 + at / 10 })) })).toEqual([
      'open handles after warm-up',
    ]);
  });

  it('fails a slow event loop, unless the whole machine is slow', () => {
    const slow = tenMinutes(() => ({ lagMs: 90 }));
    expect(failedOf({ samples: slow })).toEqual(['event loop delay, p99']);
    expect(failedOf({ samples: slow.map((each) => ({ ...each, ownLagMs: 50 })) })).toEqual([]);
  });

  it('says that a machine is too crowded to tell', () => {
    expect(failedOf({ samples: tenMinutes(() => ({ lagMs: 400, ownLagMs: 300 })) })).toEqual([
      'room on the machine',
    ]);
  });

  it('fails a shadow queue beyond its bounds, of which each worker has its own', () => {
    const samples = tenMinutes(() => ({ shadowQueued: 700 }));
    expect(failedOf({ samples })).toEqual(['shadow queue']);
    expect(failedOf({ samples, workers: 2 })).toEqual([]);
  });
});

describe('the line through points', () => {
  it('has the slope, growth and middle of a straight one', () => {
    expect(
      trend([
        [0, 10],
        [5, 20],
        [10, 30],
      ]),
    ).toEqual({ slope: 2, growth: 20, middle: 20 });
  });

  it('is flat where there is nothing to draw it through', () => {
    expect(trend([])).toEqual({ slope: 0, growth: 0, middle: 0 });
    expect(trend([[3, 7]])).toEqual({ slope: 0, growth: 0, middle: 7 });
  });

  it('leaves out the warm-up: the first 150 s of a long run, two fifths of a short one', () => {
    expect(steadyPart(tenMinutes()).at(0)?.at).toBe(150);
    expect(steadyPart(tenMinutes().slice(0, 11)).at(0)?.at).toBe(40);
  });
});
