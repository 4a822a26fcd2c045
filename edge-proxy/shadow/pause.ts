/** Pauses mirroring to a service that fails again and again, so that a dead one costs no connection attempt per request. */
export class FailurePause {
  readonly #failuresToPause: number;
  readonly #pauseMs: number;
  #failures = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(failuresToPause: number, pauseMs: number) {
    this.#failuresToPause = failuresToPause;
    this.#pauseMs = pauseMs;
  }

  paused(now: number): boolean {
    return now < this.#pausedUntil;
  }

  /** After a pause one failure is enough for the next, until something succeeds. */
  record(failed: boolean, now: number): void {
    if (!failed) {
      this.#failures = 0;
      return;
    }
    this.#failures += 1;
    if (this.#failures >= this.#failuresToPause) this.#pausedUntil = now + this.#pauseMs;
  }
}
