import { Worker } from 'node:worker_threads';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { Batch } from './batch.ts';
import { BATCH_MOST, BATCH_MS, YOUNG_GENERATION_MB } from './limits.ts';
import { ownBuffers } from './transfer.ts';

/** What is compared, and what is needed to tell of it. */
export interface ComparisonJob {
  plan: Plan;
  epoch: number;
  serviceVersion: string;
  routeId: string;
  method: string;
  url: string;
  /** ISO time of the user's request. */
  time: string;
  traceId: string | undefined;
  /** The answer that the user got from the monolith. */
  left: ShadowAnswer;
  right: ShadowAnswer;
  /** A write: `right` is a sandbox's answer, whose ids, times and data are its own. */
  sandboxed: boolean;
  /** Of a write, as text, its beginning: what the client named itself. */
  requestBody: string | undefined;
  /** The noise probe: a second answer of the monolith. */
  probe: ShadowAnswer | undefined;
}

export type ToWorker =
  | { type: 'plan'; key: number; plan: Plan }
  | { type: 'compare'; id: number; planKey: number; job: Omit<ComparisonJob, 'plan'> }
  | { type: 'confirm'; id: number; again: ShadowAnswer | undefined }
  | { type: 'drain'; id: number };

export type FromWorker =
  /** `suspicious`: something differs that no noise probe has shown so far; the worker waits for `confirm`. */
  | { type: 'compared'; id: number; suspicious: boolean }
  | { type: 'drained'; id: number; deltas: EvidenceDelta[] };

/** Runs comparisons in a worker thread, so that a large document never delays a user's request. */
export class Comparer {
  readonly #edge: string;
  readonly #maxPending: number;
  #worker: Worker | undefined;
  #nextId = 1;
  #pending = new Map<number, (reply: FromWorker | undefined) => void>();
  #planKeys = new Map<Plan, number>();
  readonly #messages = new Batch<ToWorker>(
    (messages) => this.#running().postMessage(messages, ownBuffers(messages.flatMap(answersIn))),
    BATCH_MS,
    BATCH_MOST,
  );
  /** Workers that died by themselves. */
  crashes = 0;

  constructor(edge: string, maxPending: number) {
    this.#edge = edge;
    this.#maxPending = maxPending;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get full(): boolean {
    return this.#pending.size >= this.#maxPending;
  }

  /**
   * Resolves to an id to confirm with if the comparison is suspicious, to null when it is recorded, and to undefined
   * when it was lost (the worker died).
   */
  async compare(job: ComparisonJob): Promise<number | null | undefined> {
    const { plan, ...rest } = job;
    const planKey = this.#planKey(plan);
    const id = this.#nextId++;
    const reply = await this.#ask({ type: 'compare', id, planKey, job: rest });
    if (reply?.type !== 'compared') return undefined;
    return reply.suspicious ? id : null;
  }

  /** Ends a suspicious comparison. `again`: the monolith's answer now; undefined: not asked, record as it is. */
  confirm(id: number, again: ShadowAnswer | undefined): void {
    if (this.#worker !== undefined) this.#messages.add({ type: 'confirm', id, again });
  }

  /** What was measured since the last drain. */
  async drain(): Promise<EvidenceDelta[]> {
    if (this.#worker === undefined) return [];
    const id = this.#nextId++;
    const reply = await this.#ask({ type: 'drain', id }, true);
    return reply?.type === 'drained' ? reply.deltas : [];
  }

  async close(): Promise<void> {
    this.#messages.clear();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#settleAll();
  }

  #ask(message: ToWorker & { id: number }, urgent = false): Promise<FromWorker | undefined> {
    return new Promise((resolve) => {
      this.#pending.set(message.id, resolve);
      this.#messages.add(message, urgent);
    });
  }

  #planKey(plan: Plan): number {
    const known = this.#planKeys.get(plan);
    if (known !== undefined) return known;
    // Plans change by the day; forgetting the oldest here only means that it is sent again.
    if (this.#planKeys.size >= 4096) this.#planKeys.clear();
    const key = this.#nextId++;
    this.#planKeys.set(plan, key);
    this.#messages.add({ type: 'plan', key, plan });
    return key;
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // Emitted code runs as .js; in a checkout Node runs the TypeScript itself.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { edge: this.#edge },
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.unref();
    worker.on('message', (replies: FromWorker[]) => {
      for (const reply of replies) {
        const settle = this.#pending.get(reply.id);
        this.#pending.delete(reply.id);
        settle?.(reply);
      }
    });
    // An 'error' is followed by 'exit'; both mean that what the worker held is lost, and is counted by whoever waits.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.crashes += 1;
      this.#worker = undefined;
      this.#planKeys.clear();
      this.#messages.clear();
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

function answersIn(message: ToWorker): (ShadowAnswer | undefined)[] {
  if (message.type === 'confirm') return [message.again];
  return message.type === 'compare' ? [message.job.left, message.job.right, message.job.probe] : [];
}
