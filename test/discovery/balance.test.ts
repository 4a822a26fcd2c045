import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEndpointPool, type PoolSettings } from '../../edge-proxy/discovery/balance.ts';
import { OUTLIER_DEFAULTS } from '../../edge-proxy/discovery/outlier.ts';
import type { Endpoint, EndpointPool, Outcome } from '../../edge-proxy/discovery/port.ts';
import { endpoint, seeded } from './fakes.ts';

function poolOf(
  endpoints: readonly Endpoint[],
  settings: Partial<PoolSettings> = {},
  seed = 1,
): EndpointPool {
  const pool = createEndpointPool(settings, seeded(seed));
  pool.update(endpoints);
  return pool;
}

const fleet = (count: number, more: Partial<Endpoint> = {}) =>
  Array.from({ length: count }, (_, index) => endpoint(`i${index}`, { port: 8000 + index, ...more }));

/** One request to an endpoint. */
function use(pool: EndpointPool, to: Endpoint, outcome: Outcome, now: number): void {
  pool.started(to);
  pool.finished(to, outcome, 1, now);
}

function times(count: number, act: () => void): void {
  for (let index = 0; index < count; index += 1) act();
}

/** How often each id is picked. */
function picks(pool: EndpointPool, count: number, now: number): Map<string, number> {
  const found = new Map<string, number>();
  times(count, () => {
    const id = pool.pick(now)?.id ?? 'none';
    found.set(id, (found.get(id) ?? 0) + 1);
  });
  return found;
}

const ejected = (pool: EndpointPool, now: number) =>
  pool
    .stats(now)
    .endpoints.filter((one) => one.ejected)
    .map(({ id }) => id);

describe('picking', () => {
  it('gives nothing from nothing, and the only one', () => {
    expect(poolOf([]).pick(0)).toBeUndefined();
    const [only] = fleet(1);
    expect(poolOf([only!]).pick(0)).toBe(only);
  });

  it('of two endpoints always takes the less busy one', () => {
    const [a, b] = fleet(2) as [Endpoint, Endpoint];
    const pool = poolOf([a, b]);
    pool.started(a);
    expect([...picks(pool, 100, 0).keys()]).toEqual(['i1']);
    pool.started(b);
    pool.started(b);
    expect([...picks(pool, 100, 0).keys()]).toEqual(['i0']);
  });

  it('never takes the busiest of many, and leaves idle fleets even', () => {
    const endpoints = fleet(5);
    const pool = poolOf(endpoints);
    const even = picks(pool, 10_000, 0);
    for (const { id } of endpoints) expect(even.get(id)).toBeGreaterThan(1700);
    times(3, () => pool.started(endpoints[2]!));
    expect(picks(pool, 1000, 0).has('i2')).toBe(false);
  });

  it('keeps the busiest close to the least busy where a blind draw would not', () => {
    const spread = (balanced: boolean) => {
      const endpoints = fleet(20);
      const pool = poolOf(endpoints);
      const random = seeded(7);
      times(2000, () => pool.started(balanced ? pool.pick(0)! : endpoints[Math.floor(random() * 20)]!));
      const counts = pool.stats(0).endpoints.map(({ outstanding }) => outstanding);
      return Math.max(...counts) - Math.min(...counts);
    };
    expect(spread(true)).toBeLessThanOrEqual(4);
    expect(spread(false)).toBeGreaterThan(15);
  });

  it('follows weights, idle and busy', () => {
    const [a, b] = fleet(2) as [Endpoint, Endpoint];
    const pool = poolOf([{ ...a, weight: 3 }, b]);
    times(400, () => pool.started(pool.pick(0)!));
    const [heavy, light] = pool.stats(0).endpoints;
    expect(heavy?.outstanding).toBeGreaterThan(290);
    expect(heavy?.outstanding).toBeLessThan(310);
    expect((heavy?.outstanding ?? 0) + (light?.outstanding ?? 0)).toBe(400);
  });

  it('avoids the one that has just failed, where there is another', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints);
    times(200, () => expect(pool.pick(0, endpoints[1])).not.toBe(endpoints[1]));
    expect(poolOf([endpoints[1]!]).pick(0, endpoints[1])).toBe(endpoints[1]);
  });
});

