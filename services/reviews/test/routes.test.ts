import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openShopDatabase, type TestDatabase } from './shop.ts';

let database: TestDatabase;
let app: FastifyInstance;
const readiness = { draining: false };

beforeAll(async () => {
  database = await openShopDatabase();
  const { buildApp } = await import('../src/app.ts');
  app = await buildApp(readiness);
  await app.ready();
});

afterAll(async () => {
  await app?.close();
  await database?.stop();
});

const shop = () => supertest(app.server);
const text = { rating: 5, title: 'Really nice', body: 'It keeps the tea warm.' };

it('shows a review as JSON and as a page, escaped', async () => {
  const { body } = await shop().get('/api/reviews/1').expect(200);
  expect(body.review).toMatchObject({
    author: { name: 'Ada A.' },
    product: { price: '9.90' },
    status: 'published',
  });
  const page = await shop().get('/products/blue-mug/reviews').expect(200);
  expect(page.text).toContain('Good &amp; blue');
  expect(page.text).toContain('href="/login?next=');
});

it('honours the session of the shop, while it lasts', async () => {
  const path = '/account/reviews';
  await shop().get(path).set('cookie', 'sid=ada').expect(200);
  await shop().get(path).set('cookie', 'sid=late').expect(302);
  await shop().get(path).set('cookie', 'sid=nobody').expect(302);
});

it('writes a verified review, and the rating where the shop shows it', async () => {
  const post = () => shop().post('/api/products/1/reviews').set('cookie', 'sid=ben').send(text);
  const { body } = await post().expect(201);
  expect(body.review.verified).toBe(true);
  await post().expect(409);
  expect(await database.query('SELECT rating_avg, rating_count FROM products WHERE id = 1')).toEqual([
    { rating_avg: '4.50', rating_count: 2 },
  ]);
  await shop().delete(`/api/reviews/${body.review.id}`).set('cookie', 'sid=ben').expect(204);
});

it('counts a vote once, also when it is sent many times at once', async () => {
  const vote = () => shop().post('/api/reviews/1/votes').set('cookie', 'sid=ben').send({ helpful: true });
  const answers = await Promise.all([vote(), vote(), vote(), vote()]);
  expect(answers.map((answer) => answer.body.changed).filter(Boolean)).toHaveLength(1);
  expect(await database.query('SELECT helpful_count FROM reviews WHERE id = 1')).toEqual([
    { helpful_count: 1 },
  ]);
  await shop().post('/api/reviews/1/votes').set('cookie', 'sid=ada').send({ helpful: true }).expect(403);
});

it('tells the author what a moderator has decided', async () => {
  const moderate = (who: string) => shop().post('/api/reviews/1/moderation').set('cookie', `sid=${who}`);
  await moderate('ben').send({ decision: 'reject' }).expect(403);
  await moderate('mo').send({ decision: 'reject' }).expect(200);
  await shop().get('/api/reviews/1').expect(404);
  await moderate('mo').send({ decision: 'publish' }).expect(200);
  expect(await database.query('SELECT text FROM notifications ORDER BY id')).toEqual([
    { text: 'Your review of Blue Mug was not accepted.' },
    { text: 'Your review of Blue Mug is online now.' },
  ]);
});

it('wants the token of a form', async () => {
  const post = (form: object) =>
    shop().post('/products/red-mug/reviews').set('cookie', 'sid=ada; csrf=secret').type('form').send(form);
  await post(text).expect(403);
  await post({ ...text, _csrf: 'guess' }).expect(403);
  const answer = await post({ ...text, _csrf: 'secret' }).expect(302);
  expect(answer.headers.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/products\/red-mug\/reviews$/);
});

it('is ready while the database answers and it is not about to end; alive always', async () => {
  await shop().get('/readyz').expect(200, 'ready\n');
  readiness.draining = true;
  const draining = await shop().get('/readyz').expect(503, 'draining\n');
  expect(draining.headers.connection).toBe('close');
  readiness.draining = false;
  await database.postgres.restart(async () => {
    await shop().get('/readyz').expect(503, 'database\n');
    await shop().get('/healthz').expect(200);
  });
});
