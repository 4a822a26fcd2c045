/** What is made of a list that came from a package: `list.map(fn)` and `map(list, fn)` give what `fn` gives. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyze } from '../../cli/analysis/analyze.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'analysis-'));
  mkdirSync(join(dir, 'src'));
  writeFileSync(join(dir, 'package.json'), '{"name":"x"}');
  writeFileSync(join(dir, 'schema.prisma'), 'model Post {\n  id Int @id\n}\nmodel Tag {\n  id Int @id\n}\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HEAD = `import express from 'express';
import { PrismaClient } from '@prisma/client';
import { readSettings } from 'some-settings';
import { map, operators } from 'some-lists';
const prisma = new PrismaClient();
const app = express();
const settings = readSettings(process.env);
class Posts { list() { return prisma.post.findMany(); } }
class Tags { list() { return prisma.tag.findMany(); } }
const sources = [new Posts(), new Tags()];
const sourceOf = (name: any) => { for (const source of sources) if (source.constructor.name === name) return source; throw new Error(); };
`;

async function analysed(handler: string) {
  writeFileSync(join(dir, 'src', 'index.ts'), `${HEAD}app.get('/all', async (req, res) => { ${handler} });`);
  const { routes, unresolved } = await analyze({ dir });
  return {
    models: routes.find(({ path }) => path === '/all')?.models.map((use) => `${use.name}:${use.access}`),
    unresolved,
  };
}

describe('a list that a package gives', () => {
  it('mapped to objects of the project: what is called of each is reached', async () => {
    const { models, unresolved } = await analysed(
      `const chosen = settings.names.map((name) => sourceOf(name));
       for (const source of chosen) res.write(await source.list());`,
    );
    expect(models).toEqual(['Post:read', 'Tag:read']);
    expect(unresolved).toEqual([]);
  });

  it('handed to a function of a package that maps it', async () => {
    const { models } = await analysed(
      `for (const source of map(settings.names, (name) => sourceOf(name))) res.write(await source.list());`,
    );
    expect(models).toEqual(['Post:read', 'Tag:read']);
  });

  it('stays a thing of the package too, which may be asked for an object of a class', async () => {
    const { models } = await analysed(
      `res.json(await map(settings.names, (name) => ({ name })).get(Tags).list());`,
    );
    expect(models).toEqual(['Tag:read']);
  });

  it('an operator that maps later is no list', async () => {
    const { models } = await analysed(
      `const operator = operators.lazy.map((name) => sourceOf(name));
       for (const source of operator) res.write(await source.list());`,
    );
    expect(models).toEqual([]);
  });
});