describe('health', () => {
  it('keeps what Cloud Map calls unhealthy out', () => {
    const [a, b] = fleet(2) as [Endpoint, Endpoint];
    expect([...picks(poolOf([a, { ...b, healthy: false }]), 100, 0).keys()]).toEqual(['i0']);
  });

  it('uses all when too few are left, the last one too', () => {
    const [a, b, c, d, e] = fleet(5) as [Endpoint, Endpoint, Endpoint, Endpoint, Endpoint];
    const ill = (one: Endpoint) => ({ ...one, healthy: false });
    const pool = poolOf([a, ill(b), ill(c), ill(d)]);
    expect(pool.stats(0).panic).toBe(false);
    expect(picks(pool, 100, 0).size).toBe(1);
    pool.update([a, ill(b), ill(c), ill(d), ill(e)]);
    expect(pool.stats(0).panic).toBe(true);
    expect(picks(pool, 500, 0).size).toBe(5);
    pool.update([ill(a)]);
    expect(pool.pick(0)?.id).toBe('i0');
  });
});

describe('ejection', () => {
  it.each([
    ['server-error', 'consecutive-server-errors'],
    ['gateway-error', 'consecutive-gateway-errors'],
    ['timeout', 'consecutive-gateway-errors'],
    ['connect-error', 'consecutive-connect-errors'],
  ] as const)('follows five times %s in a row', (outcome, reason) => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints);
    pool.pick(0);
    times(4, () => use(pool, endpoints[0]!, outcome, 0));
    expect(ejected(pool, 0)).toEqual([]);
    use(pool, endpoints[0]!, outcome, 0);
    expect(ejected(pool, 0)).toEqual(['i0']);
    expect(pool.stats(0).ejections).toMatchObject({ [reason]: 1 });
    expect(picks(pool, 200, 0).has('i0')).toBe(false);
  });

  it('starts counting over with a success, and leaves cancelled requests out', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints);
    times(4, () => use(pool, endpoints[0]!, 'server-error', 0));
    use(pool, endpoints[0]!, 'ok', 0);
    times(4, () => use(pool, endpoints[0]!, 'server-error', 0));
    times(50, () => use(pool, endpoints[0]!, 'cancelled', 0));
    expect(ejected(pool, 0)).toEqual([]);
    use(pool, endpoints[0]!, 'server-error', 0);
    expect(ejected(pool, 0)).toEqual(['i0']);
  });

  it('ends after 30 seconds, and lasts longer each time until all goes well', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints, { outlier: { ...OUTLIER_DEFAULTS, intervalMs: 1e9 } });
    const [bad] = endpoints as [Endpoint];
    let now = 0;
    pool.pick(now);
    times(5, () => use(pool, bad, 'server-error', now));
    for (const length of [30_000, 60_000, 90_000]) {
      now += length - 1;
      pool.pick(now);
      expect(ejected(pool, now)).toEqual(['i0']);
      now += 1;
      pool.pick(now);
      expect(ejected(pool, now)).toEqual([]);
      // on probation the first failure is enough
      use(pool, bad, 'server-error', now);
    }
    expect(ejected(pool, now)).toEqual(['i0']);
  });

  it('ends probation with the first success', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints);
    times(5, () => use(pool, endpoints[0]!, 'server-error', 0));
    pool.pick(30_000);
    use(pool, endpoints[0]!, 'ok', 30_000);
    times(4, () => use(pool, endpoints[0]!, 'server-error', 30_000));
    expect(ejected(pool, 30_000)).toEqual([]);
  });

  it('is forgiven by and by, and never longer than five minutes', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints, { outlier: { ...OUTLIER_DEFAULTS, intervalMs: 1e9 } });
    let now = 0;
    times(20, () => {
      pool.pick(now);
      times(5, () => use(pool, endpoints[0]!, 'server-error', now));
      expect(ejected(pool, now)).toEqual(['i0']);
      now += 300_000;
      expect(ejected(pool, now)).toEqual([]);
    });

    const forgiving = poolOf(endpoints);
    forgiving.pick(0);
    times(5, () => use(forgiving, endpoints[0]!, 'server-error', 0));
    for (now = 0; now <= 100_000; now += 5000) forgiving.pick(now);
    use(forgiving, endpoints[0]!, 'server-error', 100_000);
    forgiving.pick(130_000);
    expect(ejected(forgiving, 130_000)).toEqual([]);
  });

  it('of errors takes at most a tenth, but one at least', () => {
    for (const [count, most] of [
      [1, 1],
      [3, 1],
      [20, 2],
      [39, 3],
    ] as const) {
      const endpoints = fleet(count);
      const pool = poolOf(endpoints);
      for (const one of endpoints) times(9, () => use(pool, one, 'gateway-error', 0));
      expect(ejected(pool, 0), `${count} endpoints`).toHaveLength(most);
    }
  });

  it('of failed connections takes all that fail: two of three were killed', () => {
    const endpoints = fleet(3);
    const pool = poolOf(endpoints);
    for (const dead of endpoints.slice(0, 2)) times(5, () => use(pool, dead, 'connect-error', 0));
    expect(ejected(pool, 0)).toEqual(['i0', 'i1']);
    expect([...picks(pool, 100, 0).keys()]).toEqual(['i2']);
  });

  it('of the only endpoint changes nothing: panic keeps it in use', () => {
    const [only] = fleet(1) as [Endpoint];
    const pool = poolOf([only]);
    times(5, () => use(pool, only, 'connect-error', 0));
    expect(pool.stats(0)).toMatchObject({ ejected: 1, panic: true });
    expect(pool.pick(0)).toBe(only);
  });

  it('takes the one whose success rate is far below the others', () => {
    const endpoints = fleet(10);
    const pool = poolOf(endpoints);
    pool.pick(0);
    for (const one of endpoints) {
      for (let index = 0; index < 120; index += 1) {
        const fails = one.id === 'i3' ? index % 2 === 0 : index % 40 === 0;
        use(pool, one, fails ? 'server-error' : 'ok', 1);
      }
    }
    pool.pick(9999);
    expect(ejected(pool, 9999)).toEqual([]);
    pool.pick(10_000);
    expect(ejected(pool, 10_000)).toEqual(['i3']);
    expect(pool.stats(10_000).ejections['success-rate']).toBe(1);
  });

  it('compares no success rates of few endpoints or few requests', () => {
    for (const [count, requests] of [
      [4, 200],
      [10, 99],
    ] as const) {
      const endpoints = fleet(count);
      const pool = poolOf(endpoints);
      pool.pick(0);
      for (const one of endpoints) {
        for (let index = 0; index < requests; index += 1) {
          use(pool, one, one.id === 'i0' && index % 2 === 0 ? 'server-error' : 'ok', 1);
        }
      }
      pool.pick(10_000);
      expect(ejected(pool, 10_000)).toEqual([]);
    }
  });
});

