import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { schemaFile } from '../src/database/schema-engine.ts';
import { openShop, type TestShop } from './shop.ts';

let shop: TestShop;
let routes: { method: string; path: string }[];

beforeAll(async () => {
  shop = await openShop();
  routes = routesOf(shop.app.printRoutes({ includeHooks: false }));
});

afterAll(() => shop?.stop());

/** The routes in Fastify's picture of its tree: each line has four characters a level, a segment and methods. */
function routesOf(tree: string): { method: string; path: string }[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^((?:[│ ] {3})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) return [];
    const level = (match[1] ?? '').length / 4;
    parents.length = level;
    const path = parents.join('') + match[2];
    parents.push(match[2] ?? '');
    return (match[3] ?? '')
      .split(', ')
      .filter(Boolean)
      .map((method) => ({ method, path }));
  });
}

it('the shop is as large as a real one', () => {
  const own = routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
  expect(own.length).toBeGreaterThanOrEqual(100);
  expect(readFileSync(schemaFile, 'utf8').match(/^model /gm)?.length).toBeGreaterThanOrEqual(25);
});

it('every route of the README exists, and the README knows every route', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const documented = [...readme.matchAll(/^- `(GET|POST|PUT|PATCH|DELETE) (\S+)`/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  const actual = routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, path }) => `${method} ${path.length > 1 ? path.replace(/\/$/, '') : path}`);
  expect([...new Set(documented)].sort()).toEqual([...new Set(actual)].sort());
});

it('no page fails, for nobody', async () => {
  const browsers = [
    shop.browser(),
    await shop.login('customer1@example.com'),
    await shop.login('admin@example.com'),
  ];
  for (const { method, path } of routes) {
    // Streams that never end, and files of the disk.
    if (method !== 'GET' || /events|\*|\/ws/.test(path)) continue;
    for (const browser of browsers) {
      const answer = await browser.get(path.replace(/:\w+/g, '1')).buffer(true);
      expect([path, answer.status < 500]).toEqual([path, true]);
    }
  }
});
