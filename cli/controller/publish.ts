import { StranglerError } from '../../migration-plans/errors.ts';
import type { Revision, RevisionDraft, TransitionDraft } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Convergence, waitForEdges } from './convergence.ts';

export interface Publication {
  draft: RevisionDraft;
  /** The revision that was decided on; null: there was none. */
  parent: number | null;
  transitions: TransitionDraft[];
}

export interface PublishOptions {
  terminal: Terminal;
  signal: AbortSignal;
  /** Undefined: do not wait for the edges. Milliseconds. */
  waitMs: number | undefined;
}

/**
 * Publishes by compare-and-swap, then waits until every live edge serves the revision.
 * @throws StranglerError REVISION_CONFLICT (exit code 5) when somebody else published meanwhile; EDGES_LAG (exit code 6).
 */
export async function publish(
  store: StateStore,
  publication: Publication,
  options: PublishOptions,
): Promise<{ revision: Revision; edges: Convergence | undefined }> {
  const { terminal, signal, waitMs } = options;
  const revision = await published(store, publication);
  if (waitMs === undefined) return { revision, edges: undefined };
  const edges = await waitForEdges(
    store,
    revision.number,
    waitMs,
    ({ there, live, lagging }) =>
      lagging.length > 0 &&
      terminal.progress(`revision ${revision.number}: ${there} of ${live} edges serve it, waiting …`),
    signal,
  );
  terminal.progress(undefined);
  return { revision, edges };
}

async function published(store: StateStore, publication: Publication): Promise<Revision> {
  const { draft, parent, transitions } = publication;
  try {
    return await store.publish(draft, parent, transitions);
  } catch (error) {
    if (!(error instanceof StranglerError) || error.code !== 'REVISION_CONFLICT') throw error;
    throw new StranglerError(error.code, error.message, {
      exitCode: error.exitCode,
      remedy: 'look at what was changed (strangler history, strangler status), then give the command again',
      cause: error,
    });
  }
}

/** One line about what edges serve now. */
export function convergenceText(edges: Convergence | undefined): string {
  if (edges === undefined) return 'edges take it within seconds';
  if (edges.live === 0) return 'no edge is running: it takes effect when one starts';
  return edges.live === 1 ? 'the edge serves it' : `all ${edges.live} edges serve it`;
}
