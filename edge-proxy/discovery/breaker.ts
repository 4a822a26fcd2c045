export interface BreakerSettings {
  /** Share of failures among the requests of the window that opens the breaker. */
  failurePercent: number;
  /** Fewer requests in the window say nothing. */
  minimumRequests: number;
  /** Length of the sliding window, in milliseconds. */
  windowMs: number;
  /** How long it stays open at first; doubled each time the probes fail, up to `maxOpenMs`. */
  openMs: number;
  maxOpenMs: number;
  /** Requests let through at a time while half open, and successes that close it. */
  probes: number;
}

export const BREAKER_DEFAULTS: BreakerSettings = {
  failurePercent: 50,
  minimumRequests: 20,
  windowMs: 10_000,
  openMs: 5_000,
  maxOpenMs: 60_000,
  probes: 3,
};

export type BreakerState = 'closed' | 'open' | 'half-open';

/** `cancelled`: the client left; it says nothing about the target. */
export type BreakerOutcome = 'success' | 'failure' | 'cancelled';

/** A circuit breaker for one target. Times are monotonic milliseconds. */
export interface CircuitBreaker {
  /** Whether `admit` would let a request through. Takes nothing. */
  available(now: number): boolean;
  /**
   * Lets a request through or not. A positive ticket: it may go, and `record` must follow with that ticket. 0: it may not.
   * A ticket is a number, so that a request costs no allocation.
   */
  admit(now: number): number;
  /** How the request of a ticket ended. What was let through before the last change of state no longer counts. */
  record(ticket: number, outcome: BreakerOutcome, now: number): void;
  state(now: number): BreakerState;
  stats(): { opened: number; refused: number };
}

/** Parts of the sliding window: counts leave it one part at a time. */
const PARTS = 10;

export function createCircuitBreaker(settings: Partial<BreakerSettings> = {}): CircuitBreaker {
  return new Breaker({ ...BREAKER_DEFAULTS, ...settings });
}

class Breaker implements CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #requests = new Int32Array(PARTS);
  readonly #failures = new Int32Array(PARTS);
  #requestSum = 0;
  #failureSum = 0;
  /** Number of the newest part of the window, counted since the clock's zero. */
  #part = Number.NEGATIVE_INFINITY;
  #state: BreakerState = 'closed';
  /** Grows with each change of state; tickets carry it. */
  #generation = 1;
  #openUntil = 0;
  /** Failed rounds of probes since it was closed last. */
  #rounds = 0;
  #probing = 0;
  #proven = 0;
  /** When a round of probes is given up: their ends may never be told. */
  #roundEnd = 0;
  #opened = 0;
  #refused = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  available(now: number): boolean {
    this.#advance(now);
    if (this.#state === 'half-open') return this.#probing < this.#settings.probes;
    return this.#state === 'closed';
  }

  admit(now: number): number {
    if (!this.available(now)) {
      this.#refused += 1;
      return 0;
    }
    if (this.#state === 'half-open') this.#probing += 1;
    return this.#generation;
  }

  record(ticket: number, outcome: BreakerOutcome, now: number): void {
    this.#advance(now);
    if (ticket !== this.#generation) return;
    if (this.#state === 'half-open') this.#recordProbe(outcome, now);
    else if (this.#state === 'closed' && outcome !== 'cancelled') this.#recordClosed(outcome, now);
  }

  state(now: number): BreakerState {
    this.#advance(now);
    return this.#state;
  }

  stats(): { opened: number; refused: number } {
    return { opened: this.#opened, refused: this.#refused };
  }

  #recordClosed(outcome: BreakerOutcome, now: number): void {
    const part = this.#slide(now);
    this.#requests[part]! += 1;
    this.#requestSum += 1;
    if (outcome !== 'failure') return;
    this.#failures[part]! += 1;
    this.#failureSum += 1;
    const enough = this.#requestSum >= this.#settings.minimumRequests;
    if (enough && this.#failureSum * 100 >= this.#requestSum * this.#settings.failurePercent) this.#open(now);
  }

  #recordProbe(outcome: BreakerOutcome, now: number): void {
    this.#probing -= 1;
    if (outcome === 'failure') {
      this.#rounds += 1;
      this.#open(now);
    } else if (outcome === 'success') {
      this.#proven += 1;
      if (this.#proven >= this.#settings.probes) this.#close();
    }
  }

  #open(now: number): void {
    const { openMs, maxOpenMs } = this.#settings;
    this.#enter('open');
    this.#openUntil = now + Math.min(openMs * 2 ** Math.min(this.#rounds, 30), maxOpenMs);
    this.#opened += 1;
  }

  #close(): void {
    this.#enter('closed');
    this.#rounds = 0;
    this.#requests.fill(0);
    this.#failures.fill(0);
    this.#requestSum = 0;
    this.#failureSum = 0;
  }

  #advance(now: number): void {
    if (this.#state === 'closed') return;
    const due = this.#state === 'open' ? this.#openUntil : this.#roundEnd;
    if (now < due) return;
    this.#enter('half-open');
    this.#probing = 0;
    this.#proven = 0;
    this.#roundEnd = now + this.#settings.maxOpenMs;
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
  }

  /** Forgets the parts that have left the window, and gives the index of the newest one. */
  #slide(now: number): number {
    const part = Math.floor((now * PARTS) / this.#settings.windowMs);
    const passed = Math.min(PARTS, part - this.#part);
    for (let step = 0; step < passed; step += 1) {
      const index = indexOf(part - step);
      this.#requestSum -= this.#requests[index]!;
      this.#failureSum -= this.#failures[index]!;
      this.#requests[index] = 0;
      this.#failures[index] = 0;
    }
    if (passed > 0) this.#part = part;
    return indexOf(this.#part);
  }
}

function indexOf(part: number): number {
  return ((part % PARTS) + PARTS) % PARTS;
}
