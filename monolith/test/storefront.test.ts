import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type TestShop } from './shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop?.stop());

describe('pages', () => {
  it('shows products, a product, a department and search results', async () => {
    const browser = shop.browser();
    const list = await browser.get('/products?sort=cheapest').expect(200);
    const slug = /href="\/products\/([a-z0-9-]+)"/.exec(list.text)?.[1];
    const page = await browser
      .get(`/products/${slug}`)
      .expect(200)
      .expect('content-type', /text\/html/);
    expect(page.text).toContain('Add to cart');
    await browser.get('/categories/kitchen').expect(200);
    const name = /<h1>([^<]+)<\/h1>/.exec(page.text)?.[1] ?? '';
    const found = await browser.get('/search').query({ q: name }).expect(200);
    expect(found.text).toContain(slug);
  });

  it('carries a random token, a time and a request id in each page', async () => {
    const browser = shop.browser();
    const first = await browser.get('/login').expect(200);
    const second = await browser.get('/login').expect(200);
    expect(first.text).not.toBe(second.text);
    expect(first.headers['x-request-id']).not.toBe(second.headers['x-request-id']);
  });

  it('answers HEAD without a body and unknown pages with a page of their own', async () => {
    const head = await shop.browser().head('/products').expect(200);
    expect(head.text).toBeFalsy();
    const missing = await shop.browser().get('/nowhere').expect(404);
    expect(missing.text).toContain('does not exist');
  });

  it('escapes what visitors send', async () => {
    const page = await shop.browser().get('/search').query({ q: '<script>alert(1)</script>' }).expect(200);
    expect(page.text).not.toContain('<script>');
  });

  it('compresses with gzip only for who accepts it', async () => {
    const plain = await fetch(`${shop.url}/products`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const zipped = await fetch(`${shop.url}/products`, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
  });
});

describe('JSON', () => {
  it('shows prices as text and the rest as numbers', async () => {
    const { body } = await shop.browser().get('/api/products/1').expect(200);
    expect(body.price).toMatch(/^\d+\.\d\d$/);
    expect(body.rating.count).toEqual(expect.any(Number));
  });

  it('lists departments in another order for each request, but always the same ones', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => shop.browser().get('/api/categories')));
    const orders = answers.map(({ body }) => body.map((category: { id: number }) => category.id) as number[]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
    expect(new Set(orders.map((ids) => String([...ids].sort((a, b) => a - b)))).size).toBe(1);
  });

  it('has three forms of errors', async () => {
    const browser = shop.browser();
    const app = await browser.get('/api/products/999999').expect(404);
    expect(app.body).toEqual({
      error: { code: 'PRODUCT_NOT_FOUND', message: expect.any(String), requestId: expect.any(String) },
    });
    const old = await browser.get('/api/categories/none/products').expect(404);
    expect(old.body).toEqual({
      success: false,
      errors: ['category not found'],
      timestamp: expect.any(Number),
    });
    const framework = await browser.get('/api/nothing').expect(404);
    expect(framework.body).toEqual({ statusCode: 404, error: 'Not Found', message: expect.any(String) });
  });

  it('answers 304 to a conditional request for an unchanged product', async () => {
    const { headers } = await shop.browser().get('/api/products/2').expect(200);
    await shop
      .browser()
      .get('/api/products/2')
      .set('if-none-match', headers.etag ?? '')
      .expect(304);
  });
});

describe('pictures', () => {
  const image = (headers: Record<string, string> = {}) => fetch(`${shop.url}/images/1`, { headers });

  it('come whole, in parts, or not at all when they have not changed', async () => {
    const whole = await image();
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-type')).toBe('image/png');
    const bytes = Buffer.from(await whole.arrayBuffer());
    const size = bytes.length;
    const etag = whole.headers.get('etag') ?? '';

    const part = await image({ range: 'bytes=10-19' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 10-19/${size}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    const tail = await image({ range: 'bytes=-5' });
    expect(Buffer.from(await tail.arrayBuffer())).toEqual(bytes.subarray(size - 5));
    const beyond = await image({ range: `bytes=${size}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);

    expect((await image({ 'if-none-match': etag })).status).toBe(304);
    const modified = whole.headers.get('last-modified') ?? '';
    expect((await image({ 'if-modified-since': modified })).status).toBe(304);
    expect((await image({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });
});
