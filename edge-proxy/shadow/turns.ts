/** Lets so many at a time through to each target; the others wait in their order, until they have waited for too long. */
export class Turns {
  readonly #atATime: number;
  /** Monotonic milliseconds. */
  readonly #now: () => number;
  readonly #targets = new Map<string, { busy: number; waiting: Waiting[] }>();

  constructor(atATime: number, now: () => number) {
    this.#atATime = atATime;
    this.#now = now;
  }

  /** @param go what to do, and how long it takes; `inTime`: false when it has waited for longer than it may */
  take(target: string, mayWaitMs: number, go: (inTime: boolean) => Promise<void> | undefined): void {
    let queue = this.#targets.get(target);
    if (queue === undefined) {
      queue = { busy: 0, waiting: [] };
      this.#targets.set(target, queue);
    }
    queue.waiting.push({ go, until: this.#now() + mayWaitMs });
    this.#next(target, queue);
  }

  #next(target: string, queue: { busy: number; waiting: Waiting[] }): void {
    while (queue.busy < this.#atATime) {
      const first = queue.waiting.shift();
      if (first === undefined) break;
      const going = first.go(this.#now() <= first.until);
      if (going === undefined) continue;
      queue.busy += 1;
      void going.finally(() => {
        queue.busy -= 1;
        this.#next(target, queue);
      });
    }
    // Instances come and go; those that nobody asks are not remembered.
    if (queue.busy === 0) this.#targets.delete(target);
  }
}

interface Waiting {
  go: (inTime: boolean) => Promise<void> | undefined;
  until: number;
}
