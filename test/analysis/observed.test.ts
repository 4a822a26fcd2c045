import { expect, it } from 'vitest';
import type { Analysis, Route } from '../../cli/analysis/model.ts';
import { addTraffic } from '../../cli/analysis/observed/match.ts';
import { trafficSection } from '../../cli/analysis/observed/section.ts';
import { trafficLines } from '../../cli/analysis/observed/text.ts';
import type { Inventory } from '../../migration-plans/observe/inventory.ts';
import { inventoryOf } from '../observe/support/traffic.ts';

function analysisOf(...routes: string[]): Analysis {
  const list = routes.map((text, line): Partial<Route> => {
    const [method = '', path = ''] = text.split(' ');
    return { method, path, file: 'app.js', line: line + 1, models: [] };
  });
  return { routes: list } as unknown as Analysis;
}

const seen = (...calls: string[]): Inventory =>
  inventoryOf(
    calls.flatMap((text) => {
      const [method = '', url = ''] = text.split(' ');
      return { method, url, status: 200, answerType: 'application/json' };
    }),
  );

function joined(analysis: Analysis, inventory: Inventory): Record<string, number | undefined> {
  addTraffic(analysis, inventory);
  return Object.fromEntries(
    analysis.routes.map(({ method, path, observed }) => [`${method} ${path}`, observed?.calls]),
  );
}

it('each call goes to the route that a router would choose', () => {
  const analysis = analysisOf(
    'GET /users/me',
    'GET /users/:id',
    'GET /users/:id(\\d+)/orders',
    'POST /users/:id',
    'ALL /hooks/:name',
    'GET /files/*',
    'GET /{prefix}/health',
    'GET /quiet',
  );
  const calls = [
    'GET /users/me',
    'GET /users/7',
    'GET /users/8?full=1',
    'GET /users/8?full=1',
    'HEAD /users/9',
    'GET /users/8/orders',
    'POST /hooks/stripe',
    'GET /files/a/b',
    'GET /internal/health',
  ];
  expect(joined(analysis, seen(...calls))).toEqual({
    'GET /users/me': 1,
    'GET /users/:id': 4,
    'GET /users/:id(\\d+)/orders': 1,
    'POST /users/:id': undefined,
    'ALL /hooks/:name': 1,
    'GET /files/*': 1,
    'GET /{prefix}/health': 1,
    'GET /quiet': undefined,
  });
  expect(analysis.routes[1]?.observed).toMatchObject({
    parameters: ['full'],
    p95Milliseconds: expect.any(Number),
    lastSeen: expect.any(String),
  });
  expect(analysis.traffic).toMatchObject({
    calls: 10 - 1,
    notInSource: [],
    neverCalled: [
      { method: 'POST', path: '/users/:id', file: 'app.js', line: 4 },
      { method: 'GET', path: '/quiet' },
    ],
  });
});

it('values that were not recognised as such still find their route, added up', () => {
  const analysis = analysisOf('GET /products/:slug');
  expect(joined(analysis, seen('GET /products/lamp', 'GET /products/chair', 'GET /products/lamp'))).toEqual({
    'GET /products/:slug': 3,
  });
});

it('what the source does not have is listed, in the text and on the page, as text only', () => {
  const analysis = analysisOf('GET /a', 'GET /b');
  addTraffic(analysis, seen('GET /a', 'DELETE /legacy/4711', 'GET /a/'));
  expect(analysis.traffic?.notInSource).toMatchObject([{ method: 'DELETE', path: '/legacy/:id', calls: 1 }]);
  const text = trafficLines(analysis).join('\n');
  expect(text).toContain('1 of 2 routes');
  expect(text).toMatch(/not found in the source \(1\)\n {2}DELETE \/legacy\/:id {2}1 calls/);
  expect(text).toMatch(/never seen to be called \(1\)\n {2}GET \/b {2}app\.js:2/);
  analysis.traffic!.notInSource[0]!.path = '/<script>';
  const page = trafficSection(analysis, (value) => value.replaceAll('<', '&lt;'));
  expect(page).toContain('DELETE /&lt;script>');
  expect(page).not.toContain('<script>');
});

it('without an edge in front nothing is said', () => {
  const analysis = analysisOf('GET /a');
  expect(trafficLines(analysis)).toEqual([]);
  expect(trafficSection(analysis, String)).toBe('');
});
