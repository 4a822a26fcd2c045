import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { produce } from '../../cli/carve/produce.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callbacks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Refusals of `notes`, whose one route hands `check` of the monolith to a package. */
async function refusals(check: string): Promise<[string, string][]> {
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write(
    'package.json',
    '{"name":"shop","dependencies":{"express":"^4.18.2","@prisma/client":"^6.19.0","passport-jwt":"*"}}',
  );
  write(
    'schema.prisma',
    'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\ngenerator client {\n  provider = "prisma-client-js"\n}\nmodel Note {\n  id Int @id\n}\nmodel User {\n  id Int @id\n}\n',
  );
  write(
    'db.js',
    "const { PrismaClient } = require('@prisma/client');\nmodule.exports = { prisma: new PrismaClient() };\n",
  );
  write('users.js', `const { prisma } = require('./db');\n${check}\nmodule.exports = { check };\n`);
  write(
    'notes.js',
    "const { Router } = require('express');\nconst { Strategy } = require('passport-jwt');\nconst { check } = require('./users');\nconst { prisma } = require('./db');\nconst strategy = new Strategy({}, check);\nconst router = Router();\nrouter.get('/notes', async (req, res) => res.json([strategy, await check({ sub: 1 }, String), await prisma.note.findMany()]));\nmodule.exports = router;\n",
  );
  write(
    'app.js',
    "const express = require('express');\nconst app = express();\napp.use(require('./notes'));\napp.get('/users', async (req, res) => res.json(await require('./users').check({ sub: 2 }, String)));\napp.listen(3000);\n",
  );
  const { plan } = await produce(
    { capability: 'notes', dir: folder, capabilities: ['notes=notes.js,Note'] },
    undefined,
  );
  return plan.refusals.map(({ key, reason }) => [key, reason]);
}

it('a function that calls what it is handed is no port: no network carries a callback', async () => {
  const found = await refusals(
    'const check = async (payload, done) => {\n  const user = await prisma.user.findUnique({ where: { id: payload.sub } });\n  done(null, user);\n};',
  );
  expect(found).toEqual([
    [
      expect.stringMatching(/^signature:/),
      "check takes the callback done, which can't be sent over the network",
    ],
  ]);
});

it('another parameter of that name, further in, says nothing', async () => {
  const found = await refusals(
    'const check = async (payload, done) => {\n  const user = await prisma.user.findUnique({ where: { id: payload.sub } });\n  return [user].map((one) => [(done) => done(one), [done]]).length;\n};',
  );
  expect(found).toEqual([]);
});
