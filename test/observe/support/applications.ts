import type { Values } from './values.ts';
import * as value from './values.ts';

/** A route of an application whose table is known. */
export interface KnownRoute {
  method: string;
  /** As its framework has it: `/products/:slug/reviews`, or with a tail. */
  path: string;
  /** How often it is called, beside the others. */
  often: number;
  /** By name of the parameter in the path; `*` for a tail. */
  values?: Record<string, Values>;
  query?: string[];
  type?: string;
  body?: string;
  status?: number;
  /** Bytes of the answer, if they are always the same. */
  bytes?: number;
}

export interface Application {
  name: string;
  routes: KnownRoute[];
}

const get = (
  path: string,
  often: number,
  values: Record<string, Values> = {},
  more: Partial<KnownRoute> = {},
): KnownRoute => ({
  method: 'GET',
  path,
  often,
  values,
  ...more,
});
const write = (
  method: string,
  path: string,
  often: number,
  values: Record<string, Values> = {},
  more: Partial<KnownRoute> = {},
): KnownRoute => ({
  method,
  path,
  often,
  values,
  type: 'application/json',
  body: 'application/json',
  ...more,
});
const json = { type: 'application/json' };

/** `/users` … as generators of frameworks make them. */
function resources(name: string, often: number, id: Values): KnownRoute[] {
  return [
    get(`/${name}`, often, {}, { query: ['page', 'per_page'] }),
    get(`/${name}/new`, often / 10),
    get(`/${name}/:id`, often * 2, { id }),
    get(`/${name}/:id/edit`, often / 10, { id }),
    write('POST', `/${name}`, often / 8, {}, { status: 302, body: 'application/x-www-form-urlencoded' }),
    write('PATCH', `/${name}/:id`, often / 8, { id }, { status: 302 }),
    write('DELETE', `/${name}/:id`, often / 20, { id }, { status: 302 }),
  ];
}

const REST: Application = {
  name: 'REST',
  routes: [
    get('/api/products', 40, {}, { ...json, query: ['page', 'sort', 'filter[color]'] }),
    get('/api/products/:id', 90, { id: value.number(800) }, json),
    write('POST', '/api/products', 2),
    write('PUT', '/api/products/:id', 3, { id: value.number(800) }),
    write('DELETE', '/api/products/:id', 1, { id: value.number(800) }),
    get('/api/products/:id/reviews', 30, { id: value.number(800) }, json),
    write('POST', '/api/products/:id/reviews', 4, { id: value.number(800) }, { status: 201 }),
    get('/api/products/:id/reviews/:review', 9, { id: value.number(300), review: value.number(4000) }, json),
    get('/api/orders', 12, {}, json),
    get('/api/orders/:id', 25, { id: value.uuid }, json),
    write('POST', '/api/orders', 8, {}, { status: 201 }),
    get('/api/orders/:id/items', 9, { id: value.uuid }, json),
    get('/api/orders/:id/items/:item', 4, { id: value.uuid, item: value.number(9) }, json),
    get('/api/users/me', 40, {}, json),
    get('/api/users/:id', 12, { id: value.objectId }, json),
    get('/api/users/:id/avatar', 6, { id: value.objectId }, { type: 'image/png' }),
    get('/api/search', 20, {}, { ...json, query: ['q'] }),
    get('/api/search/suggest', 9, {}, { ...json, query: ['q'] }),
    get('/api/categories', 10, {}, json),
    get('/api/categories/:slug', 20, { slug: value.category(15) }, json),
    get('/api/reports/sales/:date', 3, { date: value.date }, json),
    get('/api/reports/stock', 2, {}, json),
    write('POST', '/api/login', 10),
    write('POST', '/api/logout', 5),
    get('/healthz', 30, {}, json),
  ],
};

