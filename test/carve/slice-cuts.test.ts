/** Compositions keep their order and their middleware; only what registers others' routes goes. */
import { describe, expect, it } from 'vitest';
import { brokenIn, slice } from './slice-support.ts';

const SHARED = {
  'db.js': "import { PrismaClient } from '@prisma/client';\nexport const prisma = new PrismaClient();\n",
  'handlers.js': `import { prisma } from './db.js';
export const notes = async (req, res) => res.json(await prisma.note.findMany());
export const users = async (req, res) => res.json(await prisma.user.findMany());
export const orders = async (req, res) => res.json(await prisma.order.findMany());
`,
  'users.js': `import { Router } from 'express';
import { users } from './handlers.js';
export const router = Router();
router.get('/', users);
`,
};
const IMPORTS = `import express from 'express';\nimport { notes, orders, users } from './handlers.js';\n`;

/** The application's text without its imports, after the cuts. */
function composed(body: string, framework = 'express', imports = IMPORTS): string {
  const sliced = slice({ ...SHARED, 'app.js': `${imports}${body}` }, { framework });
  expect(brokenIn(sliced)).toEqual([]);
  return (sliced.text['app.js'] ?? '').replace(/^import .*\n/gm, '').trim();
}

describe('of an Express application', () => {
  it('routes, routers and chains of others go; middleware and error handlers keep their order', () => {
    expect(
      composed(
        `import { router } from './users.js';
export const app = express();
app.use(express.json()); // bodies
// Orders, at first.
app.get('/orders', orders);
app.get('/notes', notes);
app.use('/users', router);
app.route('/shared/notes').get(notes);
app.use((req, res) => res.status(404).end());
app.use((error, req, res, next) => res.status(500).end());
`,
      ),
    ).toBe(`export const app = express();
app.use(express.json()); // bodies
app.get('/notes', notes);
app.route('/shared/notes').get(notes);
app.use((req, res) => res.status(404).end());
app.use((error, req, res, next) => res.status(500).end());`);
  });
  it('links of a chain go by themselves', () => {
    const sliced = slice({
      ...SHARED,
      'app.js': `${IMPORTS}export const app = express();
app.get('/notes', notes).get('/users', users).post('/notes/more', notes);
`,
    });
    expect(sliced.text['app.js']).toContain("app.get('/notes', notes).post('/notes/more', notes);");
    expect(brokenIn(sliced)).toEqual([]);
  });
  it('elements of a list of routers go, with their comments', () => {
    expect(
      composed(
        `import { router } from './users.js';
const own = express.Router();
own.get('/notes', notes);
export const app = express();
const routers = [
  // People.
  router,
  // Notes.
  own,
];
for (const item of routers) app.use(item);
`,
      ),
    ).toContain('for (const item of routers) app.use(item);');
  });
  it('rows of a table go, with their comments; what their columns import goes too', () => {
    const sliced = slice({
      ...SHARED,
      'app.js': `${IMPORTS}const TABLE = [
  // Orders
  { method: 'get', path: '/orders', handler: orders },
  // Notes
  { method: 'get', path: '/notes', handler: notes }, { method: 'get', path: '/users', handler: users },
];
export const app = express();
for (const { method, path, handler } of TABLE) app[method](path, handler);
`,
    });
    expect(sliced.text['app.js']).toBe(`import express from 'express';
import { notes } from './handlers.js';
const TABLE = [
  // Notes
  { method: 'get', path: '/notes', handler: notes },
];
export const app = express();
for (const { method, path, handler } of TABLE) app[method](path, handler);
`);
    expect(brokenIn(sliced)).toEqual([]);
  });
  it('a condition goes with what it registers, unless asking it does something', () => {
    expect(
      composed(`export const app = express();
if (process.env.ORDERS) app.get('/orders', orders);
if (process.env.USERS) {
  // Twice.
  app.get('/users', users);
} else app.get('/people', users);
if (log('notes')) app.get('/more/users', users);
if (process.env.NOTES) app.get('/notes', notes);
else app.get('/all/users', users);
function log(text) {
  console.log(text);
  return true;
}
`),
    ).toBe(`export const app = express();
if (log('notes')) {}
if (process.env.NOTES) app.get('/notes', notes);
function log(text) {
  console.log(text);
  return true;
}`);
  });
  it('locals that only what was cut had mentioned go, and those behind them', () => {
    expect(
      composed(`export function createApp() {
  const app = express();
  const prefix = '/api';
  const base = prefix + '/users';
  const { path } = { path: base };
  const kept = '/notes';
  app.get(path, users);
  app.get(kept, notes);
  return app;
}
createApp();
`),
    ).toBe(`export function createApp() {
  const app = express();
  const kept = '/notes';
  app.get(kept, notes);
  return app;
}
createApp();`);
  });
  it('a route stays where the variable that keeps its registration is mentioned by nobody', () => {
    expect(
      composed(`export const app = express();
const kept = app.get('/notes', notes);
const dropped = app.get('/users', users);
`),
    ).toBe(`export const app = express();
const kept = app.get('/notes', notes);`);
  });
  it('jobs and listeners that work for others go; those of the capability stay', () => {
    const text = composed(
      `import { EventEmitter } from 'node:events';
import { prisma } from './db.js';
export const bus = new EventEmitter();
export const app = express();
app.get('/notes', notes);
bus.on('note', async () => prisma.note.count());
bus.on('order', async () => prisma.order.count());
setInterval(() => prisma.order.deleteMany(), 1000);
setInterval(() => prisma.note.deleteMany(), 1000);
`,
    );
    expect(text).toContain("bus.on('note'");
    expect(text).toContain('prisma.note.deleteMany');
    expect(text).not.toMatch(/prisma\.order/);
  });
  it('listening goes, wherever it stands', () => {
    const text = composed(
      `import { createServer } from 'node:http';
export const app = express();
app.get('/notes', notes);
const server = createServer(app);
server.listen(3000, () => console.log('up'));
if (process.env.EXTRA) app.listen(3001);
export function start() {
  app.listen(3002);
}
`,
    );
    expect(text).not.toContain('listen');
    expect(text).toContain("app.get('/notes', notes);");
  });
});

describe('of a Fastify application', () => {
  const head = `import Fastify from 'fastify';\nimport { notes, orders, users } from './handlers.js';\n`;
  it('plugins, decorators and hooks stay in their order, registrations of others go', () => {
    expect(
      composed(
        `export async function build() {
  const app = Fastify();
  app.decorate('now', () => Date.now());
  app.addHook('onRequest', async () => {});
  // People.
  await app.register(async (scope) => {
    scope.addHook('preHandler', async () => {});
    scope.get('/', users);
  }, { prefix: '/users' });
  await app.register(async (scope) => {
    scope.get('/', notes);
    scope.get('/orders', orders);
  }, { prefix: '/notes' });
  app.route({ method: 'GET', url: '/orders', handler: orders });
  app.setErrorHandler((error, request, reply) => reply.code(500).send());
  return app;
}
await build();
`,
        'fastify',
        head,
      ).replace(/\s+await app\.register\(async[\s\S]*?\{ prefix: '\/notes' \}\);/, '\n  [notes]'),
    ).toBe(`export async function build() {
  const app = Fastify();
  app.decorate('now', () => Date.now());
  app.addHook('onRequest', async () => {});
  [notes]
  app.setErrorHandler((error, request, reply) => reply.code(500).send());
  return app;
}
await build();`);
  });
});
