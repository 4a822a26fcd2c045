/** Pauses before a crashed part is started again. Milliseconds. */
export interface BackoffPolicy {
  firstMs: number;
  maxMs: number;
  /** After running this long a part counts as healthy, and the next crash as its first. */
  healthyAfterMs: number;
}

export const BACKOFF: BackoffPolicy = { firstMs: 250, maxMs: 15_000, healthyAfterMs: 30_000 };

/** How often a part has crashed in a row, after one more crash that came `ranMs` after its start. */
export function crashesInARow(before: number, ranMs: number, policy: BackoffPolicy = BACKOFF): number {
  return ranMs >= policy.healthyAfterMs ? 1 : before + 1;
}

/** The pause after that many crashes in a row: doubling, bounded. */
export function pauseAfter(crashes: number, policy: BackoffPolicy = BACKOFF): number {
  return Math.min(policy.maxMs, policy.firstMs * 2 ** Math.max(0, Math.min(crashes - 1, 20)));
}
