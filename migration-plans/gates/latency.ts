import type { Histogram } from '../evidence/evidence.ts';
import { mergeHistograms, quantile } from '../evidence/histogram.ts';
import { mannWhitney, quantileRanks } from './statistics.ts';

export interface LatencyComparison {
  monolith: { count: number; p50: number; p95: number; p99: number };
  service: { count: number; p50: number; p95: number; p99: number };
  /** p95 of the service / p95 of the monolith, with an interval (95 %) from the rank intervals of both. */
  ratio: { estimate: number; lower: number; upper: number };
  /** Probability that an answer of the service takes longer than one of the monolith (Mann–Whitney), and its p value. */
  slower: { probability: number; p: number };
}

/** With fewer answers on a side a p95 says nothing. */
export const MIN_LATENCY_COUNT = 50;

/** Undefined: too few answers on a side. Times in milliseconds, as exact as the histogram's buckets. */
export function compareLatency(
  monolith: readonly Histogram[],
  service: readonly Histogram[],
): LatencyComparison | undefined {
  const empty: Histogram = { buckets: [], count: 0, sumMs: 0 };
  const a = monolith.reduce(mergeHistograms, empty);
  const b = service.reduce(mergeHistograms, empty);
  if (a.count < MIN_LATENCY_COUNT || b.count < MIN_LATENCY_COUNT) return undefined;
  const left = quantileInterval(a);
  const right = quantileInterval(b);
  const test = mannWhitney(b.buckets, a.buckets);
  return {
    monolith: figures(a),
    service: figures(b),
    ratio: {
      estimate: right.estimate / Math.max(left.estimate, MIN_MS),
      lower: right.lower / Math.max(left.upper, MIN_MS),
      upper: right.upper / Math.max(left.lower, MIN_MS),
    },
    slower: { probability: test.superiority, p: test.p },
  };
}

/** Below the first bucket's bound times are not told apart; a ratio of two such times would mean nothing. */
const MIN_MS = 1;

function quantileInterval(histogram: Histogram): { estimate: number; lower: number; upper: number } {
  const ranks = quantileRanks(0.95, histogram.count);
  const of = (q: number) => Math.max(quantile(histogram, q) ?? 0, MIN_MS);
  return { estimate: of(0.95), lower: of(ranks.lower), upper: of(ranks.upper) };
}

function figures(histogram: Histogram): LatencyComparison['monolith'] {
  const of = (q: number) => quantile(histogram, q) ?? 0;
  return { count: histogram.count, p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}
