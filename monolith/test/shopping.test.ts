import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type TestShop, tokenOf } from './shop.ts';

let shop: TestShop;
let database: pg.Client;

beforeAll(async () => {
  shop = await openShop();
  database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database?.end();
  await shop?.stop();
});

async function inStock(): Promise<{ id: number; on_hand: number }> {
  const { rows } = await database.query(
    'SELECT p.id, s.on_hand FROM products p JOIN stock_levels s ON s.product_id = p.id WHERE p.active AND s.on_hand > 100 LIMIT 1',
  );
  return rows[0];
}

async function onHand(productId: number): Promise<number> {
  const { rows } = await database.query('SELECT on_hand FROM stock_levels WHERE product_id = $1', [
    productId,
  ]);
  return rows[0].on_hand;
}

/** A customer with two pieces of a product in the cart. */
async function customerWithCart(email: string) {
  const browser = await shop.login(email);
  const product = await inStock();
  await browser.post('/api/cart/items').send({ productId: product.id, quantity: 2 }).expect(201);
  const addresses = await browser.get('/api/me/addresses');
  const order = {
    addressId: addresses.body[0].id,
    shipping: 'express',
    payment: 'card',
    cardNumber: '4111 1111 1111 1111',
  };
  return { browser, product, order };
}

describe('a cart', () => {
  it('counts in cents, takes a promotion and comes along at the login', async () => {
    const browser = shop.browser();
    const product = await inStock();
    const page = await browser.get(
      `/products/${(await browser.get(`/api/products/${product.id}`)).body.slug}`,
    );
    const form = { _csrf: tokenOf(page.text), productId: product.id, quantity: 3 };
    await browser.post('/cart/items').type('form').send(form).expect(302);
    await browser
      .post('/cart/promotion')
      .type('form')
      .send({ ...form, code: 'welcome10' })
      .expect(302);
    await browser
      .post('/api/login')
      .send({ email: 'customer5@example.com', password: 'letmein' })
      .expect(200);
    const { body } = await browser.get('/api/cart').expect(200);
    expect(body.items).toHaveLength(1);
    expect(body.discountCents).toBe(Math.round(body.subtotalCents / 10));
    expect((await browser.get('/cart')).text).toContain('Cart (3)');
    await browser.patch(`/api/cart/items/${body.items[0].id}`).send({ quantity: 0 }).expect(200);
    await browser.delete(`/api/cart/items/${body.items[0].id}`).expect(404);
  });

  it('refuses what is unknown or more than there is', async () => {
    const browser = shop.browser();
    await browser.post('/api/cart/items').send({ productId: 999_999 }).expect(404);
    await browser.post('/api/cart/items').send({ productId: 'x' }).expect(400);
    const { rows } = await database.query(
      'UPDATE stock_levels SET on_hand = 1 WHERE product_id = (SELECT id FROM products WHERE active ORDER BY id DESC LIMIT 1) RETURNING product_id',
    );
    const answer = await browser.post('/api/cart/items').send({ productId: rows[0].product_id, quantity: 2 });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'OUT_OF_STOCK']);
  });
});

describe('checkout', () => {
  it('moves stock, money and goods in one go', async () => {
    const { browser, product, order } = await customerWithCart('customer6@example.com');
    const before = await onHand(product.id);
    const placed = await browser.post('/api/orders').send(order).expect(201);
    expect(placed.body.status).toBe('paid');
    expect(await onHand(product.id)).toBe(before - 2);
    const payments = await browser.get(`/api/orders/${placed.body.id}/payments`).expect(200);
    expect(payments.body).toMatchObject([
      { amount: (placed.body.totalCents / 100).toFixed(2), status: 'captured' },
    ]);
    expect((await browser.get(`/orders/${placed.body.id}/invoice`).expect(200)).text).toContain(
      'OLD HARBOUR SHOP',
    );
    expect((await browser.get('/api/cart')).body.items).toEqual([]);
    expect((await browser.get('/api/notifications')).text).toContain(placed.body.number);
  });

  it('leaves everything as it was when the card is declined', async () => {
    const { browser, product, order } = await customerWithCart('customer7@example.com');
    const before = await onHand(product.id);
    const answer = await browser.post('/api/orders').send({ ...order, cardNumber: '4000 0000 0000 0000' });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'PAYMENT_DECLINED']);
    expect(await onHand(product.id)).toBe(before);
    expect((await browser.get('/api/cart')).body.pieces).toBe(2);
  });

  it('is refused when somebody else was faster', async () => {
    const { browser, product, order } = await customerWithCart('customer13@example.com');
    const before = await onHand(product.id);
    const setStock = (pieces: number) =>
      database.query('UPDATE stock_levels SET on_hand = $1 WHERE product_id = $2', [pieces, product.id]);
    await setStock(1);
    const answer = await browser.post('/api/orders').send(order);
    expect([answer.status, answer.body.error.code]).toEqual([409, 'OUT_OF_STOCK']);
    expect(await onHand(product.id)).toBe(1);
    await setStock(before);
    await browser.post('/api/orders').send(order).expect(201);
  });

  it('can be taken back while nothing was shipped, once', async () => {
    const { browser, product, order } = await customerWithCart('customer8@example.com');
    const before = await onHand(product.id);
    const { body } = await browser.post('/api/orders').send(order).expect(201);
    await (await shop.login('customer9@example.com')).post(`/api/orders/${body.id}/cancel`).expect(404);
    await browser.post(`/api/orders/${body.id}/cancel`).expect(200);
    await browser.post(`/api/orders/${body.id}/cancel`).expect(409);
    expect(await onHand(product.id)).toBe(before);
  });

  it('works with the form too, and says what is missing', async () => {
    const { browser, order } = await customerWithCart('customer10@example.com');
    const _csrf = tokenOf((await browser.get('/checkout').expect(200)).text);
    await browser
      .post('/checkout')
      .type('form')
      .send({ ...order, _csrf, shipping: 'balloon' })
      .expect(302);
    expect((await browser.get('/checkout')).text).toContain('choose how we should ship');
    const answer = await browser
      .post('/checkout')
      .type('form')
      .send({ ...order, _csrf })
      .expect(302);
    expect(answer.headers.location).toMatch(/\/orders\/\d+$/);
    expect((await browser.get(new URL(answer.headers.location ?? '').pathname)).text).toContain('Thank you');
  });
});

describe('the status of an order', () => {
  it('arrives event by event, and stops for nobody else', async () => {
    const { browser, order } = await customerWithCart('customer11@example.com');
    const login = await shop
      .browser()
      .post('/api/login')
      .send({ email: 'customer11@example.com', password: 'letmein' });
    const cookie = (login.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] ?? '';
    const { body } = await browser.post('/api/orders').send(order).expect(201);
    const stream = await fetch(`${shop.url}/orders/${body.id}/events`, { headers: { cookie } });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const until = async (text: string) => {
      for (let seen = ''; !seen.includes(text); ) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${text}: ${seen}`);
        seen += value;
      }
    };
    await until('event: paid');
    const staff = await shop.login('moderator@example.com');
    const shipment = (await browser.get(`/api/orders/${body.id}`)).body.order.shipments[0];
    await staff.post(`/api/shipments/${shipment.id}/status`).send({ status: 'shipped' }).expect(200);
    await until('event: shipped');
    await reader.cancel();
    expect((await browser.get(`/track/${shipment.trackingCode}`).expect(200)).text).toContain('shipped');
    await (await shop.login('customer12@example.com')).get(`/orders/${body.id}/events`).expect(404);
  });
});
