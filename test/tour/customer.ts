import { Agent } from 'node:http';
import { exchange } from '../support/http-exchange.ts';
import type { Ledger, Outcome } from './ledger.ts';

/** Reviews a customer writes at most; each needs a product that this customer has not reviewed yet. */
const MOST_REVIEWS = 12;

export interface Shop {
  host: string;
  port: number;
  /** Ids of the products on sale. */
  products: readonly number[];
  password: string;
  email(customer: number): string;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/**
 * One customer with a browser of their own: a keep-alive connection, cookies, and expectations. Checks every answer for what a
 * person would notice: the status, the right product, one's own review being there after it was accepted.
 */
export class Customer {
  readonly #shop: Shop;
  readonly #ledger: Ledger;
  readonly #number: number;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #cookies = new Map<string, string>();
  #loggedIn = false;
  #reviewed = 0;

  constructor(shop: Shop, ledger: Ledger, number: number, random: () => number) {
    this.#shop = shop;
    this.#ledger = ledger;
    this.#number = number;
    this.#random = random;
  }

  /** Visits the shop until `open` says no more, thinking between clicks. */
  async visit(open: () => boolean, thinkMs: number): Promise<void> {
    while (open()) {
      await this.#act();
      await new Promise((resolve) => setTimeout(resolve, thinkMs * (0.5 + this.#random())));
    }
    this.#agent.destroy();
  }

  async #act(): Promise<void> {
    if (!this.#loggedIn) return this.#logIn();
    const dice = this.#random();
    if (dice < 0.06) return this.#browse('/', 'home');
    if (dice < 0.16) return this.#lookAtProduct();
    if (dice < 0.46) return this.#readReviews();
    if (dice < 0.62) return this.#readReviewsByApi();
    if (dice < 0.7) return this.#readRating();
    if (dice < 0.74) return this.#browse('/api/reviews/recent', 'read recent reviews', '"reviews"');
    if (dice < 0.8) return this.#browse('/account/reviews', 'read own reviews', 'Your reviews');
    if (dice < 0.86) return this.#readReviewer();
    if (dice < 0.97) return this.#readAndVote();
    return this.#writeReview();
  }

  async #logIn(): Promise<void> {
    const email = this.#shop.email(this.#number);
    await this.#send('log in', 'POST', '/api/login', { email, password: this.#shop.password }, (answer) => {
      if (answer.status !== 200) return `status ${answer.status} instead of 200`;
      if (!answer.body.includes(email)) return 'somebody else was logged in';
      this.#loggedIn = true;
      return undefined;
    });
  }

