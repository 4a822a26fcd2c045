import { type SampleShop, SESSIONS } from './shop.ts';

export interface Read {
  method: 'GET' | 'HEAD';
  url: string;
  headers: string[];
}

/** Deterministic random numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What people read of the reviews: pages and JSON, found and not found, with and without session, compressed or not. */
export function readsOf(shop: Pick<SampleShop, 'products' | 'reviews'>, chance: () => number): () => Read {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  const urls: (() => string)[] = [
    () => `/api/products/${pick(shop.products).id}/reviews`,
    () =>
      `/api/products/${pick(shop.products).id}/reviews?sort=${pick(['oldest', 'helpful', 'rating'])}&perPage=15`,
    () => `/api/products/${pick([999_999, 0, 1_000_000])}/reviews`,
    () => `/api/products/${pick(shop.products).id}/rating`,
    () => '/api/reviews/recent',
    () => `/api/reviews/${pick(shop.reviews)}`,
    () => `/api/reviews/${pick(shop.reviews)}`,
    () => `/api/reviews/${900_000 + Math.floor(chance() * 1_000)}`,
    () => `/api/reviews/${pick(shop.reviews)}/votes`,
    () => `/api/customers/${1 + Math.floor(chance() * 20)}/reviews`,
    () => `/products/${pick(shop.products).slug}/reviews`,
    () => `/products/${pick(shop.products).slug}/reviews?page=2`,
    () => `/reviews/${pick(shop.reviews)}`,
    () => '/account/reviews',
  ];
  return () => {
    const headers = ['Host', 'shop.example', 'User-Agent', 'reader'];
    if (chance() < 0.3) headers.push('Cookie', `sid=${pick(SESSIONS)}; csrf=0123456789abcdef`);
    if (chance() < 0.3) headers.push('Accept-Encoding', 'gzip');
    return { method: chance() < 0.03 ? 'HEAD' : 'GET', url: pick(urls)(), headers };
  };
}
