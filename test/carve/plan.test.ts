import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyzeDeep, type DeepAnalysis } from '../../cli/analysis/pipeline.ts';
import type { CarvePlan } from '../../cli/carve/model.ts';
import { planCarve } from '../../cli/carve/plan.ts';
import { produce } from '../../cli/carve/produce.ts';
import { digestOf } from '../../cli/carve/write/digest.ts';
import { decided, fixture, slice } from './slice-support.ts';

const REVIEWS = 'reviews=services/reviews.js,routes/reviews.js,Review';
const names = (list: readonly { file: string; name: string }[]): string[] =>
  list.map((item) => `${item.file} ${item.name.split(' ')[0]}`);
const kinds = (plan: CarvePlan): string[] =>
  plan.refusals.map((refusal) => `${refusal.kind} ${refusal.file}:${refusal.line}`);

let shop: DeepAnalysis;
let magazine: DeepAnalysis;
beforeAll(() => {
  shop = analyzeDeep({ dir: fixture('express-cjs'), capabilities: [REVIEWS] });
  magazine = analyzeDeep({ dir: fixture('express-ts-layers') });
});
const reviews = (choices: Readonly<Record<string, string>> = {}): CarvePlan =>
  planCarve(shop, 'reviews', decided(choices));

describe('reviews of a CommonJS shop', () => {
  it('moves what only the capability uses, and leaves what nothing of it needs', () => {
    const plan = reviews();
    expect(names(plan.moved)).toEqual([
      'routes/reviews.js express',
      'routes/reviews.js asyncHandler',
      'routes/reviews.js reviews',
      'routes/reviews.js module.exports',
      'services/reviews.js books',
      'services/reviews.js listForBook',
      'services/reviews.js add',
    ]);
    expect(names(plan.stays)).toEqual(
      expect.arrayContaining([
        'routes/orders.js module.exports',
        'services/orders.js reserve',
        'services/reviews.js latest',
      ]),
    );
  });
  it('copies the client, the middleware and what both sides load, with a digest for the drift check', () => {
    const { copied } = reviews();
    expect(copied.map((item) => `${item.file} ${item.name.split(' ')[0]} ${item.as}`)).toEqual(
      expect.arrayContaining([
        'db.js client client',
        'middleware/auth.js exports.requireUser middleware',
        'app.js app.use(express.json()); shared-code',
        'services/reviews.js getDb shared-code',
      ]),
    );
    const text = readFileSync(join(fixture('express-cjs'), 'middleware/auth.js'), 'utf8');
    const middleware = copied.find((item) => item.as === 'middleware');
    expect(middleware?.digest).toBe(digestOf(text.slice(text.indexOf('exports.requireUser')).trimEnd()));
  });
  it('calls what works on models that stay, from one place each', () => {
    expect(reviews().remote).toEqual([
      {
        name: 'exists',
        file: 'services/books.js',
        line: 12,
        direction: 'service-to-monolith',
        parameters: ['id'],
        models: [{ name: 'Book', access: 'read' }],
        batch: false,
        callers: [{ file: 'services/reviews.js', line: 9 }],
        why: 'works on models that stay in the monolith',
      },
    ]);
  });
  it('accounts for every symbol of the monolith once', () => {
    for (const choices of [{}, { '*': 'shared-database' }] as Record<string, string>[]) {
      const plan = reviews(choices);
      const all = [...plan.moved, ...plan.copied, ...plan.stays].map((item) => `${item.file}:${item.line}`);
      const symbols = [...shop.tables.values()].flatMap(({ module, symbols: list }) =>
        list.map((symbol) => `${module.source.name}:${symbol.line}`),
      );
      expect(all.sort()).toEqual(symbols.sort());
    }
  });
  it('tells which keys are cut and what becomes an id', () => {
    expect(reviews().tables).toEqual([
      {
        model: 'Review',
        table: 'Review',
        foreignKeysCut: [
          { from: 'Review', field: 'book', to: 'Book', columns: ['bookId'] },
          { from: 'Review', field: 'user', to: 'User', columns: ['userId'] },
        ],
        becomesId: [
          { field: 'book', target: 'Book' },
          { field: 'user', target: 'User' },
        ],
        joinTables: [],
      },
    ]);
  });
  it('refuses what nobody has decided, with place, reason, key and choices', () => {
    const plan = reviews();
    expect(kinds(plan)).toEqual([
      'identity middleware/auth.js:3',
      'cascade prisma/schema.prisma:22',
      'joined-query services/books.js:6',
      'joined-query services/reviews.js:6',
      'joined-query services/reviews.js:10',
      'owned-access services/reviews.js:12',
    ]);
    for (const refusal of plan.refusals) {
      expect(refusal.decision).toBe(`${refusal.key}: ${refusal.options.join(' | ')}`);
      expect(refusal.reason).toMatch(/\w/);
    }
    expect(plan.refusals[0]).toEqual({
      kind: 'identity',
      file: 'middleware/auth.js',
      line: 3,
      reason: 'the middleware requireUser looks up User, which stays in the monolith',
      key: 'identity:middleware/auth.js:requireUser',
      options: ['shared-database', 'ask-monolith'],
      decision: 'identity:middleware/auth.js:requireUser: shared-database | ask-monolith',
    });
  });
  it('needs exactly the packages that its code uses', () => {
    expect(reviews().dependencies).toEqual(['@prisma/client', 'express', 'express-async-handler']);
  });
});

