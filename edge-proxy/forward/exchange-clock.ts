import type { Timeouts } from '../../migration-plans/plan/plan.ts';
import { idleLimit, lateness, type Phase, type Turn } from './phases.ts';
import type { ForwardFailure } from './port.ts';
import { Timed, type TimerWheel } from './timer-wheel.ts';

/** The time limits of one exchange: where it is, how long it may stay there, and how long the whole of it may take. */
export abstract class ExchangeClock extends Timed {
  protected phase: Phase = 'queue';
  protected readonly wheel: TimerWheel;
  readonly #timeouts: Timeouts;
  readonly #requestIdleMs: number;
  #totalDeadline = Number.POSITIVE_INFINITY;

  constructor(wheel: TimerWheel, timeouts: Timeouts, requestIdleMs: number) {
    super();
    this.wheel = wheel;
    this.#timeouts = timeouts;
    this.#requestIdleMs = requestIdleMs;
  }

  /** Whose turn it is to move. */
  protected abstract turn(): Turn;
  protected abstract timedOut(failure: ForwardFailure): void;
  /** An upload that was read only to be dropped has taken long enough. */
  protected abstract lingered(): void;

  /** The limit for the whole of it begins. */
  protected startClock(now: number): void {
    const { totalMs } = this.#timeouts;
    if (totalMs > 0) this.#totalDeadline = now + totalMs;
  }

  /** `limitMs` 0: unlimited. */
  protected enter(phase: Phase, limitMs: number, now: number): void {
    this.phase = phase;
    const deadline = limitMs > 0 ? now + limitMs : Number.POSITIVE_INFINITY;
    this.wheel.schedule(this, Math.min(deadline, this.#totalDeadline));
  }

  /** Bytes of the request's body move from here on, or should. */
  protected enterUpload(now: number): void {
    this.enter('upload', this.#idleLimit('upload'), now);
  }

  /** Something moved: the idle limit begins anew. */
  protected touch(): void {
    if (this.phase !== 'body' && this.phase !== 'upload') return;
    const limit = this.#idleLimit(this.phase);
    const { wheel } = this;
    const idle = limit === 0 ? Number.POSITIVE_INFINITY : wheel.coarseNow + limit;
    const deadline = Math.min(idle, this.#totalDeadline);
    // Later, as nearly always, is an assignment; the wheel must be told of an earlier one.
    if (deadline >= this.deadline) this.deadline = deadline;
    else wheel.schedule(this, deadline);
  }

  override expired(now: number): void {
    if (now >= this.#totalDeadline) {
      this.timedOut('timeout-total');
      return;
    }
    const failure = lateness(this.phase, this.turn());
    if (failure !== undefined) this.timedOut(failure);
    else if (this.phase === 'linger') this.lingered();
  }

  #idleLimit(phase: Phase): number {
    return idleLimit(phase, this.turn(), this.#timeouts, this.#requestIdleMs);
  }
}
