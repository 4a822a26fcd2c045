/** First in, first out, bounded by entries and by bytes. A full queue refuses; it never grows and never waits. */
export class BoundedQueue<T> {
  readonly #maxEntries: number;
  readonly #bytesOf: (entry: T) => number;
  readonly #budget: ByteBudget;
  #entries: (T | undefined)[] = [];
  #head = 0;

  constructor(maxEntries: number, budget: ByteBudget, bytesOf: (entry: T) => number) {
    this.#maxEntries = maxEntries;
    this.#budget = budget;
    this.#bytesOf = bytesOf;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Takes the entry, or says which bound is reached. */
  push(entry: T): 'queued' | 'queue-full' | 'queue-bytes' {
    if (this.length >= this.#maxEntries) return 'queue-full';
    if (!this.#budget.take(this.#bytesOf(entry))) return 'queue-bytes';
    this.#entries.push(entry);
    return 'queued';
  }

  /** The oldest entry; its bytes stay taken until `release`. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const entry = this.#entries[this.#head];
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
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
