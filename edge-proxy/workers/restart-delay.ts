/** Longest pause before a worker that keeps crashing is started again. Milliseconds. */
export const MAX_RESTART_DELAY_MS = 10_000;
const FIRST_DELAY_MS = 100;
/** A worker that lived this long had started well: the next crash is a new one. Milliseconds. */
export const SETTLED_MS = 60_000;

/** Milliseconds before the next start, after so many crashes in a row (from 1), doubling up to the limit. */
export function restartDelay(crashesInARow: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(crashesInARow - 1, 20), MAX_RESTART_DELAY_MS);
}