  #browse(path: string, action: string, expected = '</html>'): Promise<void> {
    return this.#send(action, 'GET', path, undefined, (answer) => {
      if (answer.status !== 200) return `status ${answer.status} instead of 200`;
      return answer.body.includes(expected) ? undefined : `“${expected}” is missing from the page`;
    });
  }

  async #lookAtProduct(): Promise<void> {
    const slug = await this.#slugOf(this.#anyProduct());
    if (slug !== undefined) await this.#browse(`/products/${slug}`, 'look at a product', slug);
  }

  async #readReviews(): Promise<void> {
    const slug = await this.#slugOf(this.#anyProduct());
    if (slug !== undefined)
      await this.#browse(`/products/${slug}/reviews`, 'read reviews', `/products/${slug}`);
  }

  #readReviewsByApi(): Promise<void> {
    const product = this.#anyProduct();
    return this.#browse(
      `/api/products/${product}/reviews`,
      'read reviews (API)',
      `"product":{"id":${product},`,
    );
  }

  #readRating(): Promise<void> {
    const product = this.#anyProduct();
    return this.#browse(`/api/products/${product}/rating`, 'read a rating', `"productId":${product},`);
  }

  #readReviewer(): Promise<void> {
    const customer = 1 + Math.floor(this.#random() * 1000);
    return this.#browse(
      `/api/customers/${customer}/reviews`,
      'read a reviewer',
      `"customer":{"id":${customer},`,
    );
  }

  /** Looks closer at a published review, at who found it helpful, and now and then has an opinion too. */
  async #readAndVote(): Promise<void> {
    let review: number | undefined;
    const product = this.#anyProduct();
    await this.#send('read reviews (API)', 'GET', `/api/products/${product}/reviews`, undefined, (answer) => {
      if (answer.status !== 200) return `status ${answer.status} instead of 200`;
      const { reviews } = JSON.parse(answer.body) as { reviews: { id: number; status: string }[] };
      review = reviews.find((each) => each.status === 'published')?.id;
      return undefined;
    });
    if (review === undefined) return;
    await this.#browse(`/reviews/${review}`, 'read a review', `/products/`);
    await this.#browse(`/api/reviews/${review}/votes`, 'read votes', `"reviewId":${review},`);
    if (this.#random() < 0.6) return;
    await this.#send(
      'vote',
      'POST',
      `/api/reviews/${review}/votes`,
      { helpful: this.#random() < 0.8 },
      (answer) =>
        // One's own review cannot be voted on; that is the right answer too.
        answer.status === 200 || answer.status === 403 ? undefined : `status ${answer.status} instead of 200`,
    );
  }

  async #writeReview(): Promise<void> {
    if (this.#reviewed >= MOST_REVIEWS) return this.#readReviews();
    this.#reviewed += 1;
    const text = `Written on the tour by customer ${this.#number}, review ${this.#reviewed}: ${this.#random().toString(36).slice(2)}.`;
    const review = { rating: 4, title: 'As described', body: text };
    let id: number | undefined;
    await this.#send(
      'write a review',
      'POST',
      `/api/products/${this.#anyProduct()}/reviews`,
      review,
      (answer) => {
        if (answer.status === 409) return undefined;
        if (answer.status !== 201) return `status ${answer.status} instead of 201`;
        id = (JSON.parse(answer.body) as { review: { id: number } }).review.id;
        this.#ledger.writes.push({ step: this.#ledger.step, reviewId: id, text, customer: this.#number });
        return undefined;
      },
    );
    // What one has just written one expects to see, whoever answers.
    if (id !== undefined) await this.#browse(`/api/reviews/${id}`, 'read what was just written', text);
  }

  /** The slug of a product, asked from the shop as an app would. */
  async #slugOf(product: number): Promise<string | undefined> {
    let slug: string | undefined;
    await this.#send(
      'find a product',
      'GET',
      `/api/products/${product}/reviews?perPage=1`,
      undefined,
      (answer) => {
        if (answer.status !== 200) return `status ${answer.status} instead of 200`;
        slug = (JSON.parse(answer.body) as { product: { slug: string } }).product.slug;
        return undefined;
      },
    );
    return slug;
  }

  #anyProduct(): number {
    const { products } = this.#shop;
    return products[Math.floor(this.#random() * products.length)]!;
  }

  async #send(
    action: string,
    method: string,
    path: string,
    json: unknown,
    judge: (answer: Answer) => string | undefined,
  ): Promise<void> {
    const { step } = this.#ledger;
    const startedAt = performance.now();
    let target: Outcome['target'] = 'unknown';
    let wrong: string | undefined;
    const writes = method === 'GET' ? 0 : 1;
    this.#ledger.writesUnderWay += writes;
    try {
      const answer = await this.#exchange(method, path, json);
      const said = answer.headers['x-strangler-target'];
      if (said === 'monolith' || said === 'service' || said === 'edge') target = said;
      wrong = judge(answer);
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    this.#ledger.writesUnderWay -= writes;
    if (wrong !== undefined) wrong = `${method} ${path}: ${wrong}`;
    this.#ledger.record({ action, step, target, ms: performance.now() - startedAt, wrong });
  }

  async #exchange(method: string, path: string, json: unknown): Promise<Answer> {
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const headers: Record<string, string | number> = { accept: '*/*', 'user-agent': 'tour/1.0' };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = body.length;
    }
    if (this.#cookies.size > 0)
      headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const { host, port } = this.#shop;
    const answer = await exchange({ host, port, method, path, headers, body, agent: this.#agent });
    this.#keepCookies(answer.headers['set-cookie'] ?? []);
    return { ...answer, body: answer.body.toString('utf8') };
  }

  #keepCookies(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const gone = attributes.some((attribute) =>
        /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute),
      );
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}
