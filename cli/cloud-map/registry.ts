import { AWS_LIMITS, type CloudMapLimits, type Context, type IdSource } from './context.ts';
import { CloudMapError } from './errors.ts';
import { applyEvent } from './events.ts';
import { INPUTS, type OperationName } from './inputs.ts';
import { OPERATIONS } from './operations/index.ts';
import type { JournalEntry } from './persistence/format.ts';
import type { CloudMapStore } from './persistence/store.ts';
import { settle } from './settle.ts';
import type { CloudMapState } from './state.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { validate } from './validate.ts';

export interface RegistryOptions {
  region: string;
  accountId: string;
  operationDelayMs: number;
  healthDelayMs: number;
  limits?: Partial<CloudMapLimits>;
  /** Milliseconds since the epoch. */
  clock(): number;
  ids: IdSource;
  random(): number;
}

interface Waiting {
  decide(state: CloudMapState, context: Context): { output: object; entry: JournalEntry | undefined };
  resolve(output: object): void;
  reject(error: unknown): void;
}

/**
 * The state machine with its clock and its store. Writes are decided one after the other, made durable in groups, and only then
 * visible to anybody: no answer tells of something that a crash could take back.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #limits: CloudMapLimits;
  readonly #store: CloudMapStore;
  readonly #throttle: Throttle;
  #state: CloudMapState;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #now = 0;

  constructor(state: CloudMapState, store: CloudMapStore, options: RegistryOptions) {
    this.#state = state;
    this.#store = store;
    this.#options = options;
    this.#limits = { ...AWS_LIMITS, ...options.limits };
    this.#throttle = createThrottle(this.#limits);
  }

  /** Answers one request. @throws CloudMapError what the API answers instead; anything else is a failure of the store */
  async execute(operation: OperationName, input: unknown): Promise<object> {
    const now = this.#tick();
    if (!this.#throttle.admits(operation, now)) {
      throw new CloudMapError('RequestLimitExceeded', 'The quota on the number of requests is reached.');
    }
    const valid = validate(input, INPUTS[operation]) as never;
    if (/^(Get|List|Discover)/.test(operation)) {
      this.#state = settle(this.#state, now);
      return OPERATIONS[operation](this.#state, valid, this.#context(now)).output;
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        resolve,
        reject,
        decide: (state, context) => {
          const { output, events } = OPERATIONS[operation](state, valid, context);
          return { output, entry: events.length === 0 ? undefined : { at: context.now, events } };
        },
      });
      this.#draining ??= this.#drain();
    });
  }

  /** Waits for writes in progress. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // later in this turn others may join the first group
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#decideGroup(group);
    }
    this.#draining = undefined;
  }

  async #decideGroup(group: readonly Waiting[]): Promise<void> {
    const answers: (() => void)[] = [];
    const entries: JournalEntry[] = [];
    let state = this.#state;
    for (const { decide, resolve, reject } of group) {
      const now = this.#tick();
      state = settle(state, now);
      try {
        const { output, entry } = decide(state, this.#context(now));
        if (entry) {
          entries.push(entry);
          state = entry.events.reduce(applyEvent, state);
        }
        answers.push(() => resolve(output));
      } catch (error) {
        answers.push(() => reject(error));
      }
    }
    try {
      if (entries.length > 0) await this.#store.append(entries, state);
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    this.#state = state;
    for (const tell of answers) tell();
  }

  #context(now: number): Context {
    const { region, accountId, operationDelayMs, healthDelayMs, ids, random } = this.#options;
    return { now, region, accountId, operationDelayMs, healthDelayMs, limits: this.#limits, ids, random };
  }

  /** Never backwards, whatever the system's clock does: the order of due operations must not change. */
  #tick(): number {
    this.#now = Math.max(this.#now, this.#options.clock());
    return this.#now;
  }
}
