import { type MessagePort, Worker } from 'node:worker_threads';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { ForwardingHeaders, Peer } from '../forward/forwarding-headers.ts';
import type { UpstreamTls } from '../forward/port.ts';
import { Batch } from './batch.ts';
import type { CapturedBody } from './capture.ts';
import type { Comparer } from './comparer.ts';
import { KeyedOnce } from './keyed-once.ts';
import { BATCH_MOST, BATCH_MS, YOUNG_GENERATION_MB } from './limits.ts';
import { Slots } from './slots.ts';
import { ownBuffers } from './transfer.ts';

/** The answer that the user got. */
export interface UserAnswer extends CapturedBody {
  /** Each with its CRLF. Taken apart in the other thread. */
  headerLines: string;
}

/** A request to mirror: all that the other thread needs to send it, to compare the answers and to tell of them. */
export interface Copy {
  /** `http://host:port` of the service, or of the sandbox. */
  origin: string;
  method: string;
  /** Undecoded path and query, as the user sent them. */
  url: string;
  /** As the user sent them; those of the copy are made from them in the other thread. */
  rawHeaders: readonly string[];
  peer: Peer;
  /** Of a write. Undefined: none. */
  body: Uint8Array | undefined;
  /** A write, and its target a sandbox. */
  sandboxed: boolean;
  /** Whether the monolith is asked once more beside it, and which of the two goes first. */
  probe: 'none' | 'first' | 'last';
  /** Longest time that it may wait for a connection. Milliseconds. */
  mayWaitMs: number;
  routeId: string;
  epoch: number;
  serviceVersion: string;
  /** When the user's request came. Milliseconds since the epoch. */
  at: number;
  traceId: string | undefined;
  /** From the monolith. */
  left: UserAnswer;
}

export interface SentCopy extends Copy {
  id: number;
  planKey: number;
}

export type ToMirror =
  /** `plans`: those that copies name from here on. */
  | { type: 'copies'; plans: [key: number, plan: Plan][]; copies: SentCopy[] }
  /** The way to the thread that compares. */
  | { type: 'comparer'; port: MessagePort }
  | { type: 'stop' };

/**
 * What came of a copy. `failed`: compared too, and the service's answer was that it failed; `expired`: no connection came free in time,
 * so it was not sent; `lost`: a thread ended, which says nothing of the service; `stopped`: sent, and then given up.
 */
export const OUTCOMES = ['compared', 'failed', 'expired', 'lost', 'stopped'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Id and index of the outcome, id and index … */
export type FromMirror = number[];

export interface MirrorThreadOptions {
  /** `http://host:port` */
  monolithUrl: string;
  /** Undefined: the system's certificate authorities. */
  monolithTls: UpstreamTls | undefined;
  /** What the edge adds to requests: a copy gets it too. */
  forwarding: ForwardingHeaders;
  connectionsPerOrigin: number;
  /** Bytes of answers while they come in; beyond it only their hash is kept. */
  heldBytes: number;
  /** Second reads of the monolith that confirm a difference, at most per second. */
  confirmationsPerSecond: number;
}

/**
 * Mirrors requests from a thread of its own: sending a copy costs more than carrying a user's request does, and all of it would be paid
 * between two users. What remains for the thread of the users is its part of a message there, and a number back.
 *
 * `T`: what stands for a copy on this side until it is told what came of it.
 */
export class MirrorThread<T> {
  readonly #options: MirrorThreadOptions;
  readonly #comparer: Comparer;
  readonly #done: (item: T, outcome: Outcome) => void;
  readonly #underWay = new Slots<T>();
  readonly #plans = new KeyedOnce<Plan>();
  readonly #copies = new Batch<SentCopy>((copies) => this.#post(copies), BATCH_MS, BATCH_MOST);
  #worker: Worker | undefined;
  /** Which of the threads that compare the worker has a way to. */
  #comparerSeen: Worker | undefined;
  /** Workers that died by themselves. */
  crashes = 0;

  /** `done` is called once for every copy that is sent, never while it is being sent. */
  constructor(options: MirrorThreadOptions, comparer: Comparer, done: (item: T, outcome: Outcome) => void) {
    this.#options = options;
    this.#comparer = comparer;
    this.#done = done;
  }

  /** Copies under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /** @param urgent whether more waits for it than its own comparison */
  send(item: T, copy: Copy, plan: Plan, urgent: boolean): void {
    const id = this.#underWay.add(item);
    this.#copies.add({ ...copy, id, planKey: this.#plans.keyOf(plan) }, urgent);
  }

  /** Starts the threads, so that the first copies need not wait for them. */
  start(): void {
    this.#connect(this.#running());
  }

  /** What is on its way ends now, and nothing is sent any more. */
  stop(): void {
    if (this.#worker === undefined) return;
    this.#copies.flush();
    this.#worker.postMessage({ type: 'stop' } satisfies ToMirror);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#forget();
    await worker?.terminate();
  }

  #post(copies: SentCopy[]): void {
    const worker = this.#running();
    this.#connect(worker);
    const message: ToMirror = { type: 'copies', plans: this.#plans.takeNew(), copies };
    worker.postMessage(message, ownBuffers(copies.map(({ left }) => left)));
  }

  /** Both threads may have been started anew, each for itself. */
  #connect(worker: Worker): void {
    const comparing = this.#comparer.running();
    if (this.#comparerSeen === comparing) return;
    this.#comparerSeen = comparing;
    const port = this.#comparer.connect();
    worker.postMessage({ type: 'comparer', port } satisfies ToMirror, [port]);
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
    worker.on('message', (told: FromMirror) => {
      for (let at = 0; at < told.length; at += 2) {
        const item = this.#underWay.take(told[at]!);
        if (item !== undefined) this.#done(item, OUTCOMES[told[at + 1]!]!);
      }
    });
    // An 'error' is followed by 'exit'; what was on its way is lost, and counted by whoever waits.
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
    this.#comparerSeen = undefined;
    this.#copies.clear();
    this.#plans.clear();
    for (const item of this.#underWay.clear()) this.#done(item, 'lost');
  }
}
