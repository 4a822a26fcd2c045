export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Length of the window in which results are counted, in milliseconds. */
  windowMs: number;
  /** Fewer results in a window than this never open it. */
  minResults: number;
  /** Share of failures that opens it, 0 to 1. */
  failureShare: number;
  /** How long it stays open at first, in milliseconds; doubled each time a trial fails. */
  openMs: number;
  maxOpenMs: number;
  /** Successful trials that close it again. */
  trials: number;
}

export const DEFAULT_BREAKER: BreakerOptions = {
  windowMs: 10_000,
  minResults: 10,
  failureShare: 0.5,
  openMs: 5_000,
  maxOpenMs: 60_000,
  trials: 3,
};

/**
 * Spares a target that fails as a whole, and the users who would wait for it. Counts over two half windows, so that a burst of failures
 * is forgotten after at most one and a half windows. Half-open it lets one request through at a time. Pure but for its own state; times
 * are milliseconds of a monotonic clock.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #windowStart = 0;
  #results = 0;
  #failures = 0;
  #resultsBefore = 0;
  #failuresBefore = 0;
  #openUntil = 0;
  #openFor = 0;
  #opened = false;
  #trialsRunning = 0;
  #trialsGood = 0;

  constructor(options: Partial<BreakerOptions> = {}) {
    this.#options = { ...DEFAULT_BREAKER, ...options };
  }

  state(now: number): BreakerState {
    if (!this.#opened) return 'closed';
    return now < this.#openUntil ? 'open' : 'half-open';
  }

  /** A request may be sent now. */
  allows(now: number): boolean {
    if (!this.#opened) return true;
    return now >= this.#openUntil && this.#trialsRunning === 0;
  }

  started(): void {
    if (this.#opened) this.#trialsRunning += 1;
  }

  /** `undefined`: the result says nothing about the target (the client left). */
  finished(good: boolean | undefined, now: number): void {
    if (this.#opened) {
      // Also results of requests that were under way when it opened: they are no trials, and the count is held at zero.
      this.#trialsRunning = Math.max(0, this.#trialsRunning - 1);
      if (good === undefined || now < this.#openUntil) return;
      if (good) this.#trialSucceeded(now);
      else this.#open(now, Math.min(this.#openFor * 2, this.#options.maxOpenMs));
      return;
    }
    if (good === undefined) return;
    this.#turn(now);
    this.#results += 1;
    if (good) return;
    this.#failures += 1;
    const results = this.#results + this.#resultsBefore;
    const failures = this.#failures + this.#failuresBefore;
    if (results >= this.#options.minResults && failures >= results * this.#options.failureShare) {
      this.#open(now, this.#options.openMs);
    }
  }

  #trialSucceeded(now: number): void {
    this.#trialsGood += 1;
    if (this.#trialsGood < this.#options.trials) return;
    this.#opened = false;
    this.#clear(now);
  }

  #open(now: number, forMs: number): void {
    this.#opened = true;
    this.#openFor = forMs;
    this.#openUntil = now + forMs;
    this.#trialsGood = 0;
    this.#trialsRunning = 0;
  }

  #turn(now: number): void {
    const half = this.#options.windowMs / 2;
    if (now - this.#windowStart < half) return;
    const adjacent = now - this.#windowStart < 2 * half;
    this.#resultsBefore = adjacent ? this.#results : 0;
    this.#failuresBefore = adjacent ? this.#failures : 0;
    this.#results = 0;
    this.#failures = 0;
    this.#windowStart = now;
  }

  #clear(now: number): void {
    this.#results = 0;
    this.#failures = 0;
    this.#resultsBefore = 0;
    this.#failuresBefore = 0;
    this.#windowStart = now;
  }
}
