import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monolithPatch } from '../../cli/carve/ports/monolith/patch.ts';
import { portFiles } from '../../cli/carve/ports/service-files.ts';
import { identityStubOf } from '../../cli/carve/ports/stub.ts';
import { type Folder, folderOf, type Running, specOf, start } from './ports-support.ts';

const auth = `let asked = 0;
exports.requireUser = async (req, res, next) => {
  asked += 1;
  if (!req.sessionOf) return next(new Error('the session middleware did not run'));
  const user = req.sessionOf(req.cookies.sid);
  if (user === 'banned') return next(Object.assign(new Error('banned'), { status: 403 }));
  if (user === undefined) return res.status(401).set('www-authenticate', 'Shop').json({ error: 'log in', at: req.originalUrl });
  req.user = { name: user, since: new Date(5), asked };
  next();
};
`;
const monolithFiles = {
  'package.json': '{}',
  'app.js': `const express = require('express');
const { requireUser } = require('./auth');
const app = express();
const handled = [];
app.use((req, res, next) => {
  req.cookies = Object.fromEntries((req.get('cookie') || '').split('; ').map((item) => item.split('=')));
  next();
});
app.get('/health', (req, res) => res.end('ok'));
app.use((req, res, next) => {
  req.sessionOf = (sid) => ({ 1: 'ann', 2: 'bob', 9: 'banned' })[sid];
  res.set('set-cookie', req.cookies.sid === '2' ? 'rolled=1' : []);
  next();
});
app.use(async (req, res, next) => {
  req.visitor = req.get('x-visitor') || 'unknown';
  next();
});
const api = express.Router();
api.use((req, res, next) => (req.baseUrl === '/api' ? next() : next(new Error('wrong base ' + req.baseUrl))));
api.post('/reviews/:id', (req, res, next) => requireUser(req, res, next), (req, res) => {
  handled.push(req.params.id);
  res.json({ user: req.user.name, visitor: req.visitor });
});
app.use('/api', api);
app.get('/handled', (req, res) => res.json(handled));
app.use((req, res) => res.status(404).end('nothing here'));
app.use((err, req, res, next) => res.status(err.status || 500).json({ message: err.message }));
module.exports = app;
`,
  'auth.js': auth,
  'server.js': `const server = require('./app').listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port));\n`,
};

const spec = specOf({
  app: {
    file: 'app.js',
    exported: 'module.exports',
    kind: 'value',
    args: '',
    created: { file: 'app.js', line: 3 },
  },
  identity: [
    {
      name: 'requireUser',
      file: 'auth.js',
      line: 2,
      framework: 'express',
      properties: ['user'],
      exported: 'module.exports.requireUser',
    },
    {
      name: 'visitor',
      file: 'app.js',
      line: 15,
      framework: 'express',
      properties: ['visitor'],
      headers: ['x-visitor'],
    },
  ],
});

function serviceFiles(): Record<string, string> {
  const [requireUser, visitor] = spec.identity.map((item) => identityStubOf(item, spec));
  const files: Record<string, string> = {
    'package.json': '{}',
    'server.js': monolithFiles['server.js'],
    'auth.js': `const { identify } = require('${requireUser!.imports[0]!.request}');\nexports.requireUser = ${requireUser!.text};\n`,
    'app.js': `const express = require('express');
const { identify } = require('./service/ports/identity');
const { requireUser } = require('./auth');
const app = express();
app.use(${visitor!.text});
app.post('/api/reviews/:id', requireUser, (req, res) => {
  res.json({ user: req.user.name, visitor: req.visitor, since: req.user.since instanceof Date, asked: req.user.asked });
});
app.use((err, req, res, next) => res.status(200).json({ anonymous: true }));
module.exports = app;
`,
  };
  for (const { path, text } of portFiles(spec)) files[path] = text;
  return files;
}

const token = 'a long random token';
let monolith: Folder;
let service: Folder;
let old: Running;
let carved: Running;

beforeAll(async () => {
  monolith = folderOf(monolithFiles);
  writeFileSync(join(monolith.path, 'monolith.patch'), monolithPatch(spec, monolith.read)!.patch);
  execFileSync('git', ['apply', 'monolith.patch'], { cwd: monolith.path });
  service = folderOf(serviceFiles());
  old = await start(monolith.path, 'server.js', { MONOLITH_PORTS_TOKEN: token });
  carved = await start(service.path, 'server.js', { MONOLITH_PORTS_TOKEN: token, MONOLITH_URL: old.url });
});

afterAll(async () => {
  await carved?.kill();
  await old?.kill();
  service?.remove();
  monolith?.remove();
});

async function post(url: string, headers: Record<string, string>, path = '/api/reviews/5') {
  const response = await fetch(url + path, { method: 'POST', headers });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
    cookies: response.headers.getSetCookie(),
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

describe('who is calling a service that was carved from an Express application', () => {
  it('is what the middleware of the monolith says, after the middleware that stands before it', async () => {
    const answer = await post(carved.url, { cookie: 'sid=1', 'x-visitor': 'v7' });
    expect(answer).toMatchObject({ status: 200, body: { user: 'ann', visitor: 'v7', since: true } });
  });

  it('is sent the cookies that were set on the way', async () => {
    expect((await post(carved.url, { cookie: 'sid=2' })).cookies).toContain('rolled=1');
  });

  it('is refused with the answer of the monolith, also where an error handler made it', async () => {
    for (const cookie of ['sid=3', 'sid=9', ''])
      expect(await post(carved.url, { cookie })).toEqual(await post(old.url, { cookie }));
    expect((await post(carved.url, {})).status).toBe(401);
  });

  it('calls no handler of the monolith', async () => {
    const before = await (await fetch(`${old.url}/handled`)).text();
    await post(carved.url, { cookie: 'sid=1' });
    expect(await (await fetch(`${old.url}/handled`)).text()).toBe(before);
  });

  it('is asked again only after a moment, and for another address at once', async () => {
    const asked = async (path?: string) =>
      (await post(carved.url, { cookie: 'sid=1', 'x-visitor': 'c' }, path)).body.asked;
    const first = await asked('/api/reviews/100');
    expect(await asked('/api/reviews/100')).toBe(first);
    expect(await asked('/api/reviews/101')).toBeGreaterThan(first);
    const always = await start(service.path, 'server.js', {
      MONOLITH_PORTS_TOKEN: token,
      MONOLITH_URL: old.url,
      IDENTITY_CACHE_MS: '0',
    });
    const ask = async () => (await post(always.url, { cookie: 'sid=1' })).body.asked;
    expect(await ask()).toBeLessThan(await ask());
    await always.kill();
  });

  it('is never nobody because the monolith is away, even where the application forgives errors', async () => {
    const lonely = await start(service.path, 'server.js', {
      MONOLITH_PORTS_TOKEN: token,
      MONOLITH_URL: 'http://127.0.0.1:1',
    });
    expect(await post(lonely.url, { cookie: 'sid=1' })).toMatchObject({ status: 503 });
    await lonely.kill();
  });
});
