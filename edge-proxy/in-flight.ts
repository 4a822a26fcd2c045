/** Something that is under way and can be told that the edge is closing. */
export abstract class InFlightEntry {
  /** Neighbours in the list; for the list alone. */
  previous: InFlightEntry | undefined = undefined;
  next: InFlightEntry | undefined = undefined;

  /** The edge is draining: this is the last exchange of its connection. */
  abstract announceClose(): void;
  /** The deadline has passed. */
  abstract cutOff(): void;
}

/** Everything under way, as a linked list: joining and leaving cost four assignments and no allocation. */
export class InFlight {
  #first: InFlightEntry | undefined;
  #count = 0;
  #whenEmpty: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  add(entry: InFlightEntry): void {
    entry.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = entry;
    this.#first = entry;
    this.#count += 1;
  }

  remove(entry: InFlightEntry): void {
    const { previous, next } = entry;
    if (previous !== undefined) previous.next = next;
    else this.#first = next;
    if (next !== undefined) next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#count -= 1;
    if (this.#count === 0 && this.#whenEmpty.length > 0) {
      for (const resolve of this.#whenEmpty.splice(0)) resolve();
    }
  }

  /** Each entry that is under way now; entries may leave while it runs. */
  forEach(visit: (entry: InFlightEntry) => void): void {
    let entry = this.#first;
    while (entry !== undefined) {
      const { next } = entry;
      visit(entry);
      entry = next;
    }
  }

  /** Resolves once nothing is under way. */
  empty(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }
}
