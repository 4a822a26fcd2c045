import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { YOUNG_GENERATION_MB } from './limits.ts';

export type ToComparer = { type: 'line'; port: MessagePort } | { type: 'drain'; id: number };
export interface FromComparer {
  id: number;
  deltas: EvidenceDelta[];
}

/**
 * Runs comparisons in a worker thread, so that a large document never delays a user's request, nor the clock that takes the service's
 * times. What is compared comes from the thread that mirrors, over a line of their own.
 */
export class Comparer {
  readonly #edge: string;
  #worker: Worker | undefined;
  #nextId = 1;
  readonly #draining = new Map<number, (deltas: EvidenceDelta[]) => void>();
  /** Workers that died by themselves. */
  crashes = 0;

  constructor(edge: string) {
    this.#edge = edge;
  }

  /** A new end of the line to it. What came over the last one and still waits to be confirmed is forgotten. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.running().postMessage({ type: 'line', port: port2 } satisfies ToComparer, [port2]);
    return port1;
  }

  /** What was measured since the last drain. */
  drain(): Promise<EvidenceDelta[]> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve([]);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#draining.set(id, resolve);
      worker.postMessage({ type: 'drain', id } satisfies ToComparer);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#forget();
    await worker?.terminate();
  }

  /** The worker, which is started if there is none. */
  running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // Emitted code runs as .js; in a checkout Node runs the TypeScript itself.
    const file = import.meta.url.endsWith('.ts') ? './comparer-worker.ts' : './comparer-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { edge: this.#edge },
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.unref();
    worker.on('message', ({ id, deltas }: FromComparer) => {
      this.#draining.get(id)?.(deltas);
      this.#draining.delete(id);
    });
    // An 'error' is followed by 'exit'; both mean that what the worker held is lost. Who waits for a reply hears of it by the line.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.crashes += 1;
      this.#forget();
    });
    this.#worker = worker;
    return worker;
  }

  #forget(): void {
    this.#worker = undefined;
    for (const settle of this.#draining.values()) settle([]);
    this.#draining.clear();
  }
}
