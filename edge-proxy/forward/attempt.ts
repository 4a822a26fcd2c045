import type { Endpoint } from '../discovery/port.ts';
import type { ForwardFailure, ForwardObserver, Upstream } from './port.ts';
import { outcomeOf } from './recovery.ts';
import type { RetryBudget } from './retry-budget.ts';

/** How often a retry looks for an instance other than the one that failed. */
const LOOKS = 3;

/** The attempts of one request at its upstreams, one at a time. Each that begins is reported exactly once when it ends. */
export class Attempts {
  readonly #observer: ForwardObserver;
  readonly #budgetOf: (upstream: Upstream) => RetryBudget;
  #upstream: Upstream;
  #endpoint: Endpoint | undefined;
  #startedAt = 0;
  #retrying = false;
  #failedId: string | undefined;
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
    this.#failedId = undefined;
  }

  /** Begins an attempt. Undefined: there is nowhere to go at present. */
  begin(now: number): Endpoint | undefined {
    const upstream = this.#upstream;
    this.#startedAt = now;
    let endpoint = upstream.pick(now);
    for (let look = 0; look < LOOKS && this.#failedId !== undefined; look += 1) {
      if (endpoint?.id !== this.#failedId) break;
      endpoint = upstream.pick(now);
    }
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
    if (failure !== undefined) this.#failedId = endpoint.id;
    const upstream = this.#upstream;
    const ms = now - this.#startedAt;
    this.#budgetOf(upstream).finished(this.#retrying);
    upstream.finished(endpoint, outcomeOf(status, failure), ms, now);
    this.#observer.attempt(upstream.target, endpoint.id, status, failure, ms);
  }
}
