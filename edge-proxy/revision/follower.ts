import { StranglerError } from '../../migration-plans/errors.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { within } from '../within.ts';
import type { LastGood } from './last-good.ts';
import { pollDelay } from './poll-delay.ts';

export type RevisionSource = 'none' | 'file' | 'store';

export interface RevisionStatus {
  /** Null: everything goes to the monolith. */
  number: number | null;
  digest: string | null;
  source: RevisionSource;
  loadedAt: number | undefined;
  storeConnected: boolean;
  /** The store, or the file in its place, has said what to serve. */
  known: boolean;
  /** Loads and revisions that failed, since start. */
  failures: number;
  lastError: { at: string; code: string; message: string } | undefined;
  /** A newer revision that cannot be used; the last good one is served instead. */
  broken: { number: number; message: string } | undefined;
  swaps: number;
}

export interface FollowerOptions {
  /** Undefined: there is no store, and everything goes to the monolith. */
  store: Pick<StateStore, 'head' | 'headNumber' | 'watch'> | undefined;
  lastGood: LastGood | undefined;
  intervalMs: number;
  /** Compiles and swaps. Rejecting keeps what is served: the revision is broken. */
  activate(revision: Revision): Promise<void>;
  onEvent(event: FollowerEvent): void;
  now?: () => number;
  random?: () => number;
}

export type FollowerEvent =
  | { kind: 'activated'; number: number; source: RevisionSource }
  | { kind: 'broken'; number: number; message: string }
  | { kind: 'store-away'; message: string }
  | { kind: 'store-back' }
  | { kind: 'file-broken'; message: string }
  | { kind: 'file-not-saved'; message: string };

export interface RevisionFollower {
  /**
   * Serves from the last good file if there is one, and asks the store once. Resolves in any case, and soon where the file has said what to
   * serve; then it follows.
   */
  start(): Promise<void>;
  /** Asks the store now. */
  check(): Promise<void>;
  status(): RevisionStatus;
  close(): Promise<void>;
}

/** A store that answers, answers within that; one that hangs must not keep an edge from starting that knows what to serve. Milliseconds. */
const STORE_FIRST_MS = 500;

/**
 * Follows the head of the state store: notifications for speed, polling for certainty, the last good revision on disk for
 * when it is away. A revision that cannot be used changes nothing but the status.
 */
export function followRevisions(options: FollowerOptions): RevisionFollower {
  const { store, lastGood, intervalMs, activate, onEvent } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const status: RevisionStatus = {
    number: null,
    digest: null,
    source: 'none',
    loadedAt: undefined,
    storeConnected: false,
    known: store === undefined,
    failures: 0,
    lastError: undefined,
    broken: undefined,
    swaps: 0,
  };
  let failuresInARow = 0;
  let running: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let unwatch: (() => Promise<void>) | undefined;
  let closed = false;

  function noteError(error: unknown): string {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof StranglerError ? error.code : 'EDGE_INTERNAL';
    status.failures += 1;
    status.lastError = { at: new Date(now()).toISOString(), code, message };
    return message;
  }

  async function take(revision: Revision, source: RevisionSource): Promise<boolean> {
    try {
      if (revision.formatVersion !== 1) {
        throw new StranglerError(
          'EDGE_REVISION_FORMAT',
          `Revision ${revision.number} has format ${String(revision.formatVersion)}, this edge reads 1.`,
          { remedy: 'Update this edge.' },
        );
      }
      await activate(revision);
    } catch (error) {
      const message = noteError(error);
      if (status.broken?.number !== revision.number)
        onEvent({ kind: 'broken', number: revision.number, message });
      status.broken = { number: revision.number, message };
      return false;
    }
    Object.assign(status, { number: revision.number, digest: revision.digest, source, loadedAt: now() });
    status.broken = undefined;
    status.known = true;
    status.swaps += 1;
    onEvent({ kind: 'activated', number: revision.number, source });
    return true;
  }

  async function ask(asked: NonNullable<typeof store>): Promise<void> {
    const number = await asked.headNumber();
    if (!status.storeConnected && failuresInARow > 0) onEvent({ kind: 'store-back' });
    status.storeConnected = true;
    const current = status.source === 'store' && number === status.number;
    // A broken revision is not compiled again and again; a newer one repairs it.
    if (number === null || current || number === status.broken?.number) {
      status.known = true;
      return;
    }
    const head = await asked.head();
    if (head === null) return;
    if (head.number === status.number && head.digest === status.digest) {
      status.source = 'store';
      return;
    }
    if (await take(head, 'store')) await save(head);
  }

  async function save(revision: Revision): Promise<void> {
    try {
      await lastGood?.save(revision);
    } catch (error) {
      onEvent({ kind: 'file-not-saved', message: noteError(error) });
    }
  }

  async function once(): Promise<void> {
    if (!store) return;
    try {
      await ask(store);
      unwatch ??= await store.watch(() => void check(), onWatchState);
      failuresInARow = 0;
    } catch (error) {
      const message = noteError(error);
      if (failuresInARow === 0) onEvent({ kind: 'store-away', message });
      status.storeConnected = false;
      failuresInARow += 1;
    }
    if (closed) await stopWatching();
  }

  // Reconnected: whatever was published meanwhile was not notified.
  function onWatchState(connected: boolean): void {
    if (connected && failuresInARow > 0) void check();
  }

  function check(): Promise<void> {
    if (closed) return Promise.resolve();
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await once();
      } while (again && !closed);
    })().finally(() => {
      running = undefined;
      schedule();
    });
    return running;
  }

  function schedule(): void {
    clearTimeout(timer);
    if (closed || !store) return;
    timer = setTimeout(() => void check(), pollDelay(intervalMs, failuresInARow, random()));
    timer.unref();
  }

  async function stopWatching(): Promise<void> {
    const stop = unwatch;
    unwatch = undefined;
    try {
      await stop?.();
    } catch (error) {
      noteError(error);
    }
  }

  async function startFromFile(): Promise<void> {
    try {
      const revision = await lastGood?.load();
      if (revision) await take(revision, 'file');
    } catch (error) {
      onEvent({ kind: 'file-broken', message: noteError(error) });
    }
  }

  return {
    async start() {
      if (store) await startFromFile();
      const asked = check();
      if (status.number === null) await asked;
      else await within(STORE_FIRST_MS, asked);
    },
    check,
    status: () => ({ ...status }),
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
      await stopWatching();
    },
  };
}
