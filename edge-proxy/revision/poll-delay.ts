/** Longest pause between two attempts at a state store that is away. Milliseconds. */
export const MAX_POLL_DELAY_MS = 30_000;

/**
 * Milliseconds until the state store is asked again: the interval while it answers, doubled for each failure in a row up to the
 * limit. ±10 % so that a fleet does not ask in step. `random` in [0, 1).
 */
export function pollDelay(intervalMs: number, failuresInARow: number, random: number): number {
  const limit = Math.max(MAX_POLL_DELAY_MS, intervalMs);
  const doubled = intervalMs * 2 ** Math.min(failuresInARow, 20);
  return Math.round(Math.min(doubled, limit) * (0.9 + random * 0.2));
}
