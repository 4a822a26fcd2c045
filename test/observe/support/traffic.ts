import { METHODS } from '../../../edge-proxy/telemetry/labels.ts';
import { latencyBucket } from '../../../edge-proxy/telemetry/latency.ts';
import { inferInventory } from '../../../migration-plans/observe/infer.ts';
import type { Inventory } from '../../../migration-plans/observe/inventory.ts';
import { RouteLearner } from '../../../migration-plans/observe/learner.ts';
import type { Observations, ObserveLimits } from '../../../migration-plans/observe/observation.ts';
import type { Application, KnownRoute } from './applications.ts';
import { seededRandom } from './random.ts';

export interface Call {
  method: string;
  url: string;
  status: number;
  ms?: number;
  bytes?: number;
  requestType?: string | undefined;
  answerType?: string | undefined;
}

/** So many calls of an application as its users, robots and scanners make them; each call says which route it was of. */
export function trafficOf(
  application: Application,
  calls: number,
  seed: number,
): (Call & { route: KnownRoute | undefined })[] {
  const random = seededRandom(seed);
  const all = application.routes.reduce((sum, { often }) => sum + often, 0);
  return Array.from({ length: calls }, () => {
    if (random() < 0.03) return { ...scan(random), route: undefined };
    let dice = random() * all;
    for (const route of application.routes) {
      dice -= route.often;
      if (dice < 0) return { ...callOf(route, random), route };
    }
    return { ...scan(random), route: undefined };
  });
}

/** What looks for holes, and finds none here. */
function scan(random: () => number): Call {
  const paths = [
    '/wp-login.php',
    '/.env',
    '/.git/config',
    '/phpmyadmin/',
    `/${Math.floor(random() * 1e9).toString(36)}`,
    '/admin.php?x=1',
  ];
  return { method: 'GET', url: paths[Math.floor(random() * paths.length)]!, status: 404 };
}

function callOf(route: KnownRoute, random: () => number): Call {
  const path = route.path
    .replace(/:\w+/g, (name) => route.values?.[name.slice(1)]?.(random) ?? name)
    .replace('*', () => route.values?.['*']?.(random) ?? '');
  const query = (route.query ?? [])
    .filter(() => random() < 0.6)
    .map((name) => `${name}=${Math.floor(random() * 1e6)}`);
  // Some of what is asked for is gone, some is forbidden, some fails.
  const dice = random();
  const odd =
    dice < 0.01
      ? 500
      : dice < 0.02
        ? 401
        : dice < 0.05 && route.values !== undefined && /[:]/.test(route.path)
          ? 404
          : undefined;
  const reads = route.method === 'GET';
  return {
    method: reads && random() < 0.01 ? 'HEAD' : route.method,
    url: query.length > 0 ? `${path}?${query.join('&')}` : path,
    status: odd ?? (reads && random() < 0.05 ? 304 : (route.status ?? 200)),
    ms: 2 + random() * 80,
    bytes: route.bytes ?? Math.floor(500 + random() * 20_000),
    requestType: route.body,
    answerType: route.type ?? 'text/html; charset=utf-8',
  };
}

/** A learner that sees calls as an edge does. */
export function learnerOf(limits: Partial<ObserveLimits> = {}): {
  see(call: Call, at?: number): void;
  take(): Observations;
  learner: RouteLearner;
} {
  const learner = new RouteLearner(METHODS, limits);
  let clock = 1_000;
  return {
    learner,
    see(call, at) {
      clock = at ?? clock + 20;
      const method = METHODS.indexOf(call.method as (typeof METHODS)[number]);
      const ms = call.ms ?? 5;
      learner.record(
        {
          method: method === -1 ? METHODS.length - 1 : method,
          url: call.url,
          status: call.status,
          bucket: latencyBucket(ms),
          ms,
          bytes: call.bytes ?? 100,
          at: clock,
          weight: 1,
        },
        {
          callDetails: () => ({
            url: call.url,
            requestType: call.requestType,
            hasBody: call.requestType !== undefined,
            answerType: call.answerType,
          }),
        },
      );
    },
    take: () => learner.take((at) => new Date(1_700_000_000_000 + at).toISOString()),
  };
}

export function inventoryOf(calls: readonly Call[], limits: Partial<ObserveLimits> = {}): Inventory {
  const { see, take } = learnerOf(limits);
  for (const call of calls) see(call);
  return inferInventory(take());
}

/** A template with nothing left of the names of its parameters. */
export function shapeOf(method: string, path: string): string {
  return `${method} ${path.replace(/:\w+(?:\.json)?/g, ':')}`;
}

export interface Score {
  precision: number;
  recall: number;
  wrong: string[];
  missed: string[];
}

/** Found templates against those of the routes that were called and answered. */
export function score(
  inventory: Inventory,
  calls: readonly (Call & { route: KnownRoute | undefined })[],
): Score {
  const known = new Set(
    calls.flatMap(({ route, status }) =>
      route === undefined || status === 404 ? [] : [shapeOf(route.method, route.path)],
    ),
  );
  const found = new Set(inventory.routes.map(({ method, path }) => shapeOf(method, path)));
  const wrong = [...found].filter((shape) => !known.has(shape));
  const missed = [...known].filter((shape) => !found.has(shape));
  return {
    precision: found.size === 0 ? 0 : (found.size - wrong.length) / found.size,
    recall: known.size === 0 ? 1 : (known.size - missed.length) / known.size,
    wrong,
    missed,
  };
}
