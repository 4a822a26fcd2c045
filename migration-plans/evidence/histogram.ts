import { type Histogram, LATENCY_BUCKETS_MS } from './evidence.ts';

export function emptyHistogram(): Histogram {
  return { buckets: new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0), count: 0, sumMs: 0 };
}

/** Adds one duration in milliseconds; the sum is kept in whole milliseconds so that adding is associative. */
export function observe(histogram: Histogram, ms: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BUCKETS_MS.length && ms > LATENCY_BUCKETS_MS[bucket]!) bucket++;
  histogram.buckets[bucket]!++;
  histogram.count++;
  histogram.sumMs += Math.max(0, Math.round(ms));
}

export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  const length = Math.max(a.buckets.length, b.buckets.length);
  return {
    buckets: Array.from({ length }, (_, i) => (a.buckets[i] ?? 0) + (b.buckets[i] ?? 0)),
    count: a.count + b.count,
    sumMs: a.sumMs + b.sumMs,
  };
}

/**
 * Quantile `q` (0 to 1) in milliseconds, interpolated linearly within its bucket as Prometheus' histogram_quantile does;
 * undefined without data. In the last, open bucket its lower bound is all that is known.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  if (histogram.count === 0) return undefined;
  const rank = Math.min(1, Math.max(0, q)) * histogram.count;
  let below = 0;
  for (let i = 0; i < histogram.buckets.length; i++) {
    const inside = histogram.buckets[i]!;
    if (inside > 0 && below + inside >= rank) {
      const lower = i === 0 ? 0 : LATENCY_BUCKETS_MS[i - 1]!;
      const upper = LATENCY_BUCKETS_MS[i];
      return upper === undefined ? lower : lower + ((upper - lower) * (rank - below)) / inside;
    }
    below += inside;
  }
  return LATENCY_BUCKETS_MS.at(-1);
}
