import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long requests may wait for a step of other work. Milliseconds. */
const SLICE_MS = 2;

/** Runs work that is cut into steps, and lets the event loop answer requests whenever a slice of time is used up. */
export async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    await nextTurn();
    const until = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
  }
}

/** Runs the same work without a pause, where nobody waits. */
export function atOnce<T>(steps: Generator<void, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
