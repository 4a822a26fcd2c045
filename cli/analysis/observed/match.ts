import type { Inventory, InventoryRoute } from '../../../migration-plans/observe/inventory.ts';
import type { Analysis, Observed, Route, TrafficFindings } from '../model.ts';

/**
 * Lays what was observed beside what was found in the source: each call goes to the route that a router would choose, names before
 * parameters before tails. Changes `analysis`: `routes[].observed`, and `traffic` for what has no counterpart.
 */
export function addTraffic(analysis: Analysis, inventory: Inventory): void {
  const matched = new Map<Route, InventoryRoute[]>();
  const notInSource: TrafficFindings['notInSource'] = [];
  for (const seen of inventory.routes) {
    const routes = routesFor(analysis.routes, seen);
    for (const route of routes) matched.set(route, [...(matched.get(route) ?? []), seen]);
    if (routes.length === 0) {
      const { method, path, confidence } = seen;
      notInSource.push({ method, path, confidence, ...observedOf([seen]) });
    }
  }
  for (const [route, seen] of matched) route.observed = observedOf(seen);
  analysis.traffic = {
    from: inventory.from,
    to: inventory.to,
    calls: inventory.calls,
    notInSource,
    neverCalled: analysis.routes
      .filter((route) => route.observed === undefined)
      .map(({ method, path, file, line }) => ({ method, path, file, line })),
  };
}

function observedOf(seen: readonly InventoryRoute[]): Observed {
  const [busiest] = [...seen].sort((a, b) => b.calls - a.calls);
  const parameters = [...new Set(seen.flatMap(({ query }) => query.map(({ name }) => name)))].sort();
  const last = seen
    .map(({ lastSeen }) => lastSeen)
    .sort()
    .at(-1);
  return {
    calls: seen.reduce((sum, { calls }) => sum + calls, 0),
    // Quantiles of several routes cannot be added: those of the one that is called most are the best to be had.
    ...(busiest?.p50Ms === undefined ? {} : { p50Milliseconds: busiest.p50Ms }),
    ...(busiest?.p95Ms === undefined ? {} : { p95Milliseconds: busiest.p95Ms }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(last === undefined || last === '' ? {} : { lastSeen: last }),
  };
}

/** The best fitting routes of the source; several only if they fit equally well (the same route registered twice). */
function routesFor(routes: readonly Route[], seen: InventoryRoute): Route[] {
  const method = seen.method === 'UPGRADE' ? 'GET' : seen.method;
  const segments = segmentsOf(seen.path);
  let best: number[] | undefined;
  let found: Route[] = [];
  for (const route of routes) {
    const specific = route.method === method || (method === 'HEAD' && route.method === 'GET');
    if (!specific && route.method !== 'ALL') continue;
    const fit = fitOf(segmentsOf(route.path), segments);
    if (fit === undefined) continue;
    const scored = [...fit, specific ? 1 : 0];
    const order = best === undefined ? 1 : compare(scored, best);
    if (order < 0) continue;
    if (order > 0) found = [];
    best = scored;
    found.push(route);
  }
  return found;
}

/** How well a route's segments fit those observed, one figure each, larger is better; undefined: not at all. */
function fitOf(route: readonly string[], seen: readonly string[]): number[] | undefined {
  const fit: number[] = [];
  for (const [at, segment] of route.entries()) {
    if (isTail(segment)) return at <= seen.length ? [...fit, 0] : undefined;
    const given = seen[at];
    // A tail that was observed covers whatever the source has below it: nothing finer is known.
    if (given === '*') return [...fit, 0];
    if (given === undefined) return undefined;
    if (isParameter(segment)) fit.push(given.startsWith(':') ? 2 : 1);
    else if (segment === given) fit.push(3);
    else return undefined;
  }
  return route.length === seen.length ? fit : undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? -1) - (b[at] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Without a last slash: routers differ in what they make of it. */
function segmentsOf(path: string): string[] {
  return path.replace(/^\/|\/$/g, '').split('/');
}

/** As frameworks write them, also with a pattern or a part known only at run time: `:id`, `:id(\\d+)`, `{id}`, `{expression}`. */
function isParameter(segment: string): boolean {
  return /[:{]/.test(segment) && !isTail(segment);
}

function isTail(segment: string): boolean {
  return /^\*|^\{\*|^\(\.\*\)$|^:\w+\*$|^:\w+\(\.\*\)$/.test(segment);
}
