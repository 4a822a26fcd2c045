/**
 * Mirrored writes that wait, oldest first: what a sandbox holds depends on the order in which it was written to. Those with the same
 * key (a user's session) never overtake each other, others do, so that one slow write holds up only its own user's.
 */
export class WriteLane<T> {
  readonly #maxEntries: number;
  readonly #keyOf: (entry: T) => number;
  readonly #waiting: T[] = [];
  readonly #busy = new Set<number>();

  constructor(maxEntries: number, keyOf: (entry: T) => number) {
    this.#maxEntries = maxEntries;
    this.#keyOf = keyOf;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** False: there is no room. The newest gives way here, since later writes build on earlier ones. */
  push(entry: T): boolean {
    if (this.#waiting.length >= this.#maxEntries) return false;
    this.#waiting.push(entry);
    return true;
  }

  /** The oldest whose key is not under way; `done` must follow. */
  take(): T | undefined {
    const at = this.#waiting.findIndex((entry) => !this.#busy.has(this.#keyOf(entry)));
    if (at < 0) return undefined;
    const [entry] = this.#waiting.splice(at, 1);
    this.#busy.add(this.#keyOf(entry!));
    return entry;
  }

  done(entry: T): void {
    this.#busy.delete(this.#keyOf(entry));
  }

  /** Empties it. */
  clear(): T[] {
    return this.#waiting.splice(0);
  }
}
