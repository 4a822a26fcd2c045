import { Worker } from 'node:worker_threads';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { Peer } from '../forward/forwarding-headers.ts';
import { Batch } from './batch.ts';
import type { MirrorCall } from './exchange.ts';
import { BATCH_MOST, BATCH_MS, YOUNG_GENERATION_MB } from './limits.ts';
import type { CopyTarget } from './mirror-headers.ts';

/** What a copy is made from. Its headers are put together in the other thread. */
export interface Copy extends Omit<MirrorCall, 'headers'> {
  /** As the user sent them. */
  rawHeaders: readonly string[];
  peer: Peer;
  target: CopyTarget;
  /** The plan's for this target. */
  overrides: Readonly<Record<string, string | null>>;
}

/** A copy, and what is asked of the thread beside sending it. */
export interface SentCall {
  id: number;
  copy: Copy;
  /** Longest time that it may wait for a connection. Milliseconds. */
  mayWaitMs: number;
  urgent: boolean;
}

export type ToMirror = { type: 'send'; calls: SentCall[] } | { type: 'stop' };
export type FromMirror = { id: number; answer: MirrorOutcome }[];

/** `expired`: no connection came free in time, so it was not sent; `lost`: the thread ended, which says nothing of the target. */
export type MirrorOutcome = ShadowAnswer | 'expired' | 'lost';

export interface MirrorThreadOptions {
  connectionsPerOrigin: number;
  /** Bytes of answers while they come in; beyond it only their hash is kept. */
  heldBytes: number;
}

/**
 * Sends mirrored requests from a thread of its own: an HTTP client costs more than carrying a user's request does, and all of it would be
 * paid between two users. What remains for the thread of the users is its part of a message there and one back.
 */
export class MirrorThread {
  readonly #options: MirrorThreadOptions;
  readonly #pending = new Map<number, (answer: MirrorOutcome) => void>();
  readonly #calls = new Batch<SentCall>(
    (calls) => this.#running().postMessage({ type: 'send', calls } satisfies ToMirror),
    BATCH_MS,
    BATCH_MOST,
  );
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(options: MirrorThreadOptions) {
    this.#options = options;
  }

  /**
   * Never rejects: what goes wrong is an answer too.
   *
   * @param urgent whether more waits for the answer than its own comparison
   */
  send(copy: Copy, mayWaitMs: number, urgent = false): Promise<MirrorOutcome> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#calls.add({ id, copy, mayWaitMs, urgent }, urgent);
    });
  }

  /** What is on its way ends now, as failed, and nothing is sent any more. */
  stop(): void {
    if (this.#worker === undefined) return;
    this.#calls.flush();
    this.#worker.postMessage({ type: 'stop' } satisfies ToMirror);
  }

  async close(): Promise<void> {
    this.#calls.clear();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#settleAll();
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // Emitted code runs as .js; in a checkout Node runs the TypeScript itself.
    const file = import.meta.url.endsWith('.ts') ? './mirror-worker.ts' : './mirror-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: this.#options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.unref();
    worker.on('message', (answers: FromMirror) => {
      for (const { id, answer } of answers) {
        const settle = this.#pending.get(id);
        this.#pending.delete(id);
        settle?.(answer);
      }
    });
    // An 'error' is followed by 'exit'; what was on its way is lost, and counted by whoever waits.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#calls.clear();
      this.#settleAll();
    });
    this.#worker = worker;
    return worker;
  }

  #settleAll(): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const settle of waiting) settle('lost');
  }
}
