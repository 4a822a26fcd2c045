/** The first pause after a failure, and the longest one, in ms. */
const first = 250;
const longest = 30_000;

/**
 * The pause before the next attempt after `failures` in a row: doubling, bounded, and spread over half of itself, so
 * that a fleet does not knock at the same moment. `random` is from 0 up to 1.
 */
export function pauseAfter(failures: number, random: number): number {
  const full = Math.min(longest, first * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(full / 2 + (full / 2) * random);
}
