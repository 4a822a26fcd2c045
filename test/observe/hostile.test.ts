import { describe, expect, it } from 'vitest';
import { inferInventory } from '../../migration-plans/observe/infer.ts';
import { mergeObservations } from '../../migration-plans/observe/merge.ts';
import { OBSERVE_LIMITS } from '../../migration-plans/observe/observation.ts';
import { parseTemplate } from '../../migration-plans/routing/template.ts';
import { APPLICATIONS } from './support/applications.ts';
import { seededRandom } from './support/random.ts';
import { type Call, inventoryOf, learnerOf, shapeOf, trafficOf } from './support/traffic.ts';

const [REST, SHOP] = APPLICATIONS;
const word = (random: () => number): string =>
  Array.from({ length: 4 + Math.floor(random() * 8) }, () =>
    String.fromCharCode(97 + Math.floor(random() * 26)),
  ).join('');
const ok = { method: 'GET', status: 200, answerType: 'text/html' } as const;

/** Real traffic with so many hostile calls for each real one in between. */
function flooded(
  real: readonly Call[],
  times: number,
  hostile: (random: () => number, at: number) => Call,
): Call[] {
  const random = seededRandom(99);
  return real.flatMap((call, at) => [
    call,
    ...Array.from({ length: times }, (_, more) => hostile(random, at * times + more)),
  ]);
}

/** Shapes of the real application that are still told apart. */
function kept(calls: readonly Call[], real: ReturnType<typeof trafficOf>): { share: number; routes: number } {
  const { see, take } = learnerOf();
  const flushed = calls.flatMap((call, at) => {
    see(call);
    return at % 2_000 === 0 ? [take()] : [];
  });
  const inventory = inferInventory(mergeObservations([...flushed, take()]));
  const found = new Set(inventory.routes.map(({ method, path }) => shapeOf(method, path)));
  const known = new Set(
    real.flatMap(({ route, status }) => (route && status !== 404 ? [shapeOf(route.method, route.path)] : [])),
  );
  return { share: [...known].filter((shape) => found.has(shape)).length / known.size, routes: found.size };
}

