/**
 * Puts what goes to another thread together: waking a thread costs far more than one message more does. The first after a quiet time goes
 * at the end of this turn of the event loop; those that follow wait until the window is over.
 */
export class Batch<T> {
  readonly #send: (items: T[]) => void;
  readonly #windowMs: number;
  readonly #most: number;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** @param most items that are sent together; with as many nothing waits */
  constructor(send: (items: T[]) => void, windowMs: number, most: number) {
    this.#send = send;
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** @param urgent whether somebody waits for it: it goes at once, with all that wait */
  add(item: T, urgent = false): void {
    this.#items.push(item);
    if (urgent || this.#items.length >= this.#most) this.flush();
    else if (this.#items.length === 1) this.#schedule();
  }

  flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#sentAt = performance.now();
    this.#send(items);
  }

  /** Gives up what waits. */
  clear(): void {
    this.#items = [];
    this.flush();
  }

  #schedule(): void {
    const left = this.#sentAt + this.#windowMs - performance.now();
    if (left > 0) this.#timer = setTimeout(() => this.flush(), left);
    else this.#soon = setImmediate(() => this.flush());
  }
}
