import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../cli/analysis/model.ts';
import type { Column, Table } from '../../cli/carve/gates/catalog.ts';
import { contractFiles } from '../../cli/carve/gates/contract.ts';
import { dataSourceOf, parseEnvFile, placeholders } from '../../cli/carve/gates/data-source.ts';
import { withCompiler } from '../../cli/carve/gates/engine-substitute.ts';
import { type JudgedTrial, judgeTrial, tellDifference, withoutOrders } from '../../cli/carve/gates/judge.ts';
import { reachOf } from '../../cli/carve/gates/reach.ts';
import { answersReport } from '../../cli/carve/gates/record.ts';
import type { GateReport } from '../../cli/carve/gates/report.ts';
import { type TrialRequest, trialRequests } from '../../cli/carve/gates/requests.ts';
import { inOrder, valuesOf } from '../../cli/carve/gates/sample-rows.ts';
import { satisfies } from '../../cli/carve/gates/version-range.ts';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { createRedactor } from '../../migration-plans/redact/redactor.ts';
import { column } from './gates/column.ts';

const table = (name: string, columns: Column[], more: Partial<Table> = {}): Table => ({
  schema: 'public',
  name,
  columns,
  primaryKey: ['id'],
  uniques: [],
  foreignKeys: [],
  checks: [],
  ...more,
});
const key = (from: string, to: string) => ({
  columns: [from],
  schema: 'public',
  table: to,
  references: ['id'],
});

