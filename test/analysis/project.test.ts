import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyze } from '../../cli/analysis/analyze.ts';
import { withoutComments } from '../../cli/analysis/project/tsconfig.ts';

let dir: string;
const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'analysis-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('bad input', () => {
  it('refuses a folder that does not exist', async () => {
    await expect(analyze({ dir: join(dir, 'nowhere') })).rejects.toMatchObject({
      code: 'ANALYZE_NO_FOLDER',
      exitCode: 2,
    });
  });
  it('refuses a folder without a package.json and says what helps', async () => {
    put('app.py', 'print(1)');
    await expect(analyze({ dir })).rejects.toMatchObject({
      code: 'ANALYZE_NOT_NODE',
      remedy: expect.stringContaining('strangler observe'),
    });
  });
  it('refuses a grouping that names nothing', async () => {
    put('package.json', '{"name":"x"}');
    await expect(analyze({ dir, capabilities: ['reviews=src/none'] })).rejects.toMatchObject({
      code: 'ANALYZE_UNKNOWN_MEMBER',
    });
    await expect(analyze({ dir, capabilities: ['=x'] })).rejects.toMatchObject({
      code: 'ANALYZE_BAD_CAPABILITY',
    });
  });
  it('analyses without a schema, by the names that code uses', async () => {
    put('package.json', '{"name":"x"}');
    put(
      'a.js',
      `const { PrismaClient } = require('@prisma/client'); const p = new PrismaClient(); const a = require('express')(); a.get('/x', (q, s) => p.blogPost.findMany());`,
    );
    const { routes, unresolved } = await analyze({ dir });
    expect(routes[0]?.models).toMatchObject([{ name: 'BlogPost', access: 'read' }]);
    expect(unresolved.map((item) => item.kind)).toContain('no-schema');
  });
  it('reports a broken schema and a broken package.json of a workspace instead of failing', async () => {
    put('package.json', '{"name":"x","workspaces":["packages/*"]}');
    put('packages/a/package.json', '{ broken');
    put('schema.prisma', 'model A {{{');
    const { unresolved } = await analyze({ dir });
    expect(unresolved.filter((item) => item.kind === 'syntax-error').map((item) => item.file)).toEqual([
      'packages/a/package.json',
      'schema.prisma',
    ]);
  });
});

describe('links', () => {
  it('are not followed out of the tree', async () => {
    put('package.json', '{"name":"x"}');
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    try {
      writeFileSync(join(outside, 'secret.js'), `require('express')().get('/secret', () => 1);`);
      symlinkSync(outside, join(dir, 'linked'));
      symlinkSync(join(outside, 'gone'), join(dir, 'dangling'));
      const { routes, unresolved } = await analyze({ dir });
      expect(routes).toEqual([]);
      expect(unresolved.map((item) => `${item.kind} ${item.file}`)).toEqual([
        'broken-link dangling',
        'link-out-of-tree linked',
        'no-schema package.json',
      ]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});

describe('a tsconfig', () => {
  it('may hold comments, trailing commas, and text that looks like either', () => {
    expect(JSON.parse(withoutComments('{ // x\n "a": "http://b/*c*/,}", /* y */ "d": [1, 2,], }'))).toEqual({
      a: 'http://b/*c*/,}',
      d: [1, 2],
    });
  });
});

describe('a package of a repository', () => {
  it('is analysed with the sources of the others that it imports', async () => {
    put('package.json', '{"name":"root","workspaces":["apps/*","libs/*"]}');
    put('libs/core/package.json', '{"name":"@x/core","main":"dist/index.js"}');
    put('libs/core/src/index.ts', `export const list = (req: any, res: any) => res.end();`);
    put('apps/api/package.json', '{"name":"api"}');
    put(
      'apps/api/src/main.ts',
      `import express from 'express'; import { list } from '@x/core'; express().get('/things', list);`,
    );
    put('apps/other/package.json', '{"name":"other"}');
    put('apps/other/src/main.ts', `import express from 'express'; express().get('/other', () => 1);`);
    const { routes } = await analyze({ dir: join(dir, 'apps/api') });
    expect(routes.map((route) => `${route.path} ${route.file}`)).toEqual(['/things libs/core/src/index.ts']);
  });
});
