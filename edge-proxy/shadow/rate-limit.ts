/** A token bucket: at most `perSecond` in the long run, and as many at once. */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #updatedAt: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#updatedAt = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(
      this.#perSecond,
      this.#tokens + ((now - this.#updatedAt) / 1000) * this.#perSecond,
    );
    this.#updatedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
