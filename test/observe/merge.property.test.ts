import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferInventory } from '../../migration-plans/observe/infer.ts';
import { isObservations, mergeObservations } from '../../migration-plans/observe/merge.ts';
import type { Observations } from '../../migration-plans/observe/observation.ts';
import { APPLICATIONS } from './support/applications.ts';
import { type Call, inventoryOf, learnerOf, score, shapeOf, trafficOf } from './support/traffic.ts';

const TINY = { routes: 4, values: 3, types: 2, query: 2, samples: 1 };

const calls = fc.array(
  fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    url: fc
      .tuple(
        fc.array(fc.constantFrom('a', 'b', 'blue-shirt', '7', '42', 'x.js', 'de', 'en'), { maxLength: 4 }),
        fc.constantFrom('', '?q=1', '?q=1&sort=2', '?p=3'),
      )
      .map(([parts, query]) => `/${parts.join('/')}${query}`),
    status: fc.constantFrom(200, 302, 401, 404, 500),
    ms: fc.integer({ min: 0, max: 40_000 }),
    bytes: fc.integer({ min: 0, max: 5_000 }),
    answerType: fc.constantFrom('text/html', 'application/json', 'image/png', undefined),
  }),
  { maxLength: 30 },
);

const observations = calls.map((list): Observations => {
  const { see, take } = learnerOf();
  for (const call of list as Call[]) see(call);
  return take();
});

describe('observations of several edges', () => {
  it.each([
    ['with room', undefined],
    ['when tables are full', TINY],
  ])('add up the same in any order and grouping, %s', (_name, limits) => {
    fc.assert(
      fc.property(
        fc.array(observations, { minLength: 2, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        (parts, dice) => {
          const merge = (list: readonly Observations[]) => mergeObservations(list, limits);
          const straight = merge(parts);
          // Folds random neighbours until one is left, in a random order.
          const pending = [...parts];
          while (pending.length > 1) {
            const [first] = pending.splice(dice.next().value! % pending.length, 1);
            const [second] = pending.splice(dice.next().value! % pending.length, 1);
            pending.push(merge([first!, second!]));
          }
          expect(merge(pending)).toEqual(straight);
          expect(merge([straight])).toEqual(straight);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('lose no call, also when tables are full', () => {
    fc.assert(
      fc.property(fc.array(observations, { maxLength: 5 }), (parts) => {
        const total = ({ routes, skipped }: Observations): number =>
          Object.values(routes).reduce((sum, { calls: own }) => sum + own, 0) +
          Object.values(skipped).reduce((sum, count) => sum + count, 0);
        expect(total(mergeObservations(parts, TINY))).toBe(parts.reduce((sum, part) => sum + total(part), 0));
      }),
      { numRuns: 100 },
    );
  });

  it('survive being stored as JSON, and what is none is told', () => {
    fc.assert(
      fc.property(observations, (observed) => {
        const stored = JSON.parse(JSON.stringify(observed));
        expect(isObservations(stored)).toBe(true);
        expect(mergeObservations([stored])).toEqual(mergeObservations([observed]));
      }),
      { numRuns: 50 },
    );
    for (const broken of [
      {},
      { routes: [] },
      { routes: { 'GET /': {} }, values: {}, skipped: {}, from: '', to: '' },
    ])
      expect(isObservations(broken as Record<string, unknown>)).toBe(false);
  });

  it('amount to the inventory that one edge would have, however the traffic is spread', () => {
    for (const application of APPLICATIONS) {
      const traffic = trafficOf(application, 12_000, 4);
      const edges = Array.from({ length: 4 }, () => learnerOf());
      const flushed: Observations[] = [];
      for (const [at, call] of traffic.entries()) {
        // A part of the users comes to each edge; each hands over now and then.
        edges[at % 7 < 4 ? 0 : (at % 7) - 3]!.see(call);
        if (at % 1_500 === 0) flushed.push(...edges.map(({ take }) => take()));
      }
      flushed.push(...edges.map(({ take }) => take()));
      const merged = inferInventory(mergeObservations(flushed.reverse()));
      const { precision, recall, wrong, missed } = score(merged, traffic);
      expect({
        name: application.name,
        ok: precision > 0.95 && recall > 0.97,
        wrong: wrong.slice(0, 5),
        missed,
      }).toMatchObject({ ok: true });
      const alone = inventoryOf(traffic);
      const calls = (inventory: typeof merged, shape: string): number =>
        inventory.routes.find(({ method, path }) => shapeOf(method, path) === shape)?.calls ?? 0;
      const [busiest] = alone.routes;
      const shape = shapeOf(busiest!.method, busiest!.path);
      // A path that one edge does not know yet is passed over there when the application says that it is not there.
      expect(Math.abs(calls(merged, shape) / calls(alone, shape) - 1)).toBeLessThan(0.02);
    }
  });
});