describe('a range of versions', () => {
  it.each([
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '1.2.3', false],
    ['1.9.0', '^1.2.3', true],
    ['2.0.0', '^1.2.3', false],
    ['2.0.0-rc.1', '^1.2.3', false],
    ['0.2.9', '^0.2.3', true],
    ['0.3.0', '^0.2.3', false],
    ['0.0.4', '^0.0.3', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.9.0', '~1', true],
    ['4.0.0', '>=3 <5', true],
    ['5.0.0', '>= 3 < 5', false],
    ['3.1.4', '3.x', true],
    ['3.1.4', '3', true],
    ['4.0.0', '^3 || ^4', true],
    ['9.9.9', '*', true],
    ['1.2.3', 'next', undefined],
    ['1.2.3', 'github:a/b', undefined],
    ['1.2.3', '1.0.0 - 2.0.0', true],
    ['2.0.1', '1.0.0 - 2.0.0', false],
  ])('%s for %s: %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});

describe('sample rows', () => {
  it('come in an order that foreign keys allow, circles too', () => {
    const tables = [
      table('c', [column('id', 'integer'), column('b', 'integer')], { foreignKeys: [key('b', 'b')] }),
      table('b', [column('id', 'integer'), column('a', 'integer')], { foreignKeys: [key('a', 'a')] }),
      table('a', [column('id', 'integer'), column('c', 'integer', { required: false })], {
        foreignKeys: [key('c', 'c')],
      }),
    ];
    expect(inOrder(tables).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
  it('keep to types, lengths, labels, checks and keys, the same each time', () => {
    const books = table(
      'books',
      [
        column('id', 'integer', { automatic: true }),
        column('code', 'character varying', { length: 5 }),
        column('kind', 'USER', { labels: ['A', 'B'] }),
        column('rating', 'integer'),
        column('status', 'text'),
        column('price', 'numeric', { precision: 3, scale: 2 }),
        column('deleted_at', 'timestamp without time zone', { required: false }),
        column('author', 'integer'),
      ],
      {
        foreignKeys: [key('author', 'authors')],
        checks: [
          { columns: ['rating'], expression: 'CHECK (((rating >= 1) AND (rating <= 5)))' },
          { columns: ['status'], expression: "CHECK ((status = ANY (ARRAY['new'::text, 'it''s'::text])))" },
        ],
      },
    );
    const rows = new Map([['public.authors', [{ id: '7' }]]]);
    const made = [0, 1, 2].map((row) => Object.fromEntries(valuesOf(books, row, rows) ?? []));
    expect(made.map(({ code }) => code)).toEqual(['Samp1', 'Samp2', 'Samp3']);
    expect(made.map(({ kind }) => kind)).toEqual(['A', 'B', 'A']);
    expect(made.map(({ rating }) => rating)).toEqual(['1', '5', '1']);
    expect(made.map(({ status }) => status)).toEqual(['new', "it's", 'new']);
    expect(made.every(({ price }) => Number(price) < 10)).toBe(true);
    expect(made.every(({ deleted_at }) => deleted_at === null)).toBe(true);
    expect(made.every(({ author }) => author === '7')).toBe(true);
    expect(made.every((row) => !('id' in row))).toBe(true);
    expect(valuesOf(books, 0, new Map())).toBeUndefined();
  });
});

const model = (name: string, fields: [string, string][], more: Partial<Model> = {}): Model => ({
  name,
  table: name.toLowerCase(),
  kind: 'model',
  file: 's',
  line: 1,
  fields: fields.map(([field, type]) => ({
    name: field,
    column: field,
    type,
    list: false,
    optional: false,
    unique: field === 'slug',
  })),
  relations: [],
  enums: [],
  ...more,
});

describe('requests from routes', () => {
  const input = {
    models: [
      model('Author', [['id', 'Int']]),
      model(
        'Book',
        [
          ['id', 'Int'],
          ['slug', 'String'],
          ['authorId', 'Int'],
        ],
        {
          relations: [
            {
              field: 'author',
              target: 'Author',
              kind: 'many-to-one',
              owning: true,
              fields: ['authorId'],
              references: ['id'],
              optional: false,
            },
          ],
        },
      ),
    ],
    owned: ['Book'],
    tables: [
      table('author', [column('id', 'integer', { automatic: true })]),
      table('book', [
        column('id', 'integer', { automatic: true }),
        column('slug', 'text'),
        column('authorId', 'integer'),
      ]),
    ],
    rows: new Map([
      ['public.author', [{ id: '40' }]],
      [
        'public.book',
        [
          { id: '11', slug: 'one 1', authorId: '40' },
          { id: '12', slug: 'two', authorId: '40' },
          { id: '13', slug: 'x', authorId: '40' },
        ],
      ],
    ]),
  };
  const urls = (method: string, path: string): string[] =>
    trialRequests({ ...input, routes: [{ method, path }] })
      .filter((request) => !request.name.startsWith('after'))
      .map(({ url }) => url);
  it('take identifiers from rows by the names of parameters and of what stands before', () => {
    expect(urls('GET', '/books/:id')).toEqual([
      '/books/11',
      '/books/12',
      '/books/999999',
      "/books/not'an%20id",
    ]);
    expect(urls('GET', '/books/:slug')).toContain('/books/one%201');
    expect(urls('GET', '/authors/:authorId/books/:bookId')[0]).toBe('/authors/40/books/11');
    expect(urls('GET', '/books')).toEqual(['/books', '/books?page=2&limit=1']);
    expect(urls('DELETE', '/books/:id')[0]).toBe('/books/13');
  });
  it('send what a client would, then nothing, then rubbish; reads come first and again at the end', () => {
    const all = trialRequests({
      ...input,
      routes: [
        { method: 'POST', path: '/books' },
        { method: 'GET', path: '/books' },
      ],
    });
    expect(all.map(({ method, name }) => `${method} ${name}`)).toEqual([
      'GET a row: as it is',
      'GET a query',
      'POST a row: as it is',
      'POST an empty body',
      'POST a broken body',
      'GET after the writes: a row: as it is',
    ]);
    expect(JSON.parse(all[2]?.body ?? '')).toEqual({ slug: 'one 9', authorId: 40 });
  });
  it('are bounded, and none is made from a template that is known at run time only', () => {
    const routes = Array.from({ length: 500 }, (_, index) => ({ method: 'GET', path: `/r${index}/:id` }));
    expect(trialRequests({ ...input, routes }).length).toBe(400);
    expect(trialRequests({ ...input, routes: [{ method: 'GET', path: '/{prefix}/x' }] })).toEqual([]);
  });
});

const answer = (status: number, body: unknown): ShadowAnswer => {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status,
    rawHeaders: ['content-type', 'application/json'],
    body: bytes,
    bodyHash: undefined,
    bodyBytes: bytes.length,
    headMs: 1,
    totalMs: 1,
  };
};
const request = (url: string, method = 'GET'): TrialRequest => ({
  name: 'a row: 1',
  method,
  url,
  headers: {},
  body: null,
});
const routeOf = ({ method, url }: TrialRequest): string => `${method} ${url}`;

describe('judging answers', () => {
  it('leaves out what differs between two answers of the monolith, and nothing else', () => {
    const trial = judgeTrial({
      request: request('/a'),
      monolith: answer(200, { id: 1, at: 'x1', title: 'A' }),
      again: answer(200, { id: 1, at: 'x2', title: 'A' }),
      service: answer(200, { id: 1, at: 'x3', title: 'B' }),
    });
    expect(trial.differences).toMatchObject([{ path: '$.title' }]);
    expect(tellDifference(trial, trial.differences[0]!)).toBe(
      'GET /a (a row: 1): $.title: the monolith says A, the service B',
    );
  });
  it('finds a field that varies and is missing in the service', () => {
    const trial = judgeTrial({
      request: request('/a'),
      monolith: answer(200, { at: 'x1' }),
      again: answer(200, { at: 'x2' }),
      service: answer(200, {}),
    });
    expect(trial.differences).toMatchObject([{ path: '$.at', kind: 'missing' }]);
  });
  it('takes the order in the answer to a write for none where it is none wherever it is read, and never in a reading', () => {
    const [ab, ba] = [
      ['a', 'b'],
      ['b', 'a'],
    ].map((tags) => answer(200, { tags }));
    const sides = { monolith: ab!, service: ba! };
    const unordered = judgeTrial({ request: request('/any'), ...sides, again: ba! });
    const trial = (method: string) =>
      judgeTrial({ request: { ...request('/kept'), method }, ...sides, again: ab! });
    const orders = (trials: JudgedTrial[]) =>
      withoutOrders(trials).map(({ differences }) => differences.map(({ kind }) => kind));
    expect(orders([unordered, trial('POST'), trial('GET')])).toEqual([[], [], ['order']]);
    expect(orders([trial('POST')])).toEqual([['order']]);
  });
  it('proves nothing where the monolith only fails, and says which routes never succeeded', () => {
    const failing = [500, 503].map((status) => {
      const same = answer(status, {});
      return judgeTrial({ request: request(`/${status}`), monolith: same, again: same, service: same });
    });
    const report = (trials: JudgedTrial[], routes: string[]): GateReport =>
      answersReport(trials, {
        routes: reachOf(trials, routes, routeOf),
        signedIn: [],
        notes: [],
        hide: (text) => text,
      });
    expect(report(failing, ['GET /500', 'GET /503'])).toMatchObject({ status: 'not-run' });
    expect(report([], ['GET /500'])).toMatchObject({
      status: 'not-run',
      remedy: expect.stringContaining('--requests'),
    });
    const [ok, denied] = [answer(200, {}), answer(401, {})];
    const mixed = [
      judgeTrial({ request: request('/ok'), monolith: ok, again: ok, service: ok }),
      judgeTrial({ request: request('/me'), monolith: denied, again: denied, service: denied }),
    ];
    expect(report(mixed, ['GET /ok', 'GET /me'])).toMatchObject({
      status: 'passed',
      summary: '2 of 2 answers are equal; 1 of 2 routes answered with success (as nobody: 1)',
      details: [
        expect.stringMatching(/^GET \/me was never answered with success \(401\): it asks who is calling/),
      ],
      remedy: expect.stringContaining('--requests'),
      routes: [
        { route: 'GET /ok', reached: 'success', as: ['nobody'], statuses: [200], why: '' },
        { route: 'GET /me', reached: 'refused', as: [], statuses: [401] },
      ],
    });
  });
});

describe('contract tests', () => {
  const now = new Date('2026-03-04T05:06:07Z');
  const files = (body: unknown, again: unknown = body): Map<string, string> => {
    const trial = judgeTrial({
      request: request('/a'),
      monolith: answer(200, body),
      again: answer(200, again),
      service: answer(200, body),
    });
    return new Map(
      contractFiles('test/contract/', [trial], routeOf, '', createRedactor([]), now).map(({ path, text }) => [
        path,
        text,
      ]),
    );
  };
  const kept = (body: unknown, again?: unknown): unknown => {
    const { exchanges } = JSON.parse(files(body, again).get('test/contract/get-a.json') ?? '');
    return JSON.parse(exchanges[0].answer.body);
  };
  it('keep what stays, and not what varies, is of today, or is secret', () => {
    expect(kept({ a: 1, r: 'x' }, { a: 1, r: 'y' })).toEqual({ a: 1, r: '«varies»' });
    expect(
      kept({
        day: '2026-03-04',
        at: now.getTime() + 5,
        s: Math.floor(now.getTime() / 1000),
        old: '2024-01-01',
      }),
    ).toEqual({
      day: '«varies»',
      at: '«varies»',
      s: '«varies»',
      old: '2024-01-01',
    });
    expect(JSON.stringify(kept({ password: 'hunter2hunter2', name: 'x' }))).not.toContain('hunter2');
  });
  it('keep no order that some list of the name does not have, though two answers agreed by chance', () => {
    const trial = (url: string, tags: string[], again: string[]) =>
      judgeTrial({
        request: request(url),
        monolith: answer(200, { tags, n: 1 }),
        again: answer(200, { tags: again, n: 1 }),
        service: answer(200, { tags, n: 1 }),
      });
    const trials = [
      trial('/any', ['a', 'b'], ['b', 'a']),
      trial('/a', ['a', 'b'], ['a', 'b']),
      trial('/a', ['a'], ['a']),
    ];
    const made = contractFiles('c/', trials, routeOf, '', createRedactor([]), now);
    const { exchanges } = JSON.parse(made.find(({ path }) => path === 'c/get-a.json')?.text ?? '');
    const bodies = exchanges.map(({ answer: { body } }: { answer: { body: string } }) => JSON.parse(body));
    expect(bodies).toEqual([
      { tags: '«varies»', n: 1 },
      { tags: ['a'], n: 1 },
    ]);
  });
  it('take what varied in one answer of a route to vary in all, and say where', () => {
    const trial = (again: string) =>
      judgeTrial({
        request: request('/a'),
        monolith: answer(200, { r: 'x', day: '2026-03-04' }),
        again: answer(200, { r: again, day: '2026-03-04' }),
        service: answer(200, { r: 'x', day: '2026-03-04' }),
      });
    const [made] = contractFiles('c/', [trial('y'), trial('x')], routeOf, '', createRedactor([]), now);
    for (const exchange of JSON.parse(made?.text ?? '').exchanges) {
      expect(JSON.parse(exchange.answer.body)).toEqual({ r: '«varies»', day: '«varies»' });
      expect(exchange.varies).toEqual(['$.day', '$.r']);
    }
  });
  it('are plain Node, in the order in which they were recorded', () => {
    const made = files({ a: 1 });
    expect([...made.keys()]).toEqual([
      'test/contract/get-a.json',
      'test/contract/order.json',
      'test/contract/contract.test.mjs',
    ]);
    const imports = [...(made.get('test/contract/contract.test.mjs') ?? '').matchAll(/from '([^']+)'/g)].map(
      ([, name]) => name,
    );
    expect(imports.every((name) => name?.startsWith('node:'))).toBe(true);
  });
  it('leave out exchanges that differ', () => {
    const trial = judgeTrial({
      request: request('/a'),
      monolith: answer(200, 1),
      again: answer(200, 1),
      service: answer(200, 2),
    });
    expect(contractFiles('c/', [trial], routeOf, '', createRedactor([]), now)).toEqual([]);
  });
});

describe('Prisma without its engine', () => {
  it('only the classic client’s generator is told to use the compiler', () => {
    const classic = 'generator client {\n  provider = "prisma-client-js"\n  engineType = "library"\n}\n';
    expect(withCompiler(classic)).toBe(
      'generator client {\n  engineType = "client"\n  provider = "prisma-client-js"\n}\n',
    );
    const others = 'generator docs {\n  provider = "prisma-docs"\n}\n\nmodel A {\n  id Int @id\n}\n';
    expect(withCompiler(others)).toBe(others);
  });
});

describe('the environment of an application that is tried', () => {
  it('knows the database of the schema', () => {
    const schema = 'datasource db {\n  provider = "postgres"\n  url      = env("SHOP_DB")\n}\n';
    expect(dataSourceOf(['model A { id Int }', schema])).toEqual({
      provider: 'postgresql',
      variable: 'SHOP_DB',
    });
    expect(dataSourceOf([])).toEqual({ provider: 'postgresql', variable: 'DATABASE_URL' });
  });
  it('takes example values, never a database of theirs', () => {
    const examples = parseEnvFile('A=1 # one\nexport B="x # y"\n# C=3\nDATABASE_URL=postgres://prod/live\n');
    expect(examples).toMatchObject({ A: '1', B: 'x # y' });
    const made = placeholders(
      ['A', 'DATABASE_URL', 'JWT_EXPIRATION_MINUTES', 'JWT_SECRET', 'API_URL'],
      examples,
      {
        variable: 'DATABASE_URL',
        url: 'postgres://ours',
      },
    );
    expect(made).toMatchObject({
      A: '1',
      DATABASE_URL: 'postgres://ours',
      JWT_EXPIRATION_MINUTES: '10',
      API_URL: 'http://127.0.0.1:9',
    });
    expect(made.JWT_SECRET?.length).toBeGreaterThan(32);
  });
  it('reads any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseEnvFile(text)));
  });
});
