import { describe, expect, it } from 'vitest';
import { planYaml } from '../../cli/carve/service/docs/plan.ts';
import { stickyKeys } from '../../cli/carve/service/docs/sticky.ts';
import { loadPlans } from '../../migration-plans/plan/load.ts';
import { folderOf, SHAPES, specOf } from './service-harness.ts';

const routes = [
  ['GET', '/items/:id'],
  ['PUT', '/items/:slug'],
  ['DELETE', '/items/:id'],
  ['GET', '/'],
  ['GET', '/admin/items/:page?'],
  ['ALL', '/hooks/*splat'],
  ['GET', '/files/:id(\\d+)/raw'],
  ['GET', '/odd/{prefix}'],
  ['GET', '/mixed/:a-:b'],
].map(([method = '', path = '']) => ({ method, path, file: 'app.js', line: 1 }));

describe('the plan', () => {
  const spec = {
    ...specOf('', SHAPES['express-cjs'].spec),
    routes,
    models: { owned: ['Item', 'ItemNote'], shared: [] },
  };

  it('groups methods by path, keeps what it cannot say with the monolith, and is valid', async () => {
    const text = planYaml(spec, [
      { path: 'a.js', text: "app.use(session({ name: 'shop.sid' })); require('express-session')" },
    ]);
    expect(text).toContain(`routes:
  # /items
  - GET,PUT,DELETE /items/:id
`);
    expect(text).toContain('  - GET /admin/items\n  - GET /admin/items/:page\n');
    expect(text).toContain('  - "* /hooks/*"\n');
    expect(text).toContain('  - GET /files/:id/raw\n');
    expect(text).toContain('# Not expressible here, so the monolith keeps it: GET /mixed/:a-:b');
    expect(text).toContain('stickyBy:\n  - cookie: shop.sid\n  - client-address\n');
    expect((await loadPlans(folderOf({ 'items.yaml': text }))).findings).toEqual([]);
  });
});

describe('what users are recognised by', () => {
  it.each([
    ["require('express-session')", [{ cookie: 'connect.sid' }]],
    ["const NAME = 'sid'; const id = request.cookies[NAME];", [{ cookie: 'sid' }]],
    ['req.cookies?.session; req.cookies.theme', [{ cookie: 'session' }]],
    ['const token = req.headers.authorization', [{ header: 'authorization' }]],
    ["req.get('Authorization')", [{ header: 'authorization' }]],
    ['const a = 1', []],
  ])('%s', (text, keys) => {
    expect(stickyKeys([{ path: 'a.js', text }])).toEqual(keys);
  });
});
