/**
 * Things under way by a number, which is free again once they are over. A Map would do, but for V8's collector: a table of a Map that
 * was outgrown still refers to what was in it and to its successor, and once one of them is old (two small collections are enough)
 * none of all that came through it is freed before the next full collection.
 */
export class Slots<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  add(item: T): number {
    const at = this.#free.pop() ?? this.#items.length;
    this.#items[at] = item;
    return at;
  }

  /** Undefined: nothing of that number is under way. */
  take(at: number): T | undefined {
    const item = this.#items[at];
    if (item === undefined) return undefined;
    this.#items[at] = undefined;
    this.#free.push(at);
    return item;
  }

  /** Empties it. */
  clear(): T[] {
    const items = this.#items.filter((item) => item !== undefined);
    this.#items.length = 0;
    this.#free.length = 0;
    return items;
  }
}
