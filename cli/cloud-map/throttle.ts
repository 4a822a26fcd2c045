import type { CloudMapLimits } from './context.ts';
import type { OperationName } from './inputs.ts';

export interface Throttle {
  /** Whether the request is within the account's rate. `now`: milliseconds. */
  admits(operation: OperationName, now: number): boolean;
}

interface Bucket {
  tokens: number;
  updatedAt: number;
  readonly perSecond: number;
  readonly burst: number;
}

/** The request quotas that Cloud Map has on the two Discover operations, as token buckets. */
export function createThrottle(limits: CloudMapLimits): Throttle {
  const bucket = (perSecond: number, burst: number): Bucket => ({
    tokens: burst,
    updatedAt: 0,
    perSecond,
    burst,
  });
  const buckets: Partial<Record<OperationName, Bucket>> = {
    DiscoverInstances: bucket(limits.discoverPerSecond, limits.discoverBurst),
    DiscoverInstancesRevision: bucket(limits.revisionsPerSecond, limits.revisionsPerSecond),
  };
  return {
    admits(operation, now) {
      const one = buckets[operation];
      if (!one) return true;
      const refill = (Math.max(0, now - one.updatedAt) / 1000) * one.perSecond;
      one.tokens = Math.min(one.burst, one.tokens + refill);
      one.updatedAt = now;
      if (one.tokens < 1) return false;
      one.tokens -= 1;
      return true;
    },
  };
}
