/**
 * Bounds repeated attempts to a share of what is in flight, so that a failing upstream is not finished off by retries. 20 % and at least
 * three at a time, as Envoy's retry budget.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #least: number;
  #active = 0;
  #retrying = 0;

  constructor(share = 0.2, least = 3) {
    this.#share = share;
    this.#least = least;
  }

  hasRoom(): boolean {
    return this.#retrying < Math.max(this.#least, this.#active * this.#share);
  }

  started(retry: boolean): void {
    this.#active += 1;
    if (retry) this.#retrying += 1;
  }

  finished(retry: boolean): void {
    this.#active -= 1;
    if (retry) this.#retrying -= 1;
  }
}
