import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';

/** Where every part of an edge hands what it measured. The sink owns delivery: batching, retrying, giving up. */
export interface EvidenceSink {
  /** Takes a delta; never waits and never throws. */
  add(delta: EvidenceDelta): void;
  /** Tries to deliver everything held. Resolves also when the store is away: what could not be delivered is kept. */
  flush(): Promise<void>;
}

export interface EvidenceSinkStats {
  /** Deltas held, not yet delivered. */
  held: number;
  delivered: number;
  /** Given up because the store was away for longer than the buffer lasts. */
  dropped: number;
  lastError: string | undefined;
}

export interface BufferedEvidenceSink extends EvidenceSink {
  stats(): EvidenceSinkStats;
  /** Ends the timer. What is still held after a last flush is lost with the process. */
  close(): Promise<void>;
}

export interface EvidenceSinkOptions {
  /** Undefined: there is no store, evidence is discarded. */
  store: Pick<StateStore, 'addEvidence'> | undefined;
  /** Milliseconds between deliveries. */
  intervalMs?: number;
  /** Deltas held at most while the store is away; the oldest go first. */
  maxHeld?: number;
  /** Deltas per call of the store. */
  batch?: number;
  /**
   * Asked before each delivery for what counters have gathered. Not asked while the store is away: counters go on adding up in place,
   * where they need no more room.
   */
  collect?: () => readonly EvidenceDelta[];
  onError?: (error: unknown) => void;
}

/** Delivers evidence to the state store every few seconds, in order, one batch at a time. */
export function createEvidenceSink(options: EvidenceSinkOptions): BufferedEvidenceSink {
  const { store, intervalMs = 5_000, maxHeld = 2_000, batch = 100, collect = () => [] } = options;
  let held: EvidenceDelta[] = [];
  let delivered = 0;
  let dropped = 0;
  let lastError: string | undefined;
  let failing = false;
  let running: Promise<void> | undefined;
  const timer = store && setInterval(() => void flush(), intervalMs);
  timer?.unref();

  function add(delta: EvidenceDelta): void {
    if (!store) return;
    held.push(delta);
    if (held.length <= maxHeld) return;
    const excess = held.length - maxHeld;
    held.splice(0, excess);
    dropped += excess;
  }

  async function deliver(): Promise<void> {
    let collected = false;
    while (store) {
      if (!collected && !failing) {
        for (const delta of collect()) add(delta);
        collected = true;
      }
      if (held.length === 0) return;
      const sent = held.slice(0, batch);
      try {
        await store.addEvidence(sent);
      } catch (error) {
        failing = true;
        lastError = error instanceof Error ? error.message : String(error);
        options.onError?.(error);
        return;
      }
      failing = false;
      lastError = undefined;
      delivered += sent.length;
      // While the store was busy the buffer may have given up some of what was just delivered: remove by identity, not by count.
      const done = new Set(sent);
      held = held.filter((delta) => !done.has(delta));
    }
  }

  function flush(): Promise<void> {
    running ??= deliver().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    add,
    flush,
    stats: () => ({ held: held.length, delivered, dropped, lastError }),
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
