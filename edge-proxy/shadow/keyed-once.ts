/** Most that are remembered, on both sides of a line; the other side keeps as many, the newest. */
export const KEYED_MOST = 4096;

/** Numbers for large objects that are sent over a line again and again, so that each goes over it once. */
export class KeyedOnce<T extends object> {
  readonly #keys = new Map<T, number>();
  #new: [key: number, value: T][] = [];
  #next = 1;

  keyOf(value: T): number {
    const known = this.#keys.get(value);
    if (known !== undefined) return known;
    // They change by the day; forgetting them here only means that they are sent again.
    if (this.#keys.size >= KEYED_MOST) this.#keys.clear();
    const key = this.#next++;
    this.#keys.set(value, key);
    this.#new.push([key, value]);
    return key;
  }

  /** Those that the other side has not been told of. */
  takeNew(): [key: number, value: T][] {
    const taken = this.#new;
    this.#new = [];
    return taken;
  }

  /** The other side has forgotten all. */
  clear(): void {
    this.#keys.clear();
    this.#new = [];
  }
}

/** The other side: keeps a value that came, as long as it can still be named. */
export function keepNewest<T>(values: Map<number, T>, key: number, value: T): void {
  for (const oldest of values.keys()) {
    if (values.size < KEYED_MOST) break;
    values.delete(oldest);
  }
  values.set(key, value);
}