describe('articles of a layered magazine', () => {
  it('offers to keep a transaction in the monolith only where its function can be called', () => {
    const articles = planCarve(magazine, 'articles', new Map());
    expect(articles.refusals.find((refusal) => refusal.kind === 'split-transaction')).toMatchObject({
      file: 'src/people/people.service.ts',
      line: 13,
      options: ['shared-database'],
    });
    const orders = planCarve(shop, 'orders', new Map());
    expect(orders.refusals.find((refusal) => refusal.kind === 'split-transaction')).toMatchObject({
      key: 'split-transaction:services/orders.js#checkout:Order+OrderItem:Book',
      options: ['keep-in-monolith', 'shared-database'],
    });
  });
  it('lists the routes with their places', () => {
    expect(planCarve(magazine, 'articles', new Map()).routes).toContainEqual({
      method: 'POST',
      path: '/v1/articles/:slug/publish',
      file: 'src/articles/article.controller.ts',
      line: 18,
    });
  });
});

describe('decisions', () => {
  it('shared-database leaves a query where it is', () => {
    const plan = reviews({ 'joined-query:services/reviews.js#add:Book:read': 'shared-database' });
    expect(plan.resolved).toMatchObject([
      { kind: 'joined-query', chosen: 'shared-database', because: 'a test' },
    ]);
    expect(kinds(plan)).not.toContain('joined-query services/reviews.js:10');
    expect(names(plan.moved)).toContain('services/reviews.js add');
  });
  it('keep-in-monolith makes the function a port, and what only it needed stays', () => {
    const before = planCarve(shop, 'orders', new Map());
    expect(names(before.moved)).toContain('services/orders.js reserve');
    const plan = planCarve(
      shop,
      'orders',
      decided({ 'split-transaction:services/orders.js#checkout:*': 'keep-in-monolith' }),
    );
    expect(plan.remote).toMatchObject([
      { direction: 'service-to-monolith', file: 'services/orders.js', name: 'checkout' },
    ]);
    expect(names(plan.stays)).toContain('services/orders.js reserve');
    expect(kinds(plan).filter((kind) => kind.startsWith('foreign-access'))).toEqual([]);
  });
  it('ask-monolith takes the lookup out of the middleware', () => {
    const plan = reviews({ 'identity:middleware/auth.js:requireUser': 'ask-monolith' });
    expect(plan.resolved).toMatchObject([{ kind: 'identity', chosen: 'ask-monolith' }]);
    expect(names(plan.stays)).toContain('middleware/auth.js getDb');
  });
  it('port:FILE#NAME takes a function along that could be called', () => {
    const plan = reviews({ 'port:services/books.js#exists': 'shared-database' });
    expect(plan.remote).toEqual([]);
    expect(names(plan.moved)).toContain('services/books.js exports.exists');
    expect(plan.staleDecisions).toEqual([]);
    expect(kinds(plan)).toContain('foreign-access services/books.js:12');
  });
  it('with * fit many, the own key before a pattern, a pattern only where its choice is offered', () => {
    const plan = reviews({ '*': 'shared-database', 'identity:*': 'ask-monolith' });
    expect(plan.refusals).toEqual([]);
    expect(plan.resolved.map((item) => `${item.kind} ${item.chosen}`)).toContain('identity shared-database');
    const exact = reviews({
      '*': 'shared-database',
      'identity:middleware/auth.js:requireUser': 'ask-monolith',
    });
    expect(exact.resolved.find((item) => item.kind === 'identity')?.chosen).toBe('ask-monolith');
    const asked = reviews({ '*': 'ask-monolith' });
    expect(asked.resolved.map((item) => item.kind)).toEqual(['identity']);
  });
  it('that no refusal asks for any more are told as stale', () => {
    const plan = reviews({
      'identity:gone': 'ask-monolith',
      'port:services/books.js#gone': 'shared-database',
    });
    expect(plan.staleDecisions).toEqual(['identity:gone', 'port:services/books.js#gone']);
  });
  it('must be one of the choices; all that are not are told at once, with the near one', () => {
    expect(() =>
      reviews({
        'identity:middleware/auth.js:requireUser': 'ask-monolit',
        'joined-query:services/reviews.js#add:Book:read': 'keep-in-monolith',
      }),
    ).toThrowError(
      expect.objectContaining({
        code: 'CARVE_UNKNOWN_OPTION',
        remedy: expect.stringContaining('Did you mean ask-monolith?'),
        findings: [
          expect.objectContaining({ place: { file: 'middleware/auth.js', line: 3 } }),
          expect.objectContaining({ place: { file: 'services/reviews.js', line: 10 } }),
        ],
      }),
    );
  });
  it('keep their keys when lines shift', () => {
    const files = {
      'app.js': `const express = require('express');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
app.get('/notes', async (req, res) => res.json(await prisma.note.findMany({ include: { author: true } })));
app.get('/users', async (req, res) => res.json(await prisma.user.findMany()));
module.exports = app;
`,
    };
    const [before] = slice(files).plan.refusals;
    const [after] = slice({ 'app.js': `// A line more.\n${files['app.js']}` }).plan.refusals;
    expect(before?.kind).toBe('joined-query');
    expect(after?.line).toBe((before?.line ?? 0) + 1);
    expect(after?.key).toBe(before?.key);
  });
});

