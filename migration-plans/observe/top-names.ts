import { ownCopy } from './own-copy.ts';

/**
 * The names that come again and again among any number of names (Misra and Gries 1982): of those that make up more than one in
 * `limit` none is missed, and what comes once and never again is not kept for long. Bounded, whatever is sent.
 */
export class TopNames {
  readonly #limit: number;
  /** How well a name holds its place, and how often it came since it was last taken. */
  readonly #names = new Map<string, { weight: number; count: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(name: string, count = 1): void {
    const known = this.#names.get(name);
    if (known !== undefined) {
      known.weight += count;
      known.count += count;
      return;
    }
    if (this.#names.size < this.#limit) {
      this.#names.set(ownCopy(name), { weight: count, count });
      return;
    }
    let least = count;
    for (const { weight } of this.#names.values()) if (weight < least) least = weight;
    for (const [other, held] of this.#names) {
      held.weight -= least;
      if (held.weight <= 0) this.#names.delete(other);
    }
    if (count > least) this.#names.set(ownCopy(name), { weight: count - least, count });
  }

  weightOf(name: string): number {
    return this.#names.get(name)?.weight ?? 0;
  }

  forget(name: string): void {
    this.#names.delete(name);
  }

  absorb(other: TopNames): void {
    for (const [name, { count }] of other.#names) if (count > 0) this.add(name, count);
  }

  /**
   * Counts since the last call, which are forgotten; the names keep their places. A name that came once only is held back until it
   * comes again: it may be chance, or somebody's flood.
   */
  take(): Record<string, number> {
    const taken: Record<string, number> = Object.create(null);
    for (const [name, held] of this.#names) {
      if (held.count === 0 || held.weight < 2) continue;
      taken[name] = held.count;
      held.count = 0;
    }
    return { ...taken };
  }
}
