/**
 * Newest first, bounded by entries and by bytes. The newest copy compares answers that are closest in time, so under load it goes
 * first, and the oldest gives way to it. It never grows beyond its bounds and never waits.
 */
export class NewestFirstQueue<T> {
  readonly #maxEntries: number;
  readonly #bytesOf: (entry: T) => number;
  readonly #budget: ByteBudget;
  #entries: T[] = [];

  constructor(maxEntries: number, budget: ByteBudget, bytesOf: (entry: T) => number) {
    this.#maxEntries = maxEntries;
    this.#budget = budget;
    this.#bytesOf = bytesOf;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Takes the entry, or says that its bytes find no room. `evicted` is the oldest one, if it had to give way; its bytes are released. */
  push(entry: T): { outcome: 'queued'; evicted: T | undefined } | { outcome: 'queue-bytes' } {
    if (!this.#budget.take(this.#bytesOf(entry))) return { outcome: 'queue-bytes' };
    const evicted = this.#entries.length >= this.#maxEntries ? this.#entries.shift() : undefined;
    if (evicted !== undefined) this.release(evicted);
    this.#entries.push(entry);
    return { outcome: 'queued', evicted };
  }

  /** The newest entry; its bytes stay taken until `release`. */
  pop(): T | undefined {
    return this.#entries.pop();
  }

  /** Gives the bytes of an entry back, once it is no longer held anywhere. */
  release(entry: T): void {
    this.#budget.give(this.#bytesOf(entry));
  }
}

/** A number of bytes shared by everything that captures, so that many small holders together stay bounded too. */
export class ByteBudget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
