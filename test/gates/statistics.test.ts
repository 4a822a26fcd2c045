import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LATENCY_BUCKETS_MS } from '../../migration-plans/evidence/evidence.ts';
import { emptyHistogram, observe, quantile } from '../../migration-plans/evidence/histogram.ts';
import { compareLatency } from '../../migration-plans/gates/latency.ts';
import {
  fisherExact,
  mannWhitney,
  newcombe,
  normalCdf,
  proportionTest,
  wilson,
} from '../../migration-plans/gates/statistics.ts';

describe('intervals and tests agree with published figures', () => {
  it('Wilson: 81 of 263 (Newcombe 1998, table I)', () => {
    const { lower, upper } = wilson(81, 263);
    expect([lower.toFixed(4), upper.toFixed(4)]).toEqual(['0.2553', '0.3662']);
    expect(wilson(0, 20).upper.toFixed(4)).toBe('0.1611');
    expect(wilson(0, 0)).toEqual({ lower: 0, upper: 1 });
  });

  it('Newcombe: 56/70 − 48/80 (Newcombe 1998, table II)', () => {
    const { estimate, lower, upper } = newcombe(56, 70, 48, 80);
    expect([estimate.toFixed(4), lower.toFixed(4), upper.toFixed(4)]).toEqual(['0.2000', '0.0524', '0.3339']);
  });

  it('Fisher: the lady tasting tea (3 of 4 right)', () => {
    expect(fisherExact(3, 4, 1, 4).toFixed(4)).toBe('0.2429');
    expect(fisherExact(4, 4, 0, 4).toFixed(4)).toBe('0.0143');
    expect(fisherExact(5, 10, 0, 0)).toBe(1);
  });

  it('normal distribution and proportions', () => {
    expect(normalCdf(1.959964).toFixed(4)).toBe('0.9750');
    expect(normalCdf(-1).toFixed(4)).toBe('0.1587');
    expect(proportionTest(60, 100, 40, 100).toFixed(4)).toBe('0.0023');
    expect(proportionTest(0, 0, 1, 2)).toBe(1);
  });

  it('Mann–Whitney with ties', () => {
    expect(mannWhitney([5, 5], [5, 5])).toMatchObject({ superiority: 0.5, z: 0 });
    expect(mannWhitney([0, 10], [10, 0]).superiority).toBe(1);
    expect(mannWhitney([0, 100], [100, 0]).p).toBeLessThan(1e-6);
    expect(mannWhitney([], [1]).p).toBe(1);
  });
});

describe('properties', () => {
  it('an interval holds its estimate and shrinks with more trials', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 500 }), (k, n) => {
        fc.pre(k <= n);
        const one = wilson(k, n);
        expect(one.lower).toBeLessThanOrEqual(k / n + 1e-12);
        expect(one.upper).toBeGreaterThanOrEqual(k / n - 1e-12);
        const more = wilson(k * 10, n * 10);
        expect(more.upper - more.lower).toBeLessThanOrEqual(one.upper - one.lower + 1e-12);
      }),
    );
  });

  it('Fisher’s chances are chances, and fall as the excess grows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        fc.nat(),
        (n1, n2, a, b) => {
          const k1 = a % (n1 + 1);
          const k2 = b % (n2 + 1);
          const p = fisherExact(k1, n1, k2, n2);
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
          if (k1 < n1 && k2 > 0) expect(fisherExact(k1 + 1, n1, k2 - 1, n2)).toBeLessThanOrEqual(p + 1e-9);
        },
      ),
    );
  });
});

describe('latency', () => {
  const of = (...times: number[]) => {
    const histogram = emptyHistogram();
    for (const ms of times) observe(histogram, ms);
    return histogram;
  };

  it('quantiles lie within the bucket of the value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(0.5, 0.95, 0.99),
        (times, q) => {
          const value = [...times].sort((a, b) => a - b)[Math.ceil(q * times.length) - 1]!;
          const bucket = LATENCY_BUCKETS_MS.findIndex((bound) => value <= bound);
          const estimate = quantile(of(...times), q)!;
          expect(estimate).toBeLessThanOrEqual(LATENCY_BUCKETS_MS[bucket]!);
          expect(estimate).toBeGreaterThanOrEqual(bucket === 0 ? 0 : LATENCY_BUCKETS_MS[bucket - 1]!);
        },
      ),
    );
    expect(quantile(emptyHistogram(), 0.5)).toBeUndefined();
    expect(quantile(of(1e9), 0.5)).toBe(30_000);
  });

  it('is compared with certainty, and not with too few answers', () => {
    const fast = of(...new Array<number>(500).fill(9));
    const slow = of(...new Array<number>(500).fill(90));
    expect(compareLatency([fast], [slow])!.ratio.lower).toBeGreaterThan(5);
    expect(compareLatency([fast], [fast])!.ratio.lower).toBeLessThanOrEqual(1);
    expect(compareLatency([fast], [of(90)])).toBeUndefined();
  });
});