describe('a new list', () => {
  it('keeps what is known of those that stay, by id and address', () => {
    const [a, b, c] = fleet(3) as [Endpoint, Endpoint, Endpoint];
    const pool = poolOf([a, b, c]);
    pool.started(b);
    times(5, () => use(pool, a, 'connect-error', 0));
    pool.update([{ ...a }, { ...b, version: '2' }]);
    expect(pool.stats(0).endpoints).toEqual([
      { id: 'i0', outstanding: 0, ejected: true, healthy: true },
      { id: 'i1', outstanding: 1, ejected: false, healthy: true },
    ]);
    // the request began under the old list
    pool.finished(b, 'ok', 1, 0);
    expect(pool.stats(0).outstanding).toBe(0);

    pool.update([{ ...a, port: 9999 }, b]);
    expect(ejected(pool, 0)).toEqual([]);
  });

  it('is used at once and as a whole', () => {
    const pool = poolOf(fleet(2));
    pool.update([endpoint('new')]);
    expect([...picks(pool, 50, 0).keys()]).toEqual(['new']);
    pool.update([]);
    expect(pool.pick(0)).toBeUndefined();
  });

  it('that brings an endpoint back counts its open requests right', () => {
    const [a, b] = fleet(2) as [Endpoint, Endpoint];
    const pool = poolOf([a, b]);
    pool.started(a);
    pool.update([b]);
    pool.update([a, b]);
    pool.finished(a, 'ok', 1, 0);
    expect(pool.stats(0)).toMatchObject({
      outstanding: 0,
      endpoints: [{ outstanding: 0 }, { outstanding: 0 }],
    });
  });

  it('lets those that join warm up, but not the first ones', () => {
    const [a, b] = fleet(2) as [Endpoint, Endpoint];
    const pool = poolOf([a], { slowStartMs: 10_000 });
    pool.pick(0);
    pool.update([a, b]);
    const share = (now: number) => (picks(pool, 4000, now).get('i1') ?? 0) / 4000;
    const [cold, warmer, warm] = [share(1000), share(6000), share(11_000)];
    expect(cold).toBeLessThan(0.35);
    expect(warmer).toBeGreaterThan(cold);
    expect(warm).toBeGreaterThan(0.45);
  });
});