describe('what else is refused', () => {
  const app = (handlers: string, rest = ''): Record<string, string> => ({
    'app.js': `const express = require('express');
const helpers = require('./helpers');
const app = express();
${handlers}
module.exports = app;
`,
    'db.js': "const { PrismaClient } = require('@prisma/client');\nexports.prisma = new PrismaClient();\n",
    'helpers.js': rest,
  });
  it('statements that run on loading a file of which a part is taken: in both, or in the monolith only', () => {
    const files = app(
      "app.get('/notes', helpers.list);\napp.get('/users', helpers.users);",
      `const { prisma } = require('./db');
console.log('loaded');
exports.list = async (req, res) => res.json(await prisma.note.findMany());
exports.users = async (req, res) => res.json(await prisma.user.findMany());
`,
    );
    const open = slice(files);
    expect(open.plan.refusals).toMatchObject([
      { kind: 'side-effect', file: 'helpers.js', line: 2, options: ['in-both', 'only-monolith'] },
    ]);
    const [refusal] = open.plan.refusals;
    const both = slice(files, { choices: { [refusal?.key ?? '']: 'in-both' } });
    expect(both.text['helpers.js']).toContain('console.log');
    const only = slice(files, { choices: { [refusal?.key ?? '']: 'only-monolith' } });
    expect(only.plan.refusals).toEqual([]);
    expect(only.text['helpers.js']).not.toContain('console.log');
  });
  it('memory that both sides use: a copy each', () => {
    const files = app(
      "app.get('/notes', helpers.list);\napp.get('/users', helpers.users);",
      `const { prisma } = require('./db');
const seen = new Map();
exports.list = async (req, res) => {
  seen.set('notes', 1);
  res.json(await prisma.note.findMany());
};
exports.users = async (req, res) => {
  seen.set('users', 1);
  res.json(await prisma.user.findMany());
};
`,
    );
    const { plan } = slice(files);
    expect(plan.refusals).toMatchObject([
      { kind: 'shared-state', file: 'helpers.js', line: 2, options: ['separate-copies'] },
    ]);
    expect(slice(files, { choices: { 'shared-state:*': 'separate-copies' } }).plan.refusals).toEqual([]);
  });
  it('code that can only be read at run time: unless it moves safely', () => {
    const files = app(
      "app.get('/notes', helpers.list);",
      `const { prisma } = require('./db');
exports.list = async (req, res) => {
  const format = require(process.env.FORMAT);
  res.json(format(await prisma.note.findMany()));
};
`,
    );
    expect(slice(files).plan.refusals).toMatchObject([
      { kind: 'dynamic-require', file: 'helpers.js', line: 3, options: ['moves-safely'] },
    ]);
    expect(slice(files, { choices: { 'dynamic-require:*': 'moves-safely' } }).plan.refusals).toEqual([]);
  });
  it('calls over the network while a transaction is open, and what can’t be sent', () => {
    const files = app(
      "app.post('/notes', helpers.add);",
      `const { prisma } = require('./db');
async function author(email) {
  return prisma.user.findUnique({ where: { email } });
}
async function touch(tx, id) {
  return tx.user.update({ where: { id }, data: {} });
}
exports.add = async (req, res) => {
  const note = await prisma.$transaction(async (tx) => {
    const user = await author(req.body.email);
    await touch(tx, user.id);
    return tx.note.create({ data: { text: req.body.text, authorId: user.id } });
  });
  res.json(note);
};
`,
    );
    const { plan } = slice(files);
    expect(plan.remote.map((port) => port.name)).toEqual(['author', 'touch']);
    expect(plan.refusals.map((refusal) => `${refusal.kind} ${refusal.options.join()}`)).toEqual(
      expect.arrayContaining(['call-in-transaction shared-database', 'signature shared-database']),
    );
    const along = slice(files, { choices: { '*': 'shared-database' } });
    expect(along.plan.refusals).toEqual([]);
    expect(along.plan.remote).toEqual([]);
    expect(along.spec.models.shared).toEqual([{ name: 'User', access: ['read', 'write'] }]);
  });
});

