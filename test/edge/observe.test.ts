import { expect, it } from 'vitest';
import { inferInventory } from '../../migration-plans/observe/infer.ts';
import { mergeObservations } from '../../migration-plans/observe/merge.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { edgeFor, until } from './support/run.ts';

const keep = keeper();

async function observed(over: Parameters<typeof edgeFor>[1] = {}) {
  const store = new MemoryStore();
  const monolith = await keep(
    origin('monolith', (request, response) => {
      if (request.url?.startsWith('/gone')) response.statusCode = 404;
      else if (!request.url?.startsWith('/api')) return false;
      else response.setHeader('content-type', 'application/json; charset=utf-8');
      request.resume();
      response.end('{}');
      return true;
    }),
  );
  const edge = await keep(edgeFor(monolith.url, { store: store.asStore(), evidenceMs: 20, ...over }));
  const inventory = () => inferInventory(mergeObservations(store.observations));
  const routes = () =>
    Object.fromEntries(inventory().routes.map((route) => [`${route.method} ${route.path}`, route]));
  return { store, monolith, edge, inventory, routes };
}

it('an edge without any plan tells which routes are called, and how', async () => {
  const { edge, inventory, routes } = await observed();
  for (const id of [1, 2, 3]) await fetch(`${edge.url}/api/orders/${id}?expand=items&token=secret${id}`);
  await fetch(`${edge.url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  await fetch(`${edge.url}/gone/for/good`);
  await until(
    () => inventory().calls === 4 && (inventory().skipped.unmatched ?? 0) === 1,
    'everything was counted',
  );
  const found = routes();
  expect(Object.keys(found).sort()).toEqual(['GET /api/orders/:id', 'POST /api/orders']);
  expect(found['GET /api/orders/:id']).toMatchObject({
    calls: 3,
    status: { '2xx': 3 },
    types: [{ name: 'application/json', share: 1 }],
    bodies: [{ name: 'none', share: 1 }],
    query: [
      { name: 'expand', share: 1 },
      { name: 'token', share: 1 },
    ],
  });
  expect(found['GET /api/orders/:id']!.p95Ms).toBeGreaterThan(0);
  expect(found['POST /api/orders']).toMatchObject({ bodies: [{ name: 'json', share: 1 }] });
});

it('neither values nor anything else that clients send gets into metrics', async () => {
  const { edge, store } = await observed();
  await fetch(`${edge.url}/api/some-customer/4711?who=ann`);
  await until(() => store.observations.length > 0, 'something was delivered');
  const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
  expect(metrics).not.toMatch(/some-customer|4711|who/);
  expect(metrics).toMatch(/^strangler_observed_places [1-9]/m);
  expect(metrics).toMatch(/strangler_observations_total\{outcome="delivered"\} [1-9]/);
  expect(JSON.stringify(store.observations)).not.toMatch(/ann|4711/);
});

it('WebSockets, HEAD and preflights are told apart from ordinary calls', async () => {
  const { edge, inventory, routes } = await observed();
  const socket = await keep(rawClient(edge.url));
  socket.send('GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  await socket.received('monolith');
  await socket.close();
  await fetch(`${edge.url}/page`);
  await fetch(`${edge.url}/page`, { method: 'HEAD' });
  await fetch(`${edge.url}/page`, { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } });
  await until(() => inventory().calls === 3 && inventory().skipped.preflight === 1, 'all were counted');
  expect(
    Object.entries(routes())
      .map(([route, { calls, p50Ms }]) => [route, calls, p50Ms === undefined])
      .sort(),
  ).toEqual([
    ['GET /page', 2, false],
    ['UPGRADE /live', 1, true],
  ]);
  expect(inventory().skipped).toEqual({ preflight: 1 });
});

it('while the store is away counting goes on, and nothing is lost or told twice', async () => {
  const { edge, store, inventory } = await observed();
  store.away = true;
  for (let at = 0; at < 5; at++) await fetch(`${edge.url}/a`);
  await until(() => (edge.status().observed?.failed ?? 0) > 1, 'deliveries failed');
  for (let at = 0; at < 5; at++) await fetch(`${edge.url}/b`);
  expect(edge.status().observed?.lastError).toContain('away');
  store.away = false;
  await until(() => inventory().calls === 10, 'all was delivered');
  await until(() => edge.status().observed?.lastError === undefined, 'the trouble is over');
  expect(inventory().routes.map(({ path, calls }) => [path, calls])).toEqual([
    ['/a', 5],
    ['/b', 5],
  ]);
});

it('what the edge answers itself is no route', async () => {
  const { edge, monolith, store } = await observed({ monolithTimeouts: { connectMs: 200 } });
  await fetch(`${edge.url}/api/x`);
  await until(() => store.observations.length === 1, 'the first was delivered');
  await monolith.close();
  const answer = await fetch(`${edge.url}/api/y`);
  expect(answer.status).toBeGreaterThanOrEqual(502);
  await edge.close();
  expect(JSON.stringify(store.observations)).not.toContain('/api/y');
});

it('the last words of an edge that ends are delivered', async () => {
  const { edge, store, inventory } = await observed();
  await fetch(`${edge.url}/first`);
  await until(() => store.observations.length > 0, 'the first was delivered');
  await fetch(`${edge.url}/last`);
  await edge.drain();
  expect(
    inventory()
      .routes.map(({ path }) => path)
      .sort(),
  ).toEqual(['/first', '/last']);
});

it('switched off, nothing is counted', async () => {
  const { edge, store } = await observed({ observe: false });
  await fetch(`${edge.url}/api/x`);
  await edge.drain();
  expect(store.observations).toEqual([]);
  expect(edge.status().observed).toBeUndefined();
});
