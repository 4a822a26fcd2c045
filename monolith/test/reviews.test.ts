import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type TestShop, tokenOf } from './shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop?.stop());

const text = { rating: 5, title: 'Lovely thing', body: 'I would buy this one again.' };

/** A new review by this customer of a product that the customer has not reviewed yet. */
async function write(email: string, input: object = text) {
  const browser = await shop.login(email);
  for (let product = 1; product <= 20; product++) {
    const answer = await browser.post(`/api/products/${product}/reviews`).send(input);
    if (answer.status !== 409) return { browser, product, answer, id: answer.body.review?.id as number };
  }
  throw new Error('everything is reviewed');
}

describe('a review', () => {
  it('counts at once for the product, and no longer when it is gone', async () => {
    const count = async (id: number) =>
      (await shop.browser().get(`/api/products/${id}`)).body.rating.count as number;
    const { browser, product, answer, id } = await write('customer1@example.com');
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`${shop.url}/api/reviews/${id}`);
    const rating = await shop.browser().get(`/api/products/${product}/rating`);
    expect(await count(product)).toBe(rating.body.count);
    await browser.delete(`/api/reviews/${id}`).expect(204);
    expect(await count(product)).toBe(rating.body.count - 1);
  });

  it('waits for a moderator when it looks like spam, and its author is told', async () => {
    const { browser, id } = await write('customer2@example.com', { ...text, title: 'Best casino' });
    await browser.get(`/api/reviews/${id}`).expect(200);
    await shop.browser().get(`/api/reviews/${id}`).expect(404);
    const staff = await shop.login('moderator@example.com');
    const queue = await staff.get('/admin/reviews').expect(200);
    expect(queue.text).toContain(`/reviews/${id}`);
    const decision = { _csrf: tokenOf(queue.text), decision: 'publish' };
    await staff.post(`/admin/reviews/${id}/moderate`).type('form').send(decision).expect(302);
    await shop.browser().get(`/api/reviews/${id}`).expect(200);
    expect((await browser.get('/api/notifications')).body[0].text).toContain('is online now');
    const history = await staff.get(`/api/reviews/${id}/moderation`).expect(200);
    expect(history.body.history).toMatchObject([{ from: 'pending', to: 'published' }]);
  });

  it('is written with a form: token, redirect, flash', async () => {
    const browser = await shop.login('customer3@example.com');
    const { body } = await browser.get('/api/products?perPage=20');
    const reviewed = (await browser.get('/api/customers/3/reviews')).body.reviews as {
      product: { slug: string };
    }[];
    const done = new Set(reviewed.map((review) => review.product.slug));
    const slug = (body.products as { slug: string }[]).find((product) => !done.has(product.slug))?.slug;
    const path = `/products/${slug}/reviews`;
    const _csrf = tokenOf((await browser.get(path).expect(200)).text);
    await browser.post(path).type('form').send(text).expect(403);
    await browser
      .post(path)
      .type('form')
      .send({ ...text, _csrf, rating: 6 })
      .expect(422);
    const answer = await browser
      .post(path)
      .type('form')
      .send({ ...text, _csrf })
      .expect(302);
    expect(answer.headers.location).toBe(shop.url + path);
    const page = await browser.get(path);
    expect(page.text).toContain('Thank you for your review!');
    expect(page.text).toContain('Lovely thing');
  });
});

describe('votes', () => {
  it('count once, however often and however many at a time they are sent', async () => {
    const { id } = await write('customer4@example.com');
    const vote = async (email: string) => {
      const browser = await shop.login(email);
      return () => browser.post(`/api/reviews/${id}/votes`).send({ helpful: true });
    };
    const voters = await Promise.all(
      ['customer5@example.com', 'customer6@example.com', 'customer7@example.com'].map(vote),
    );
    const answers = await Promise.all([...voters, ...voters, ...voters].map((send) => send()));
    expect(answers.map((answer) => answer.status)).toEqual(Array(9).fill(200));
    const { body } = await shop.browser().get(`/api/reviews/${id}/votes`).expect(200);
    expect([body.helpful, body.unhelpful, body.votes.length]).toEqual([3, 0, 3]);
  });

  it('are not for the author, nor for strangers', async () => {
    const { browser, id } = await write('customer8@example.com');
    await browser.post(`/api/reviews/${id}/votes`).send({ helpful: true }).expect(403);
    const answer = await shop.browser().post(`/api/reviews/${id}/votes`).send({ helpful: true }).expect(401);
    expect(answer.body.success).toBe(false);
  });
});

it('two reviews sent at the same moment become one', async () => {
  const { browser, product, id } = await write('customer9@example.com');
  await browser.delete(`/api/reviews/${id}`).expect(204);
  const send = () => browser.post(`/api/products/${product}/reviews`).send(text);
  const statuses = (await Promise.all([send(), send(), send()])).map((answer) => answer.status);
  expect(statuses.sort()).toEqual([201, 409, 409]);
});
