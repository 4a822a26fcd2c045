import type { EvidenceSummary } from '../../migration-plans/evidence/evidence.ts';
import { emptyObservations } from '../../migration-plans/observe/merge.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';

export interface LateStoreOptions {
  /**
   * Opens the store; undefined: there is none yet, which is no error. Rejecting is one: the store is away. `needed`: there is something to
   * keep, so one is made.
   */
  open(needed: boolean): Promise<StateStore | undefined>;
  /** Between two attempts to open, in milliseconds, so that callers in a loop do not start a storm. */
  retryMs: number;
  now?: () => number;
}

/**
 * A state store that need not be there when an edge starts. While there is none, it is as if nothing was ever applied; while it is
 * away, every call rejects, so that the edge goes on with its last good revision; once it answers, calls reach it.
 */
export function lateStore(options: LateStoreOptions): StateStore {
  const now = options.now ?? (() => performance.now());
  const watches = new Set<Watch>();
  let store: StateStore | undefined;
  let opening: Promise<StateStore | undefined> | undefined;
  let last: { at: number; error: unknown } | undefined;
  let closed = false;

  async function open(needed: boolean): Promise<StateStore | undefined> {
    try {
      const opened = await options.open(needed);
      if (closed) {
        await opened?.close();
        return undefined;
      }
      store = opened;
      last = { at: now(), error: undefined };
      if (opened) for (const watch of watches) void watch.attach(opened);
      return opened;
    } catch (error) {
      last = { at: now(), error };
      throw error;
    } finally {
      opening = undefined;
    }
  }

  function get(needed = false): Promise<StateStore | undefined> {
    if (store !== undefined || closed) return Promise.resolve(store);
    if (opening !== undefined) return needed ? opening.then((found) => found ?? get(true)) : opening;
    const early = last !== undefined && now() - last.at < options.retryMs;
    if (last !== undefined && early && !(needed && last.error === undefined))
      return last.error === undefined ? Promise.resolve(undefined) : Promise.reject(last.error);
    opening = open(needed);
    return opening;
  }

  async function ask<T>(work: (store: StateStore) => Promise<T>, absent: T): Promise<T> {
    const found = await get();
    return found === undefined ? absent : work(found);
  }

  return {
    head: () => ask((found) => found.head(), null),
    headNumber: () => ask((found) => found.headNumber(), null),
    revision: (number) => ask((found) => found.revision(number), null),
    history: (filter) => ask((found) => found.history(filter), []),
    edges: () => ask((found) => found.edges(), []),
    reportEdge: (report, leaseMs) => ask((found) => found.reportEdge(report, leaseMs), undefined),
    removeEdge: (id) => ask((found) => found.removeEdge(id), undefined),
    addEvidence: (deltas) => ask((found) => found.addEvidence(deltas), undefined),
    evidence: (filter) => ask((found) => found.evidence(filter), nothingMeasured(filter.capability)),
    async addObservations(deltas) {
      // What was observed is worth a store of its own: nothing else needs one before there is a plan.
      const found = await get(true);
      if (found === undefined) throw new Error('there is no state store yet');
      await found.addObservations(deltas);
    },
    observations: (filter) => ask((found) => found.observations(filter), emptyObservations()),
    async publish(draft, expectedParent, transitions) {
      const found = await get();
      if (found === undefined) throw new Error('there is no state store to publish to');
      return found.publish(draft, expectedParent, transitions);
    },
    async recordRefusal(transition) {
      const found = await get();
      if (found === undefined) throw new Error('there is no state store to record in');
      await found.recordRefusal(transition);
    },
    async watch(onRevision, onState) {
      const watch = new Watch(onRevision, onState);
      watches.add(watch);
      const found = await get();
      if (found) await watch.attach(found);
      return async () => {
        watches.delete(watch);
        await watch.detach();
      };
    },
    async close() {
      closed = true;
      await opening?.catch(() => undefined);
      await store?.close();
      store = undefined;
    },
  };
}

/** A watch that was asked for before there was a store. */
class Watch {
  readonly #onRevision: (number: number) => void;
  readonly #onState: ((connected: boolean) => void) | undefined;
  #stop: Promise<() => Promise<void>> | undefined;
  #ended = false;

  constructor(onRevision: (number: number) => void, onState: ((connected: boolean) => void) | undefined) {
    this.#onRevision = onRevision;
    this.#onState = onState;
  }

  async attach(store: StateStore): Promise<void> {
    if (this.#stop !== undefined || this.#ended) return;
    this.#stop = store.watch(this.#onRevision, this.#onState);
    try {
      await this.#stop;
    } catch {
      // Watchers poll as well: the next attach tries again.
      this.#stop = undefined;
    }
  }

  async detach(): Promise<void> {
    this.#ended = true;
    const stop = await this.#stop?.catch(() => undefined);
    await stop?.();
  }
}

function nothingMeasured(capability: string): EvidenceSummary {
  const now = new Date(0).toISOString();
  return {
    capability,
    epoch: null,
    serviceVersions: [],
    runs: [],
    from: now,
    to: now,
    funnel: {},
    coverage: [],
    clusters: [],
    clustersOmitted: 0,
    traffic: [],
    shadowLatency: [],
    rulesHidden: {},
    notices: {},
    redactions: 0,
  };
}
