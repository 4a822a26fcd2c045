import { describe, expect, it } from 'vitest';
import { APPLICATIONS } from './support/applications.ts';
import { inventoryOf, score, shapeOf, trafficOf } from './support/traffic.ts';

const SEEDS = [1, 2, 3];

function scores(calls: number) {
  return APPLICATIONS.flatMap((application) =>
    SEEDS.map((seed) => {
      const traffic = trafficOf(application, calls, seed);
      const inventory = inventoryOf(traffic);
      return { name: `${application.name}, seed ${seed}`, inventory, traffic, ...score(inventory, traffic) };
    }),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('templates inferred from traffic, against route tables that are known', () => {
  it.each(APPLICATIONS.map((application) => [application.name, application] as const))(
    '%s: every route and nothing else after 20 000 calls',
    (_name, application) => {
      for (const seed of SEEDS) {
        const traffic = trafficOf(application, 20_000, seed);
        const { wrong, missed } = score(inventoryOf(traffic), traffic);
        expect({ seed, wrong, missed }).toEqual({ seed, wrong: [], missed: [] });
      }
    },
  );

  it('after 2 000 calls: 97 % of what is found is right, and 99 % is found', () => {
    const all = scores(2_000);
    expect(mean(all.map(({ precision }) => precision))).toBeGreaterThan(0.97);
    expect(mean(all.map(({ recall }) => recall))).toBeGreaterThan(0.99);
    const worst = (values: readonly number[]): number => Math.min(...values);
    expect(worst(all.map(({ precision }) => precision))).toBeGreaterThan(0.55);
    expect(worst(all.map(({ recall }) => recall))).toBeGreaterThan(0.9);
  });

  it('after 300 calls: still nine of ten', () => {
    const all = scores(300);
    expect(mean(all.map(({ precision }) => precision))).toBeGreaterThan(0.9);
    expect(mean(all.map(({ recall }) => recall))).toBeGreaterThan(0.95);
  });

  it('is less sure of what is wrong than of what is right', () => {
    const right: number[] = [];
    const wrong: number[] = [];
    for (const { inventory, wrong: shapes } of [...scores(200), ...scores(400)])
      for (const { method, path, confidence } of inventory.routes)
        (shapes.includes(shapeOf(method, path)) ? wrong : right).push(confidence);
    expect(wrong.length).toBeGreaterThan(10);
    expect(mean(right) - mean(wrong)).toBeGreaterThan(0.15);
  });

  it('says how sure it is, on which evidence, and what else it saw', () => {
    const [rest] = APPLICATIONS;
    const { routes } = inventoryOf(trafficOf(rest!, 20_000, 1));
    const reviews = routes.find(
      ({ method, path }) => method === 'POST' && path === '/api/products/:id/reviews',
    )!;
    expect(reviews).toMatchObject({
      bodies: [{ name: 'json' }],
      types: [{ name: 'application/json', share: 1 }],
      parameters: [
        { name: 'id', kinds: ['number'], reason: 'form', samples: expect.arrayContaining(['999']) },
      ],
    });
    expect(reviews.confidence).toBeGreaterThan(0.95);
    expect(reviews.status['2xx']).toBeGreaterThan(100);
    const list = routes.find(({ method, path }) => method === 'GET' && path === '/api/products')!;
    expect(list.query.map(({ name }) => name).sort()).toEqual(['filter[color]', 'page', 'sort']);
    expect(list.p95Ms).toBeGreaterThan(list.p50Ms!);
    const item = routes.find(({ path }) => path.startsWith('/api/orders/:id/items/:'))!;
    expect(item.path).toBe('/api/orders/:id/items/:itemId');
  });

  it('counts every call: what is in the inventory and what was passed over add up', () => {
    for (const { traffic, inventory } of scores(2_000)) {
      const skipped = Object.values(inventory.skipped).reduce((sum, count) => sum + count, 0);
      expect(inventory.calls + skipped).toBe(traffic.length);
    }
  });

  it('of an application where few paths share a page, takes none for a catch-all', () => {
    const pages = ['/', '/about', '/contact', '/cart'].map((url) => ({
      url,
      method: 'GET',
      status: 200,
      bytes: 900,
      answerType: 'text/html',
    }));
    expect(
      inventoryOf(pages)
        .routes.map(({ path }) => path)
        .sort(),
    ).toEqual(['/', '/about', '/cart', '/contact']);
  });
});
