import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { EdgeLease, StateStore } from '../../migration-plans/state-store/port.ts';

/** How far the fleet is with a revision. */
export interface Convergence {
  revision: number;
  live: number;
  /** Live edges that serve it, or a newer one. */
  there: number;
  lagging: EdgeLease[];
}

/** Pure: who serves a revision already. An edge that drains takes no new requests, so nobody waits for it. */
export function convergenceOf(revision: number, edges: readonly EdgeLease[]): Convergence {
  const live = edges.filter((edge) => edge.live && !edge.draining);
  const lagging = live.filter((edge) => edge.revision === null || edge.revision < revision);
  return { revision, live: live.length, there: live.length - lagging.length, lagging };
}

/** Between two looks at the leases. Edges report at once after a swap, so this is the time that a command adds. Milliseconds. */
const LOOK_EVERY_MS = 100;

/**
 * Waits until every live edge serves the revision.
 * @throws StranglerError EDGES_LAG (exit code 6) naming the edges that lag; the revision stays published.
 */
export async function waitForEdges(
  store: Pick<StateStore, 'edges'>,
  revision: number,
  limitMs: number,
  onProgress: (state: Convergence) => void,
  signal: AbortSignal,
): Promise<Convergence> {
  const end = performance.now() + limitMs;
  for (;;) {
    const state = convergenceOf(revision, await store.edges());
    onProgress(state);
    if (state.lagging.length === 0) return state;
    if (performance.now() >= end) throw lag(state, limitMs);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function lag(state: Convergence, limitMs: number): StranglerError {
  const names = state.lagging.map(
    (edge) =>
      `${edge.id} (${edge.url}, ${edge.revision === null ? 'no revision' : `revision ${edge.revision}`})`,
  );
  return new StranglerError(
    'EDGES_LAG',
    `revision ${state.revision} is published, but after ${limitMs / 1000} s ${state.lagging.length} of ${state.live} edges do not serve it: ${names.join(', ')}`,
    {
      exitCode: EXIT.timeout,
      remedy:
        'they take it as soon as they can; strangler status shows when. An edge that is gone drops out when its lease ends. --timeout sets a longer wait',
    },
  );
}
