import type { Endpoint } from '../discovery/port.ts';
import type { ForwardFailure, ForwardObserver, Upstream } from './port.ts';
import { outcomeOf } from './recovery.ts';
import type { RetryBudget } from './retry-budget.ts';

/** The attempts of one request at its upstreams, one at a time. Each that begins is reported exactly once when it ends. */
export class Attempts {
  readonly #observer: ForwardObserver;
  readonly #budgetOf: (upstream: Upstream) => RetryBudget;
  #upstream: Upstream;
  #endpoint: Endpoint | undefined;
  #startedAt = 0;
  #retrying = false;
  #failed: Endpoint | undefined;
  /** Attempts at other instances than the first. */
  retries = 0;

  constructor(primary: Upstream, observer: ForwardObserver, budgetOf: (upstream: Upstream) => RetryBudget) {
    this.#upstream = primary;
    this.#observer = observer;
    this.#budgetOf = budgetOf;
  }

  get upstream(): Upstream {
    return this.#upstream;
  }

  budgetHasRoom(): boolean {
    return this.#budgetOf(this.#upstream).hasRoom();
  }

  /** The next attempt repeats one, at the same instance or elsewhere. */
  repeat(elsewhere: boolean): void {
    this.#retrying = true;
    if (elsewhere) this.retries += 1;
  }

  /** The next attempt is the first one at another upstream. */
  turnTo(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#retrying = false;
    this.#failed = undefined;
  }

  /** Begins an attempt. Undefined: there is nowhere to go at present. */
  begin(now: number): Endpoint | undefined {
    const upstream = this.#upstream;
    this.#startedAt = now;
    const endpoint = upstream.pick(now, this.#failed);
    if (endpoint === undefined) return undefined;
    this.#endpoint = endpoint;
    upstream.started(endpoint);
    this.#budgetOf(upstream).started(this.#retrying);
    return endpoint;
  }

  /** Does nothing when no attempt is under way. `status` 0: no answer. */
  ended(status: number, failure: ForwardFailure | undefined, now: number): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#endpoint = undefined;
    if (failure !== undefined) this.#failed = endpoint;
    const upstream = this.#upstream;
    const ms = now - this.#startedAt;
    this.#budgetOf(upstream).finished(this.#retrying);
    upstream.finished(endpoint, outcomeOf(status, failure), ms, now);
    this.#observer.attempt(upstream.target, endpoint.id, status, failure, ms);
  }
}
