import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patternPng } from '../src/seed/png.ts';
import { openShop, type TestShop, tokenOf } from './shop.ts';

let shop: TestShop;
let staff: Awaited<ReturnType<TestShop['login']>>;

beforeAll(async () => {
  shop = await openShop();
  staff = await shop.login('admin@example.com');
});

afterAll(() => shop?.stop());

it.each([
  '/admin/',
  '/admin/customers',
  '/admin/customers/1',
  '/admin/orders?status=PAID',
  '/admin/audit',
  '/admin/settings',
  '/admin/promotions',
  '/admin/inventory',
  '/admin/search',
  '/admin/reviews',
  '/admin/reports/sales',
  '/admin/reports/products',
  '/admin/reports/customers',
])('%s is for the staff alone', async (path) => {
  await staff.get(path).expect(200);
  await (await shop.login('customer1@example.com')).get(path).expect(403);
  await shop.browser().get(path).expect(302);
});

describe('exports', () => {
  it('stream all orders as CSV, without a length known before', async () => {
    const answer = await staff.get('/admin/exports/orders.csv').buffer(true).expect(200);
    expect(answer.headers['content-length']).toBeUndefined();
    expect(answer.headers['content-type']).toContain('text/csv');
    const lines = answer.text.trim().split('\r\n');
    expect(lines).toHaveLength(201);
    expect(lines[0]).toBe('number,date,customer,status,items,total,payments,tracking');
  });

  it('defuse what a spreadsheet would run', async () => {
    const customer = await shop.login('customer2@example.com');
    const evil = { rating: 3, title: '=1+1,"x"', body: 'A title like a formula.' };
    let product = 1;
    while ((await customer.post(`/api/products/${product}/reviews`).send(evil)).status === 409) product++;
    const { text } = await staff.get('/admin/exports/reviews.csv').buffer(true).expect(200);
    expect(text).toContain(`"'=1+1,""x"""`);
  });
});

describe('uploads', () => {
  it('take a picture and show it', async () => {
    const picture = patternPng(32, [9, 9, 9], 2);
    const answer = await staff
      .post('/admin/products/1/images')
      .attach('image', picture, 'new.png')
      .expect(201);
    const shown = await fetch(shop.url + answer.body.url);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(picture);
    await staff.post(`/admin/images/${answer.body.id}/delete`).expect(200);
    expect((await fetch(shop.url + answer.body.url)).status).toBe(404);
  });

  it('refuse what is no picture, too large or missing', async () => {
    await staff.post('/admin/products/1/images').attach('image', Buffer.from('<svg/>'), 'x.png').expect(415);
    await staff.post('/admin/products/1/images').send({}).expect(400);
    await staff
      .post('/admin/products/1/images')
      .attach('image', Buffer.alloc(5_300_000), 'x.png')
      .expect(413);
    await staff.post('/admin/products/999999/images').attach('image', Buffer.alloc(9), 'x.png').expect(404);
  });
});

describe('the catalog', () => {
  it('gets, changes and loses a product, with all that hangs on it', async () => {
    const input = { sku: 'NEW-1', name: 'New Thing', price: '12.50', categoryIds: [2, 3] };
    const { body } = await staff.post('/api/products').send(input).expect(201);
    expect(body.slug).toBe('new-thing-new-1');
    await staff.post('/api/products').send(input).expect(409);
    await staff
      .post('/api/products')
      .send({ ...input, price: '12,5' })
      .expect(400);
    await staff.put(`/api/products/${body.id}`).send({ price: '13.00' }).expect(200);
    const customer = await shop.login('customer1@example.com');
    const review = { rating: 4, title: 'Nice', body: 'A nice new thing it is.' };
    const { body: created } = await customer
      .post(`/api/products/${body.id}/reviews`)
      .send(review)
      .expect(201);
    await customer.delete(`/api/products/${body.id}`).expect(403);
    await staff.delete(`/api/products/${body.id}`).expect(204);
    await customer.get(`/api/reviews/${created.review.id}`).expect(404);
  });
});

describe('promotions and settings', () => {
  it('are changed with forms', async () => {
    const _csrf = tokenOf((await staff.get('/admin/settings')).text);
    await staff
      .post('/admin/promotions')
      .type('form')
      .send({ _csrf, code: 'new5', title: 'New', percentOff: 5 });
    const { body } = await shop.browser().get('/api/promotions/NEW5').expect(200);
    expect(body).toMatchObject({ percentOff: 5, usable: true });
    await staff
      .post('/admin/settings')
      .type('form')
      .send({ _csrf, key: 'shop.phone', value: '110' })
      .expect(302);
    expect((await staff.get('/admin/settings')).text).toContain('value="110"');
  });
});

describe('the nightly job', () => {
  it('cleans up and sums up in the tables of several modules', async () => {
    const database = new pg.Client({ connectionString: shop.databaseUrl });
    await database.connect();
    await database.query(`INSERT INTO "Session" (id, expires_at) VALUES ('old', now() - interval '1 day')`);
    await database.query('UPDATE products SET rating_count = 99 WHERE id = 1');
    const { runNightly } = await import('../src/jobs/nightly.ts');
    const result = await runNightly();
    expect(result).toMatchObject({ sessions: 1, ratings: 1, expiredPromotions: 0 });
    expect(result.carts).toBeGreaterThan(0);
    expect(result.days).toBeGreaterThan(50);
    const { rows } = await database.query('SELECT rating_count <> 99 AS repaired FROM products WHERE id = 1');
    expect(rows).toEqual([{ repaired: true }]);
    await database.end();
    expect((await staff.get('/admin/audit')).text).toContain('nightly.finished');
  });
});
