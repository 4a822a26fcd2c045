import type { Ledger } from './ledger.ts';

/** Pages of the catalog that are looked through. */
const PAGES = 20;

/** Ids of products on sale, from the catalog as an app would read it. */
export async function productsOnSale(shopUrl: string): Promise<number[]> {
  const ids: number[] = [];
  for (let page = 1; page <= PAGES; page += 1) {
    const answer = await fetch(`${shopUrl}/api/products?perPage=100&page=${page}`);
    const { products } = (await answer.json()) as { products: { id: number }[] };
    if (products.length === 0) break;
    ids.push(...products.map((product) => product.id));
  }
  return ids;
}

/** Writes that were acknowledged and are not there: asked from the monolith itself, past the edge. */
export async function lostWrites(
  ledger: Ledger,
  monolithUrl: string,
  cookieOf: (customer: number) => Promise<string>,
): Promise<string[]> {
  const lost: string[] = [];
  const cookies = new Map<number, string>();
  for (const { reviewId, text, customer, step } of ledger.writes) {
    let cookie = cookies.get(customer);
    if (cookie === undefined) {
      cookie = await cookieOf(customer);
      cookies.set(customer, cookie);
    }
    // A review that waits for moderation is only shown to its author.
    const answer = await fetch(`${monolithUrl}/api/reviews/${reviewId}`, { headers: { cookie } });
    if (!(await answer.text()).includes(text))
      lost.push(`review ${reviewId}, written during “${step}”: status ${answer.status}`);
  }
  return lost;
}

/** Logs a customer in at the monolith and returns the session cookie. */
export async function logIn(monolithUrl: string, email: string, password: string): Promise<string> {
  const answer = await fetch(`${monolithUrl}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}
