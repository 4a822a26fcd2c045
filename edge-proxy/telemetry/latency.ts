import { type Histogram, LATENCY_BUCKETS_MS } from '../../migration-plans/evidence/evidence.ts';

const BOUNDS = Float64Array.from(LATENCY_BUCKETS_MS);

/** One more than there are bounds: the last bucket holds everything beyond. */
export const LATENCY_CELLS = BOUNDS.length + 1;

/** Index of the bucket for a duration in milliseconds. Linear, because most answers come within the first few bounds. */
export function latencyBucket(ms: number): number {
  let index = 0;
  while (index < BOUNDS.length && ms > BOUNDS[index]!) index += 1;
  return index;
}

/** A latency distribution that costs two additions to record into and allocates nothing. */
export class LatencyCell {
  readonly buckets = new Float64Array(LATENCY_CELLS);
  count = 0;
  sumMs = 0;

  record(bucket: number, ms: number): void {
    this.buckets[bucket]! += 1;
    this.count += 1;
    this.sumMs += ms;
  }

  /** What was recorded since the last call, which it forgets. */
  take(): Histogram {
    const taken = { buckets: Array.from(this.buckets), count: this.count, sumMs: this.sumMs };
    this.buckets.fill(0);
    this.count = 0;
    this.sumMs = 0;
    return taken;
  }
}