describe('whatever happens', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pick' as const), ms: fc.nat(500) }),
    fc.record({
      kind: fc.constant('finish' as const),
      which: fc.nat(20),
      outcome: fc.constantFrom<Outcome>(
        'ok',
        'server-error',
        'gateway-error',
        'connect-error',
        'timeout',
        'cancelled',
      ),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60_000) }),
    fc.record({
      kind: fc.constant('update' as const),
      list: fc.uniqueArray(
        fc.record({ id: fc.nat(6), healthy: fc.boolean(), weight: fc.integer({ min: 1, max: 5 }) }),
        { selector: ({ id }) => id, maxLength: 6 },
      ),
    }),
  );

  it('a pick is a member, nobody waits while there is one, and no count goes astray', () => {
    let picked = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), fc.integer(), (steps, seed) => {
        const pool = createEndpointPool({ slowStartMs: 1000 }, seeded(seed));
        let members: Endpoint[] = [];
        const open: Endpoint[] = [];
        let now = 0;
        for (const one of steps) {
          if (one.kind === 'wait') now += one.ms;
          else if (one.kind === 'update') {
            members = one.list.map(({ id, healthy, weight }) =>
              endpoint(`i${id}`, { port: id + 1, healthy, weight }),
            );
            pool.update(members);
          } else if (one.kind === 'pick') {
            now += one.ms;
            const chosen = pool.pick(now);
            expect(chosen !== undefined).toBe(members.length > 0);
            if (!chosen) continue;
            picked += 1;
            expect(members).toContain(chosen);
            const stats = pool.stats(now);
            const about = stats.endpoints.find(({ id }) => id === chosen.id);
            expect(stats.panic || (about?.healthy && !about.ejected)).toBe(true);
            pool.started(chosen);
            open.push(chosen);
          } else {
            const [done] = open.splice(one.which % Math.max(1, open.length), 1);
            if (done) pool.finished(done, one.outcome, 1, now);
          }
          const stats = pool.stats(now);
          expect(stats.outstanding).toBe(open.length);
          expect(stats.ejected).toBe(stats.endpoints.filter((each) => each.ejected).length);
          for (const each of stats.endpoints) expect(each.outstanding).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 150 },
    );
    expect(picked).toBeGreaterThan(500);
  });
});
