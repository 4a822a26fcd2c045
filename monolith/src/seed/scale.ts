import { Random } from './random.ts';

/** The day on which the seeded shop ends; everything in it happened before. */
export const baseDate = Date.UTC(2026, 5, 30, 12, 0, 0);

/** How much of everything there is. */
export interface Scale {
  products: number;
  customers: number;
  orders: number;
  reviews: number;
}

/** The full shop at 1; a fraction for tests, never so small that a page would be empty. */
export function scaleOf(factor: number): Scale {
  const of = (full: number, least: number) => Math.max(least, Math.round(full * factor));
  return {
    products: of(2000, 20),
    customers: of(5000, 25),
    orders: of(20_000, 60),
    reviews: of(30_000, 120),
  };
}

/** What the parts of the seed share. Each part has a generator of its own, so that one doesn't change the others. */
export interface Context {
  scale: Scale;
  random: Random;
  /** ISO time so many days before the end. */
  daysAgo(days: number): string;
}

export function contextFor(part: string, scale: Scale): Context {
  const seed = [...part].reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x01000193), 0x811c9dc5);
  return {
    scale,
    random: new Random(seed),
    daysAgo: (days) => new Date(Math.floor(baseDate - days * 86_400_000)).toISOString(),
  };
}