const SHOP: Application = {
  name: 'shop with pages',
  routes: [
    get('/', 60),
    get('/products', 30, {}, { query: ['page', 'sort'] }),
    get('/products/:slug', 90, { slug: value.slug(300) }),
    get('/products/:slug/reviews', 20, { slug: value.slug(300) }),
    write(
      'POST',
      '/products/:slug/reviews',
      3,
      { slug: value.slug(300) },
      { body: 'application/x-www-form-urlencoded', status: 303 },
    ),
    get('/categories/:slug', 30, { slug: value.category(15) }),
    get('/cart', 20),
    write('POST', '/cart/items', 9, {}, { body: 'application/x-www-form-urlencoded', status: 303 }),
    write('POST', '/cart/items/:id/remove', 2, { id: value.number(9000) }, { status: 303 }),
    get('/checkout', 6),
    write('POST', '/checkout', 3, {}, { status: 303 }),
    get('/checkout/thank-you', 3),
    get('/login', 9),
    write('POST', '/login', 6, {}, { status: 303 }),
    get('/password/reset/:token', 2, { token: value.secret }),
    get('/account', 6),
    get('/account/orders', 5),
    get('/account/orders/:number', 5, { number: value.number(9000) }),
    get('/account/change-password', 1),
    get('/account/email-preferences', 1),
    get('/account/saved-cards', 1),
    get('/about-us', 2),
    get('/privacy-policy', 2),
    get('/terms-and-conditions', 1),
    get('/contact', 2),
    get('/blog', 4),
    get('/blog/:year/:month/:slug', 9, { year: () => '2026', month: () => '05', slug: value.slug(60) }),
    get('/newsletter/unsubscribe/:email', 1, { email: value.email }),
    get('/robots.txt', 3, {}, { type: 'text/plain' }),
    get('/favicon.ico', 9, {}, { type: 'image/x-icon' }),
    get('/sitemap.xml', 1, {}, { type: 'application/xml' }),
    get('/images/:file', 60, { file: value.image }, { type: 'image/jpeg' }),
  ],
};

const RAILS: Application = {
  name: 'resources as Rails makes them',
  routes: [
    ...['articles', 'comments', 'users', 'tags', 'invoices', 'customers', 'projects', 'tasks'].flatMap(
      (name, at) => resources(name, 40 - at * 4, value.number(200 + at * 100)),
    ),
    get('/articles/:id/comments', 20, { id: value.number(200) }),
    write('POST', '/articles/:id/comments', 5, { id: value.number(200) }, { status: 302 }),
    get('/articles/:id.json', 8, { id: value.number(200) }, json),
    get('/admin/dashboard', 3),
    get('/admin/users/:id', 3, { id: value.number(90) }),
    get('/up', 9),
  ],
};

const PHP: Application = {
  name: 'PHP',
  routes: [
    get('/index.php', 90, {}, { query: ['page', 'id', 'lang'] }),
    write(
      'POST',
      '/index.php',
      9,
      {},
      { body: 'application/x-www-form-urlencoded', type: 'text/html', query: ['page'] },
    ),
    get('/login.php', 5),
    write('POST', '/login.php', 4, {}, { body: 'application/x-www-form-urlencoded', status: 302 }),
    get('/forum/viewtopic.php', 40, {}, { query: ['t', 'start'] }),
    get('/forum/viewforum.php', 20, {}, { query: ['f'] }),
    get('/forum/posting.php', 5, {}, { query: ['mode', 't'] }),
    get('/admin/users.php', 2),
    get('/admin/orders.php', 2),
    get('/admin/settings.php', 1),
    get('/css/:file', 20, { file: value.asset('css') }, { type: 'text/css' }),
    get('/uploads/:file', 30, { file: value.image }, { type: 'image/jpeg' }),
  ],
};

const GRAPHQL: Application = {
  name: 'GraphQL',
  routes: [
    write('POST', '/graphql', 200),
    get('/graphql', 3, {}, { query: ['query', 'variables', 'operationName'], ...json }),
    get('/files/:id', 20, { id: value.uuid }, { type: 'application/pdf' }),
    write('POST', '/webhooks/stripe', 3),
    write('POST', '/webhooks/github', 2),
    get('/health', 9, {}, json),
  ],
};