describe('a grouping of the architect', () => {
  it('with folders or files means the routes that these register or serve, and no others', () => {
    const deep = analyzeDeep({ dir: fixture('express-cjs'), capabilities: ['api=routes/books.js,Order'] });
    expect(planCarve(deep, 'api', new Map()).routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/books',
      'POST /api/books',
      'DELETE /api/books/:id',
      'GET /api/books/:id',
    ]);
  });
  it('without a route is refused, since a service is reached through its routes', () => {
    const deep = analyzeDeep({ dir: fixture('express-cjs'), capabilities: ['jobs=jobs.js'] });
    expect(() => planCarve(deep, 'jobs', new Map())).toThrowError(
      expect.objectContaining({ code: 'CARVE_NO_ROUTES', exitCode: 2 }),
    );
  });
});

describe('what is decided in a file', () => {
  const planned = async (text: string): Promise<CarvePlan> => {
    const { plan } = await produce(
      {
        dir: fixture('express-cjs'),
        capability: 'reviews',
        capabilities: [REVIEWS],
        decisions: { file: 'reviews.decisions.yaml', text },
      },
      undefined,
    );
    return plan;
  };
  it('resolves refusals', async () => {
    const plan = await planned(
      'decisions:\n  identity:middleware/auth.js:requireUser: { choose: ask-monolith, because: sessions stay }\n',
    );
    expect(plan.resolved).toMatchObject([
      { kind: 'identity', chosen: 'ask-monolith', because: 'sessions stay' },
    ]);
  });
  it('is refused without a choice or a reason, all at once, and where it is no YAML', async () => {
    await expect(planned('decisions:\n  a: { choose: b }\n  c: d\n')).rejects.toThrowError(
      expect.objectContaining({
        code: 'CARVE_BAD_DECISIONS',
        findings: [expect.anything(), expect.anything()],
      }),
    );
    await expect(planned('decisions: [')).rejects.toThrowError(
      expect.objectContaining({ code: 'CARVE_BAD_DECISIONS' }),
    );
  });
  it('is refused where a part of it is named almost as one that there is', async () => {
    await expect(planned('decisions: {}\nsignin: []\n')).rejects.toThrowError(
      expect.objectContaining({
        findings: [expect.objectContaining({ message: expect.stringContaining('sign-in') })],
      }),
    );
  });
});

describe('what can not be planned', () => {
  it('refuses an unknown capability with the near one and those that are known', () => {
    expect(() => planCarve(shop, 'revievs', new Map())).toThrowError(
      expect.objectContaining({
        code: 'CARVE_UNKNOWN_CAPABILITY',
        remedy: expect.stringMatching(/Did you mean reviews\? Candidates are .*orders/),
      }),
    );
  });
  it('refuses NestJS with the place of a route', () => {
    expect(() => planCarve(analyzeDeep({ dir: fixture('nest-shop') }), 'carts', new Map())).toThrowError(
      expect.objectContaining({
        code: 'CARVE_NEST',
        place: { file: 'src/cart/cart.controller.ts', line: 19 },
      }),
    );
  });
});
