import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparable, type RawAnswer } from './comparable.ts';
import { type Shop, sessions, startTwoShops, type TwoShops } from './two-shops.ts';

let shops: TwoShops;

beforeAll(async () => {
  shops = await startTwoShops();
});

afterAll(async () => {
  await shops?.stop();
});

interface Call {
  method?: string;
  path: string;
  as?: keyof typeof sessions;
  cookies?: string;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
  raw?: string;
}

function send(shop: Shop, call: Call): Promise<RawAnswer> {
  const headers: Record<string, string> = {
    host: 'shop.example',
    'x-forwarded-for': '192.0.2.1',
    ...call.headers,
  };
  const cookies = [call.as && `sid=${sessions[call.as]}`, call.cookies].filter(Boolean).join('; ');
  if (cookies) headers.cookie = cookies;
  let body = call.raw;
  if (call.json !== undefined) {
    body = JSON.stringify(call.json);
    headers['content-type'] ??= 'application/json';
  }
  if (call.form) {
    body = new URLSearchParams(call.form).toString();
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
  }
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: shop.port,
      path: call.path,
      method: call.method ?? 'GET',
      headers,
    };
    const request = httpRequest({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const pairs: [string, string][] = [];
        for (let index = 0; index < raw.length; index += 2)
          pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
        resolve({ status: response.statusCode ?? 0, headers: pairs, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What a write leaves behind, without the time of day. */
async function traces(shop: Shop) {
  const query = async (sql: string) => (await shop.database.query<Record<string, unknown>>(sql)).rows;
  return {
    reviews: await query(
      'SELECT id, product_id, customer_id, rating, title, body, status, verified, helpful_count, unhelpful_count FROM reviews ORDER BY id DESC LIMIT 50',
    ),
    touched: await query("SELECT id FROM reviews WHERE updated_at > now() - interval '1 day' ORDER BY id"),
    votes: await query(
      'SELECT id, review_id, customer_id, helpful FROM review_votes ORDER BY id DESC LIMIT 50',
    ),
    reports: await query(
      'SELECT id, review_id, reporter_id, reason, note, resolved_at IS NULL AS open FROM review_reports ORDER BY id',
    ),
    moderations: await query(
      'SELECT id, review_id, moderator_id, from_status, to_status, reason FROM review_moderations ORDER BY id',
    ),
    products: await query('SELECT id, rating_avg, rating_count FROM products ORDER BY id'),
    changed: await query("SELECT id FROM products WHERE updated_at > now() - interval '1 day' ORDER BY id"),
    notifications: await query(
      'SELECT id, customer_id, kind, text, read_at FROM notifications ORDER BY id DESC LIMIT 20',
    ),
    audit: await query(
      'SELECT id, actor_id, action, subject, details FROM audit_log ORDER BY id DESC LIMIT 20',
    ),
  };
}

/** Sends the same request to both and expects the same answer and the same traces; returns the monolith's answer. */
async function sameFromBoth(call: Call): Promise<RawAnswer> {
  const [monolith, service] = await Promise.all([send(shops.monolith, call), send(shops.service, call)]);
  expect(comparable(service)).toEqual(comparable(monolith));
  if ((call.method ?? 'GET') !== 'GET')
    expect(await traces(shops.service)).toEqual(await traces(shops.monolith));
  return monolith;
}

async function number(sql: string): Promise<number> {
  const { rows } = await shops.monolith.database.query<{ id: number }>(sql);
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`nothing found: ${sql}`);
  return id;
}

const published = () =>
  number("SELECT id FROM reviews WHERE status = 'PUBLISHED' AND customer_id > 5 ORDER BY id LIMIT 1");
const pending = () =>
  number("SELECT id FROM reviews WHERE status = 'PENDING' AND customer_id > 5 ORDER BY id LIMIT 1");
const slug = async () => {
  const { rows } = await shops.monolith.database.query<{ slug: string }>(
    'SELECT slug FROM products WHERE id = 3',
  );
  return rows[0]?.slug ?? '';
};
/** A product that this customer has not reviewed. */
const unreviewed = (customer: number) =>
  number(
    `SELECT id FROM products p WHERE active AND NOT EXISTS
     (SELECT 1 FROM reviews r WHERE r.product_id = p.id AND r.customer_id = ${customer}) ORDER BY id LIMIT 1`,
  );
const text = { rating: 4, title: 'Would <b>buy</b> again', body: 'It holds tea & coffee, "hot" or cold.' };
const csrf = { cookies: 'csrf=0123456789abcdef' };
const token = { _csrf: '0123456789abcdef' };

describe('pages', () => {
  it.each([
    ['/products/SLUG/reviews', 200],
    ['/products/SLUG/reviews?stars=5&sort=helpful', 200],
    ['/products/SLUG/reviews?page=2&perPage=3', 200],
    ['/products/SLUG/reviews?page=zwei&perPage=0&sort=toString', 200],
    ['/products/SLUG/reviews?page=1&page=2', 200],
    ['/products/none/reviews', 404],
    ['/products/%zz/reviews', 400],
    ['/products/SLUG/reviews/', 404],
    ['/reviews/ID', 200],
    ['/reviews/PENDING', 404],
    ['/reviews/0', 404],
    ['/reviews/99999999999999', 404],
    ['/reviews/ID/edit', 302],
    ['/account/reviews', 302],
    ['/admin/reviews', 302],
  ])('%s without a session: %i', async (template, status) => {
    const path = template
      .replace('SLUG', await slug())
      .replace('PENDING', String(await pending()))
      .replace('ID', String(await published()));
    for (const method of ['GET', 'HEAD']) {
      expect((await sameFromBoth({ path, method })).status).toBe(status);
    }
    await sameFromBoth({ path, headers: { 'accept-encoding': 'gzip' } });
  });

  it.each(['author', 'reader', 'moderator', 'expired'] as const)('as %s', async (as) => {
    for (const path of [
      `/products/${await slug()}/reviews`,
      `/reviews/${await published()}`,
      `/reviews/${await pending()}`,
      `/reviews/${await published()}/edit`,
      '/account/reviews',
      '/admin/reviews',
    ]) {
      await sameFromBoth({ path, as });
    }
  });

  it('show the flash message once, the number in the cart, and no new csrf cookie when there is one', async () => {
    const flash = Buffer.from(JSON.stringify({ kind: 'notice', text: '<Thanks>' })).toString('base64url');
    const path = `/products/${await slug()}/reviews`;
    const answer = await sameFromBoth({ path, cookies: `flash=${flash}; csrf=abc; cart_count=7` });
    expect(answer.body.toString()).toContain('&lt;Thanks&gt;');
    await sameFromBoth({ path, cookies: 'flash=broken; cart_count=many; sid=unknown' });
  });

  it('are compressed for who accepts it', async () => {
    const path = `/products/${await slug()}/reviews`;
    for (const encoding of ['gzip', 'gzip, br, zstd', 'br', 'identity', '*']) {
      await sameFromBoth({ path, headers: { 'accept-encoding': encoding } });
    }
  });
});

describe('JSON', () => {
  it.each([
    ['/api/products/3/reviews', 200],
    ['/api/products/3/reviews?page=2&perPage=2&stars=5&sort=oldest', 200],
    ['/api/products/999999/reviews', 404],
    ['/api/products/x/reviews', 404],
    ['/api/products/3/rating', 200],
    ['/api/products/999999/rating', 404],
    ['/api/reviews/recent', 200],
    ['/api/reviews/ID', 200],
    ['/api/reviews/PENDING', 404],
    ['/api/reviews/ID/votes', 200],
    ['/api/reviews/0/votes', 404],
    ['/api/reviews/ID/moderation', 401],
    ['/api/customers/2/reviews', 200],
    ['/api/customers/999999/reviews', 404],
  ])('%s without a session: %i', async (template, status) => {
    const path = template
      .replace('PENDING', String(await pending()))
      .replace('ID', String(await published()));
    for (const method of ['GET', 'HEAD']) {
      expect((await sameFromBoth({ path, method })).status).toBe(status);
    }
    await sameFromBoth({ path, headers: { 'accept-encoding': 'gzip' } });
  });

  it.each(['author', 'reader', 'moderator', 'expired'] as const)('as %s', async (as) => {
    const review = await published();
    for (const path of [
      '/api/customers/1/reviews',
      `/api/reviews/${review}/moderation`,
      `/api/reviews/${review}`,
    ]) {
      await sameFromBoth({ path, as });
    }
  });

  it('answers 304 for a rating that has not changed', async () => {
    const path = '/api/products/3/rating';
    const first = await sameFromBoth({ path });
    const etag = first.headers.find(([name]) => name === 'etag')?.[1] ?? '';
    expect(etag).not.toBe('');
    for (const value of [etag, `"other", W/${etag}`, '*']) {
      expect((await sameFromBoth({ path, headers: { 'if-none-match': value } })).status).toBe(304);
    }
    expect((await sameFromBoth({ path, headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });
});

describe('writing as JSON', () => {
  it('a review: created, seen, refused twice, changed, deleted', async () => {
    const path = `/api/products/${await unreviewed(1)}/reviews`;
    const created = await sameFromBoth({ method: 'POST', path, as: 'author', json: text });
    expect(created.status).toBe(201);
    const id = (JSON.parse(created.body.toString()) as { review: { id: number } }).review.id;
    expect(created.headers).toContainEqual(['location', `http://shop.example/api/reviews/${id}`]);
    const own = `/api/reviews/${id}`;
    await sameFromBoth({ path: own });
    const repeated = await sameFromBoth({ method: 'POST', path, as: 'author', json: text });
    expect(repeated.status).toBe(409);
    const foreign = await sameFromBoth({ method: 'PUT', path: own, as: 'reader', json: text });
    expect(foreign.status).toBe(403);
    await sameFromBoth({ method: 'PUT', path: own, as: 'author', json: { ...text, rating: 2 } });
    const spam = { ...text, body: 'Visit my casino, it is the best casino.' };
    await sameFromBoth({ method: 'PUT', path: own, as: 'author', json: spam });
    expect((await sameFromBoth({ path: own })).status).toBe(404);
    expect((await sameFromBoth({ method: 'DELETE', path: own, as: 'reader' })).status).toBe(404);
    expect((await sameFromBoth({ method: 'DELETE', path: own, as: 'author' })).status).toBe(204);
    expect((await sameFromBoth({ method: 'DELETE', path: own, as: 'author' })).status).toBe(404);
  });

  it.each([
    ['no session', {}, { json: text }, 401],
    ['an expired session', { as: 'expired' }, { json: text }, 401],
    ['an empty body', { as: 'author' }, { raw: '', headers: { 'content-type': 'application/json' } }, 400],
    ['no body', { as: 'author' }, {}, 422],
    [
      'broken JSON',
      { as: 'author' },
      { raw: '{"rating":', headers: { 'content-type': 'application/json' } },
      400,
    ],
    [
      'a polluting key',
      { as: 'author' },
      { raw: '{"__proto__":{"a":1}}', headers: { 'content-type': 'application/json' } },
      400,
    ],
    ['a null body', { as: 'author' }, { json: null }, 422],
    ['wrong types', { as: 'author' }, { json: { rating: '4.5', title: 7, body: ['x'] } }, 422],
    [
      'too much',
      { as: 'author' },
      { json: { ...text, body: 'x'.repeat(5001), title: 'y'.repeat(121) } },
      422,
    ],
    ['a form', { as: 'author' }, { form: { rating: '9', title: '', body: '' } }, 422],
    [
      'an unknown type',
      { as: 'author' },
      { raw: '<x/>', headers: { 'content-type': 'application/xml' } },
      415,
    ],
    ['a huge body', { as: 'author' }, { json: { body: 'x'.repeat(1_100_000) } }, 413],
  ] as const)('a review with %s', async (_name, who, what, status) => {
    const path = `/api/products/${await unreviewed(1)}/reviews`;
    expect((await sameFromBoth({ method: 'POST', path, ...who, ...what })).status).toBe(status);
  });

  it('votes: once, again, the other way, taken back', async () => {
    const path = `/api/reviews/${await published()}/votes`;
    const vote = (json: unknown, as?: 'reader') => sameFromBoth({ method: 'POST', path, as, json });
    expect((await vote({ helpful: true })).status).toBe(401);
    expect(JSON.parse((await vote({ helpful: true }, 'reader')).body.toString())).toMatchObject({
      changed: true,
    });
    expect(JSON.parse((await vote({ helpful: true }, 'reader')).body.toString())).toMatchObject({
      changed: false,
    });
    await sameFromBoth({ method: 'DELETE', path, as: 'reader' });
    await vote({ helpful: true }, 'reader');
    await vote({ helpful: false }, 'reader');
    await vote({ helpful: 'false' }, 'reader');
    expect((await vote({}, 'reader')).status).toBe(400);
    expect((await vote({ helpful: 'perhaps' }, 'reader')).status).toBe(400);
    await sameFromBoth({ path });
    await sameFromBoth({ method: 'DELETE', path, as: 'reader' });
    await sameFromBoth({ method: 'DELETE', path, as: 'reader' });
    expect((await sameFromBoth({ method: 'DELETE', path })).status).toBe(401);
    const missing = await sameFromBoth({
      method: 'POST',
      path: '/api/reviews/0/votes',
      as: 'reader',
      json: { helpful: true },
    });
    expect(missing.status).toBe(404);
  });

  it('votes on an own review are refused', async () => {
    const own = await number("SELECT id FROM reviews WHERE customer_id = 1 AND status = 'PUBLISHED' LIMIT 1");
    const path = `/api/reviews/${own}/votes`;
    expect((await sameFromBoth({ method: 'POST', path, as: 'author', json: { helpful: true } })).status).toBe(
      403,
    );
  });

  it('complaints: the third one hides a review', async () => {
    const id = await number(
      "SELECT max(id) AS id FROM reviews WHERE status = 'PUBLISHED' AND customer_id > 5",
    );
    const path = `/api/reviews/${id}/reports`;
    await sameFromBoth({ method: 'POST', path, json: { reason: 'spam' } });
    await sameFromBoth({ method: 'POST', path, as: 'reader', json: { reason: 'boring' } });
    await sameFromBoth({ method: 'POST', path, as: 'reader' });
    for (const as of ['reader', 'author', 'reader'] as const) {
      const answer = await sameFromBoth({
        method: 'POST',
        path,
        as,
        json: { reason: 'spam', note: 'see "here"' },
      });
      expect([202, 404]).toContain(answer.status);
    }
    expect((await sameFromBoth({ path: `/api/reviews/${id}` })).status).toBe(404);
  });

  it('moderation: only for staff, noted and told to the author', async () => {
    const path = `/api/reviews/${await pending()}/moderation`;
    const decide = (as: Call['as'], json: unknown) => sameFromBoth({ method: 'POST', path, as, json });
    expect((await decide(undefined, { decision: 'publish' })).status).toBe(401);
    expect((await decide('reader', { decision: 'publish' })).status).toBe(403);
    expect((await decide('moderator', { decision: 'constructor' })).status).toBe(422);
    expect((await decide('moderator', { decision: 'publish', reason: 'fine' })).status).toBe(200);
    expect((await decide('moderator', { decision: 'reject' })).status).toBe(200);
    await sameFromBoth({ path, as: 'moderator' });
  });
});

describe('writing with forms', () => {
  it('a review, with the token of the form, the cookie or none', async () => {
    const { rows } = await shops.monolith.database.query<{ slug: string }>(
      'SELECT slug FROM products WHERE id = $1',
      [await unreviewed(2)],
    );
    const path = `/products/${rows[0]?.slug}/reviews`;
    const form = { rating: '5', title: 'Very nice', body: 'Looks good on the table.' };
    const post = (more: Partial<Call>) =>
      sameFromBoth({ method: 'POST', path, form: { ...form, ...token }, ...more });
    expect((await post(csrf)).status).toBe(302);
    expect((await post({ as: 'reader' })).status).toBe(403);
    expect((await post({ as: 'reader', ...csrf, form })).status).toBe(403);
    expect((await post({ as: 'reader', ...csrf, form: { ...form, ...token, title: '<' } })).status).toBe(422);
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(
      (await post({ as: 'reader', ...csrf, form: undefined, raw: '--x--\r\n', headers: multipart })).status,
    ).toBe(403);
    const created = await post({ as: 'reader', ...csrf });
    expect(created.status).toBe(302);
    expect(created.headers).toContainEqual(['location', `http://shop.example${path}`]);
    await post({ as: 'reader', ...csrf });
    expect((await post({ as: 'reader', ...csrf, path: '/products/none/reviews' })).status).toBe(404);
  });

  it('accepts the random token of a page it has served', async () => {
    const path = `/products/${await slug()}/reviews`;
    for (const shop of [shops.monolith, shops.service]) {
      const page = await send(shop, { path, as: 'reader', ...csrf });
      const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body.toString())?.[1] ?? '';
      expect(_csrf).not.toBe(token._csrf);
      const form = { _csrf, rating: '0', title: '', body: '' };
      expect((await send(shop, { method: 'POST', path, as: 'reader', ...csrf, form })).status).toBe(422);
    }
  });

  it('changes, votes, complaints, moderation and deletion', async () => {
    const post = (path: string, as: Call['as'], form: Record<string, string> = {}) =>
      sameFromBoth({ method: 'POST', path, as, ...csrf, form: { ...form, ...token } });
    const own = await number('SELECT id FROM reviews WHERE customer_id = 2 ORDER BY id DESC LIMIT 1');
    const other = await published();
    await post(`/reviews/${own}/edit`, 'reader', {
      rating: '3',
      title: 'Changed',
      body: 'Not so good after all.',
    });
    expect((await post(`/reviews/${own}/edit`, 'reader', { rating: '3' })).status).toBe(422);
    await post(`/reviews/${own}/vote`, 'reader', { helpful: 'yes' });
    expect((await post(`/reviews/${other}/edit`, 'reader')).status).toBe(403);
    expect((await post(`/reviews/${other}/delete`, 'reader')).status).toBe(403);
    await post(`/reviews/${other}/vote`, 'reader', { helpful: 'yes' });
    await post(`/reviews/${other}/vote`, 'reader', { helpful: 'no' });
    await post(`/reviews/${other}/report`, 'reader', { reason: 'spam', note: 'x' });
    await post(`/reviews/${other}/report`, 'reader', { reason: 'boring' });
    expect((await post('/reviews/0/vote', 'reader')).status).toBe(404);
    expect((await post('/reviews/0/report', 'reader')).status).toBe(404);
    expect((await post(`/admin/reviews/${other}/moderate`, 'reader', { decision: 'reject' })).status).toBe(
      403,
    );
    await post(`/admin/reviews/${other}/moderate`, 'moderator', { decision: 'reject', reason: 'spam' });
    await post(`/admin/reviews/${other}/moderate`, 'moderator', { decision: 'explode' });
    expect((await post('/admin/reviews/0/moderate', 'moderator')).status).toBe(404);
    await post(`/reviews/${own}/delete`, 'reader');
    expect((await post(`/reviews/${own}/delete`, 'reader')).status).toBe(404);
    await sameFromBoth({ path: '/admin/reviews', as: 'moderator' });
    await sameFromBoth({ path: '/account/reviews', as: 'reader' });
  });
});

describe('what is no route', () => {
  it.each([
    ['POST', '/api/reviews/1'],
    ['PATCH', '/api/reviews/1'],
    ['OPTIONS', '/api/products/1/reviews'],
    ['DELETE', '/reviews/1'],
    ['GET', '/api/reviews'],
    ['GET', '/api/reviews/1/nothing'],
    ['GET', '/reviews'],
  ])('%s %s', async (method, path) => {
    expect((await sameFromBoth({ method, path })).status).toBe(404);
  });
});