describe('hostile traffic', () => {
  it('that the application answers as not there leaves no trace among the routes', () => {
    const real = trafficOf(SHOP!, 4_000, 1);
    const flood = flooded(real, 5, (random) => ({
      method: 'GET',
      url: `/${word(random)}/${word(random)}`,
      status: 404,
    }));
    const clean = inventoryOf(real).routes.map(({ method, path }) => shapeOf(method, path));
    const dirty = inventoryOf(flood);
    expect(dirty.routes.map(({ method, path }) => shapeOf(method, path)).sort()).toEqual(clean.sort());
    expect(dirty.skipped.unmatched).toBeGreaterThan(19_000);
  });

  it.each([
    ['one word each', (random: () => number) => `/${word(random)}`],
    ['below an area', (random: () => number) => `/api/${word(random)}`],
    [
      'deep ones',
      (random: () => number) => `/${word(random)}/${word(random)}/${word(random)}/${word(random)}`,
    ],
    [
      'words with numbers',
      (random: () => number) => `/${word(random)}/${Math.floor(random() * 1e6)}/${word(random)}`,
    ],
  ])('of random paths that are all answered (%s) takes no place of real routes', (_name, path) => {
    const real = trafficOf(REST!, 6_000, 2);
    const flood = flooded(real, 3, (random) => ({ ...ok, url: path(random) }));
    const { share, routes } = kept(flood, real);
    expect(share).toBeGreaterThan(0.9);
    expect(routes).toBeLessThan(120);
  });

  it('stays within the bounds, whatever is sent', () => {
    const { see, take, learner } = learnerOf({ newPathsPerSecond: Number.POSITIVE_INFINITY });
    const random = seededRandom(5);
    const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'];
    const nasty: ((at: number) => string)[] = [
      () => `/${word(random)}/${word(random)}/${word(random)}/${word(random)}/${word(random)}`,
      (at) => `/a${at}/`,
      (at) => `/x/${'y/'.repeat(at % 60)}z`,
      () => `/${'q'.repeat(5_000)}`,
      () => `/${'deep/'.repeat(2_000)}`,
      (at) => `/%ff%fe${at}/%c0%af`,
      (at) => `/\u00ff\u00e4${at}`,
      (at) => `/{number}/{any}${at}/__proto__/constructor`,
      (at) => `/search?${'p'.repeat(at % 300)}${at}=1&__proto__=2&${word(random)}=${word(random)}`,
      (at) => `/files/${word(random)}.${word(random).slice(0, 5)}?v=${at}`,
      () => '//',
      () => '/../../etc/passwd',
      () => '*',
      () => '',
      () => 'http://other.example/x',
      () => '/a/./b',
    ];
    for (let at = 0; at < 60_000; at++)
      see({
        method: methods[at % methods.length]!,
        status: 200,
        url: nasty[at % nasty.length]!(at),
        answerType: `text/x${at % 500}`,
      });
    expect(learner.size().places).toBeLessThanOrEqual(OBSERVE_LIMITS.places);
    expect(learner.size().remembered).toBeLessThanOrEqual(4_096);
    const observed = take();
    expect(JSON.stringify(observed).length).toBeLessThan(8_000_000);
    for (const { types, query } of Object.values(observed.routes)) {
      expect(Object.keys(types).length).toBeLessThanOrEqual(9);
      expect(Object.keys(query).length).toBeLessThanOrEqual(32);
      expect(Object.keys(query).every((name) => name.length <= 64)).toBe(true);
    }
    const { routes } = inferInventory(observed);
    for (const { path } of routes) expect(parseTemplate(path)).toHaveProperty('template');
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });

  it('of one path each does not keep whole requests alive', () => {
    const { see, learner } = learnerOf({ newPathsPerSecond: Number.POSITIVE_INFINITY });
    const tail = 'v'.repeat(12_000);
    const collect = (globalThis as { gc?: () => void }).gc;
    collect?.();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 4_000; at++)
      see({ ...ok, url: `/longer-than-a-short-string-${at % 100}/${at}?${tail}${at}=1` });
    collect?.();
    // 4 000 requests of 12 KB would be 48 MB.
    if (collect !== undefined) expect(process.memoryUsage().heapUsed - before).toBeLessThan(16_000_000);
    expect(learner.size().remembered).toBeLessThanOrEqual(4_096);
  });

  it('beyond the limit a second is read as a sample that stands for all', () => {
    const { see, take } = learnerOf({ newPathsPerSecond: 100 });
    for (let at = 0; at < 64_000; at++) see({ ...ok, url: `/items/${at}` }, 5_000 + (at % 900));
    const calls = take().routes['GET /items/{number}']!.calls;
    expect(Math.abs(calls - 64_000) / 64_000).toBeLessThan(0.02);
  });

  it('leaves no value behind: neither of paths that hold secrets, nor of queries', () => {
    const secrets = [
      's3cretT0kenABCdef123',
      'ann.smith@example.com',
      'hunter2hunter2',
      '4111111111111111',
      'eyJhbGciOiJIUzI1NiJ9.e30.sig',
    ];
    const { see, take } = learnerOf();
    for (const secret of secrets) {
      const encoded = encodeURIComponent(secret);
      for (let twice = 0; twice < 3; twice++) {
        see({ ...ok, url: `/reset/${encoded}` });
        see({ ...ok, url: `/users/${encoded}/orders` });
        see({ ...ok, url: `/login?user=${encoded}&${encoded}` });
        see({ ...ok, url: `/login?${encoded}=1` });
      }
    }
    const text = JSON.stringify(take());
    for (const secret of secrets.filter((each) => each !== 'hunter2hunter2')) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(encodeURIComponent(secret));
    }
    expect(text).toContain('"user":');
  });
});
