import { Customer, type Shop } from './customer.ts';
import type { Ledger } from './ledger.ts';

/** Customers who visit the shop all the time, from the first step of the tour to the last. */
export class Crowd {
  #open = true;
  #visits: Promise<void>[] = [];

  /** `size` customers, the first ones of the sample data; each thinks for about `thinkMs` between two clicks. */
  constructor(shop: Shop, ledger: Ledger, size: number, thinkMs: number) {
    for (let number = 1; number <= size; number += 1) {
      const customer = new Customer(shop, ledger, number, seededRandom(number));
      this.#visits.push(customer.visit(() => this.#open, thinkMs));
    }
  }

  /** Closes the doors: everybody finishes what they are doing. */
  async leave(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#visits);
  }
}

/** Mulberry32: the same customer does the same things on every tour, as far as answers and timing allow. */
function seededRandom(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
