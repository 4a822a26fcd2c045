import { Worker } from 'node:worker_threads';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { MirrorCall, MirrorPort } from './exchange.ts';
import { YOUNG_GENERATION_MB } from './limits.ts';

export type ToMirror = { type: 'send'; id: number; call: MirrorCall } | { type: 'stop' };
export interface FromMirror {
  id: number;
  answer: ShadowAnswer;
}

/**
 * Sends mirrored requests from a thread of its own: an HTTP client costs more than carrying a user's request does, and all of it would be
 * paid between two users. What remains for the thread of the users is a message there and one back.
 */
export class MirrorThread implements MirrorPort {
  readonly #connectionsPerOrigin: number;
  readonly #heldBytes: number;
  readonly #pending = new Map<number, (answer: ShadowAnswer | undefined) => void>();
  #worker: Worker | undefined;
  #nextId = 1;

  /** `heldBytes`: of answers while they come in; beyond it only their hash is kept. */
  constructor(connectionsPerOrigin: number, heldBytes: number) {
    this.#connectionsPerOrigin = connectionsPerOrigin;
    this.#heldBytes = heldBytes;
  }

  send(call: MirrorCall): Promise<ShadowAnswer | undefined> {
    const worker = this.#running();
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      worker.postMessage({ type: 'send', id, call } satisfies ToMirror);
    });
  }

  stop(): void {
    this.#worker?.postMessage({ type: 'stop' } satisfies ToMirror);
  }

  async close(): Promise<void> {
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
      workerData: { connectionsPerOrigin: this.#connectionsPerOrigin, heldBytes: this.#heldBytes },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.unref();
    worker.on('message', ({ id, answer }: FromMirror) => {
      const settle = this.#pending.get(id);
      this.#pending.delete(id);
      settle?.(answer);
    });
    // An 'error' is followed by 'exit'; what was on its way is lost, and counted by whoever waits.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#settleAll();
    });
    this.#worker = worker;
    return worker;
  }

  #settleAll(): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const settle of waiting) settle(undefined);
  }
}