const VERSIONED: Application = {
  name: 'versioned API',
  routes: ['v1', 'v2'].flatMap((version) => [
    get(`/api/${version}/accounts`, 20, {}, json),
    get(`/api/${version}/accounts/:id`, 40, { id: value.prefixed('acct') }, json),
    get(`/api/${version}/accounts/:id/payments`, 20, { id: value.prefixed('acct') }, json),
    get(`/api/${version}/payments/:id`, 30, { id: value.prefixed('pay') }, json),
    write('POST', `/api/${version}/payments`, 9, {}, { status: 201 }),
    write('POST', `/api/${version}/payments/:id/refund`, 2, { id: value.prefixed('pay') }),
    get(`/api/${version}/exchange-rates/:date`, 5, { date: value.date }, json),
    get(`/api/${version}/blobs/:sha`, 9, { sha: value.sha }, { type: 'application/octet-stream' }),
    get(`/api/${version}/objects/:key`, 5, { key: value.encoded }, { type: 'application/octet-stream' }),
    get(`/api/${version}/videos/:id`, 9, { id: value.shortId }, json),
  ]),
};

const STATIC: Application = {
  name: 'static assets',
  routes: [
    get('/', 20),
    get(
      '/assets/*',
      90,
      {
        '*': (random) =>
          random() < 0.5
            ? `js/${value.asset('js')(random)}`
            : random() < 0.5
              ? `css/${value.asset('css')(random)}`
              : `img/icons/${value.image(random)}`,
      },
      { type: 'text/javascript' },
    ),
    get('/media/:file', 40, { file: value.image }, { type: 'image/jpeg' }),
    get('/api/status', 9, {}, json),
    get('/docs', 5),
    get('/docs/getting-started', 5),
    get('/docs/installation', 4),
    get('/docs/configuration', 4),
  ],
};

const SPA: Application = {
  name: 'application in the browser',
  routes: [
    get(
      '/*',
      60,
      {
        '*': (random) =>
          [
            '',
            'inbox',
            'settings',
            'settings/profile',
            `projects/${value.number(40)(random)}`,
            `projects/${value.number(40)(random)}/board`,
            `users/${value.username(40)(random)}`,
            'calendar',
          ][Math.floor(random() * 8)]!,
      },
      { bytes: 2_310 },
    ),
    get('/static/:file', 40, { file: value.asset('js') }, { type: 'text/javascript' }),
    get('/api/projects', 20, {}, json),
    get('/api/projects/:id', 40, { id: value.number(40) }, json),
    write('PATCH', '/api/projects/:id', 9, { id: value.number(40) }),
    get('/api/users/:name', 9, { name: value.username(40) }, json),
    get('/api/session', 30, {}, json),
  ],
};

const COMMUNITY: Application = {
  name: 'community in several languages',
  routes: [
    get('/:locale', 20, { locale: value.locale }),
    get('/:locale/topics', 20, { locale: value.locale }),
    get('/:locale/topics/:slug', 60, { locale: value.locale, slug: value.slug(500) }),
    get('/:locale/users/:name', 40, { locale: value.locale, name: value.username(400) }),
    get('/:locale/users/:name/followers', 9, { locale: value.locale, name: value.username(400) }),
    get('/:locale/cities/:city', 20, { locale: value.locale, city: value.city }),
    get('/:locale/about', 3, { locale: value.locale }),
    write('POST', '/api/topics/:slug/replies', 9, { slug: value.slug(500) }, { status: 201 }),
    get('/api/users/:name', 20, { name: value.username(400) }, json),
  ],
};

export const APPLICATIONS: readonly Application[] = [
  REST,
  SHOP,
  RAILS,
  PHP,
  GRAPHQL,
  VERSIONED,
  STATIC,
  SPA,
  COMMUNITY,
];
