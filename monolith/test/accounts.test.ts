import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type TestShop, tokenOf } from './shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop?.stop());

describe('login', () => {
  it('sets several cookies, redirects to an absolute address and greets once', async () => {
    const browser = shop.browser();
    const form = await browser.get('/login?next=/account/orders').expect(200);
    const answer = await browser
      .post('/login')
      .type('form')
      .send({
        _csrf: tokenOf(form.text),
        email: 'customer1@example.com',
        password: 'letmein',
        next: '/account/orders',
      })
      .expect(302);
    expect(answer.headers.location).toBe(`${shop.url}/account/orders`);
    const cookies = answer.headers['set-cookie'] as unknown as string[];
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(
      expect.arrayContaining(['sid', 'last_login', 'known_customer', 'flash']),
    );
    expect((await browser.get('/account').expect(200)).text).toContain('Welcome back');
    expect((await browser.get('/account').expect(200)).text).not.toContain('Welcome back');
  });

  it('refuses wrong passwords, missing tokens and foreign addresses to go on to', async () => {
    const browser = shop.browser();
    const token = tokenOf((await browser.get('/login')).text);
    const form = {
      _csrf: token,
      email: 'customer1@example.com',
      password: 'letmein',
      next: '//evil.example',
    };
    await browser
      .post('/login')
      .type('form')
      .send({ ...form, password: 'wrong' })
      .expect(401);
    await browser
      .post('/login')
      .type('form')
      .send({ ...form, _csrf: '' })
      .expect(403);
    const answer = await browser.post('/login').type('form').send(form).expect(302);
    expect(answer.headers.location).toBe(`${shop.url}/account`);
  });

  it('ends with the logout', async () => {
    const browser = await shop.login('customer2@example.com');
    await browser.get('/api/me').expect(200);
    await browser.post('/logout').expect(302);
    await browser.get('/api/me').expect(401);
    const answer = await browser.get('/account').expect(302);
    expect(answer.headers.location).toContain('/login?next=%2Faccount');
  });
});

describe('an account', () => {
  it('is created, changed, exported and deleted with everything in it', async () => {
    const browser = shop.browser();
    const _csrf = tokenOf((await browser.get('/register')).text);
    const person = {
      _csrf,
      email: 'New@example.com',
      password: 'long enough',
      firstName: 'Nora',
      lastName: 'New',
    };
    await browser
      .post('/register')
      .type('form')
      .send({ ...person, password: 'short' })
      .expect(422);
    await browser.post('/register').type('form').send(person).expect(302);
    await shop
      .browser()
      .post('/api/login')
      .send({ email: 'new@example.com', password: 'long enough' })
      .expect(200);
    await browser.patch('/api/me').send({ phone: '110' }).expect(200);
    await browser
      .post('/account/addresses')
      .type('form')
      .send({ _csrf, street: 'A 1', zip: '2', city: 'B' })
      .expect(302);
    await browser
      .post('/api/products/1/reviews')
      .send({ rating: 5, title: 'Good', body: 'Really very good.' })
      .expect(201);
    const before = await browser.get('/api/products/1/rating');

    const exported = await browser.get('/account/export').expect(200);
    expect(exported.body).toMatchObject({
      email: 'new@example.com',
      reviews: [{ rating: 5 }],
      addresses: [{ city: 'B' }],
    });
    expect(exported.text).not.toContain('scrypt');

    await browser.post('/account/delete').type('form').send({ _csrf }).expect(302);
    await browser.get('/api/me').expect(401);
    const after = await shop.browser().get('/api/products/1/rating');
    expect(after.body.count).toBe(before.body.count - 1);
  });

  it('keeps others out: addresses, profile and password', async () => {
    const browser = await shop.login('customer3@example.com');
    const _csrf = tokenOf((await browser.get('/account/profile')).text);
    const others = await (await shop.login('customer4@example.com')).get('/api/me/addresses').expect(200);
    await browser
      .post(`/account/addresses/${others.body[0].id}/delete`)
      .type('form')
      .send({ _csrf })
      .expect(302);
    expect((await (await shop.login('customer4@example.com')).get('/api/me/addresses')).body).toEqual(
      others.body,
    );
    await browser
      .post('/account/password')
      .type('form')
      .send({ _csrf, oldPassword: 'no', newPassword: '12345678' });
    await shop.login('customer3@example.com');
  });
});
