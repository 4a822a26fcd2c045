import type { EdgeReport, StateStore } from '../../migration-plans/state-store/port.ts';

export interface LeaseOptions {
  store: Pick<StateStore, 'reportEdge' | 'removeEdge'>;
  leaseMs: number;
  report(): EdgeReport;
  onError(error: unknown): void;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

export interface Lease {
  /** Reports now, such as after a new revision. Never rejects. */
  renew(): Promise<void>;
  /** The store has confirmed the lease and it has not run out since, counted from before it was asked. */
  held(): boolean;
  /** Stops reporting and ends the lease at once. Never rejects. */
  end(): Promise<void>;
}

/** Says to the state store that this edge lives and from which revision it serves, three times per lease. */
export function keepLease(options: LeaseOptions): Lease {
  const { store, leaseMs, report, onError } = options;
  const now = options.now ?? (() => performance.now());
  let heldUntil = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again = false;
  let ended = false;
  const timer = setInterval(() => void renew(), Math.max(1, Math.floor(leaseMs / 3)));
  timer.unref();

  async function once(): Promise<void> {
    // From before the question: the database starts the lease later than this, so it never ends before we think it does.
    const askedAt = now();
    try {
      await store.reportEdge(report(), leaseMs);
      heldUntil = askedAt + leaseMs;
    } catch (error) {
      onError(error);
    }
  }

  function renew(): Promise<void> {
    if (ended) return Promise.resolve();
    again = running !== undefined;
    running ??= (async () => {
      do {
        again = false;
        await once();
      } while (again && !ended);
    })().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    renew,
    held: () => now() < heldUntil,
    async end() {
      ended = true;
      clearInterval(timer);
      await running;
      heldUntil = Number.NEGATIVE_INFINITY;
      try {
        await store.removeEdge(report().id);
      } catch (error) {
        onError(error);
      }
    },
  };
}
