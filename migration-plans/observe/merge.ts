import { LATENCY_BUCKETS_MS } from '../evidence/evidence.ts';
import { emptyHistogram, mergeHistograms } from '../evidence/histogram.ts';
import { type Observations, type RouteStats, SKIPPED, type ValueStats } from './observation.ts';
import { DistinctSketch, hashOf } from './sketch.ts';

/** Bounds of merged observations, whatever the number of edges and however long. */
export interface MergeLimits {
  routes: number;
  values: number;
  /** Of one route. */
  types: number;
  query: number;
  samples: number;
}

export const MERGE_LIMITS: MergeLimits = { routes: 6_000, values: 6_000, types: 12, query: 48, samples: 3 };

export function emptyObservations(): Observations {
  return { from: '', to: '', skipped: {}, routes: {}, values: {} };
}

export function emptyRouteStats(): RouteStats {
  return {
    calls: 0,
    status: [0, 0, 0, 0, 0, 0],
    latency: emptyHistogram(),
    first: '',
    last: '',
    smallest: -1,
    largest: -1,
    inspected: 0,
    bodies: {},
    types: {},
    query: {},
  };
}

/**
 * Adds parts together. Associative and commutative, also where tables are full, so that edges and stores may merge in any order:
 * what stays in a full table is chosen by the hash of its name, and calls of what does not stay are counted as `overflow`.
 */
export function mergeObservations(
  parts: readonly Observations[],
  limits: MergeLimits = MERGE_LIMITS,
): Observations {
  const merged = emptyObservations();
  const routes = new Map<string, RouteStats>();
  const values = new Map<string, ValueStats>();
  for (const part of parts) {
    merged.from = earlier(merged.from, part.from);
    merged.to = later(merged.to, part.to);
    addCounts(merged.skipped, part.skipped);
    for (const [key, stats] of Object.entries(part.routes)) {
      const known = routes.get(key);
      routes.set(key, known === undefined ? stats : mergeRouteStats(known, stats, limits));
    }
    for (const [key, stats] of Object.entries(part.values)) {
      const known = values.get(key);
      values.set(key, known === undefined ? stats : mergeValueStats(known, stats, limits));
    }
  }
  for (const [, { calls }] of dropBeyond(routes, limits.routes))
    merged.skipped.overflow = (merged.skipped.overflow ?? 0) + calls;
  dropBeyond(values, limits.values);
  merged.skipped = Object.fromEntries(
    SKIPPED.flatMap((reason) => {
      const count = merged.skipped[reason];
      return count === undefined ? [] : [[reason, count]];
    }),
  );
  merged.routes = Object.fromEntries([...routes].sort(byKey));
  merged.values = Object.fromEntries([...values].sort(byKey));
  return merged;
}

export function mergeRouteStats(
  a: RouteStats,
  b: RouteStats,
  limits: MergeLimits = MERGE_LIMITS,
): RouteStats {
  return {
    calls: a.calls + b.calls,
    status: a.status.map((count, at) => count + (b.status[at] ?? 0)),
    latency: mergeHistograms(a.latency, b.latency),
    first: earlier(a.first, b.first),
    last: later(a.last, b.last),
    smallest:
      a.smallest === -1 ? b.smallest : b.smallest === -1 ? a.smallest : Math.min(a.smallest, b.smallest),
    largest: Math.max(a.largest, b.largest),
    inspected: a.inspected + b.inspected,
    bodies: addCounts({ ...a.bodies }, b.bodies),
    types: bounded(addCounts({ ...a.types }, b.types), limits.types),
    query: bounded(addCounts({ ...a.query }, b.query), limits.query),
  };
}

export function mergeValueStats(
  a: ValueStats,
  b: ValueStats,
  limits: MergeLimits = MERGE_LIMITS,
): ValueStats {
  const sketch = DistinctSketch.fromText(a.distinct);
  sketch.merge(DistinctSketch.fromText(b.distinct));
  const samples = [...new Set([...a.samples, ...b.samples])].sort().slice(0, limits.samples);
  return { distinct: sketch.toText(), samples };
}

/** As JSON in a row of the store: a reader checks it with `isObservations`. */
export function isObservations(value: Record<string, unknown>): boolean {
  const { routes, values, skipped, from, to } = value;
  if (!isMap(routes) || !isMap(values) || !isMap(skipped)) return false;
  if (typeof from !== 'string' || typeof to !== 'string') return false;
  return Object.values(routes).every(isRouteStats) && Object.values(values).every(isValueStats);
}

function isRouteStats(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { calls, status, latency, bodies, types, query } = value;
  return (
    typeof calls === 'number' &&
    Array.isArray(status) &&
    isMap(latency) &&
    Array.isArray(latency.buckets) &&
    latency.buckets.length <= LATENCY_BUCKETS_MS.length + 1 &&
    isMap(bodies) &&
    isMap(types) &&
    isMap(query)
  );
}

function isValueStats(value: unknown): boolean {
  return isMap(value) && typeof value.distinct === 'string' && Array.isArray(value.samples);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function addCounts<K extends string>(
  into: Partial<Record<K, number>>,
  from: Partial<Record<K, number>>,
): Partial<Record<K, number>> & Record<K, number> {
  for (const name of Object.keys(from) as K[]) into[name] = (into[name] ?? 0) + (from[name] ?? 0);
  return into as Record<K, number>;
}

function bounded(counts: Record<string, number>, limit: number): Record<string, number> {
  const entries = new Map(Object.entries(counts));
  if (entries.size <= limit) return counts;
  dropBeyond(entries, limit);
  return Object.fromEntries(entries);
}

/**
 * Keeps the entries whose names have the smallest hashes. Whatever is kept in the end was kept all along, so its count is whole in any
 * order of merging.
 */
function dropBeyond<T>(entries: Map<string, T>, limit: number): [string, T][] {
  if (entries.size <= limit) return [];
  const sorted = [...entries].sort(([a], [b]) => hashOf(a) - hashOf(b) || (a < b ? -1 : 1));
  const dropped = sorted.slice(limit);
  for (const [name] of dropped) entries.delete(name);
  return dropped;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function earlier(a: string, b: string): string {
  if (a === '' || b === '') return a || b;
  return a < b ? a : b;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
