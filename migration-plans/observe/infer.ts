import { quantile } from '../evidence/histogram.ts';
import { callsConfidence, parameterConfidence, wordConfidence } from './confidence.ts';
import { type InferNode, inferTreeOf, PARAMETER, TAIL } from './infer-tree.ts';
import type { Inventory, InventoryParameter, InventoryRoute, Share, ValueReason } from './inventory.ts';
import { judgeTree } from './judge.ts';
import { mergeRouteStats } from './merge.ts';
import type { BodyKind, Observations, RouteStats } from './observation.ts';
import { parameterName } from './parameter-names.ts';
import { foldFolders, foldSamePage } from './tails.ts';

const STATUS_CLASSES = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const SAMPLES = 3;

/**
 * The inventory that observations amount to. Pure: judged each time it is read, from what was counted, so that a verdict can change with
 * more traffic and can always be explained.
 */
export function inferInventory(observed: Observations): Inventory {
  const root = inferTreeOf(observed);
  foldSamePage(root);
  judgeTree(root);
  foldFolders(root);
  const routes: InventoryRoute[] = [];
  collect(root, [], routes);
  routes.sort((a, b) => b.calls - a.calls || byText(a.path, b.path) || byText(a.method, b.method));
  return {
    from: observed.from,
    to: observed.to,
    calls: routes.reduce((sum, { calls }) => sum + calls, 0),
    routes,
    skipped: observed.skipped,
  };
}

/** A place on the way to a route. */
interface Step {
  node: InferNode;
  siblings: InferNode[];
}

function collect(node: InferNode, steps: readonly Step[], into: InventoryRoute[]): void {
  for (const [method, stats] of withoutHead(node.routes)) into.push(routeOf(method, stats, steps));
  const siblings = [...node.children.values()];
  for (const child of siblings) collect(child, [...steps, { node: child, siblings }], into);
}

/** Who answers GET answers HEAD: it is no route of its own. */
function withoutHead(routes: ReadonlyMap<string, RouteStats>): ReadonlyMap<string, RouteStats> {
  const head = routes.get('HEAD');
  const get = routes.get('GET');
  if (head === undefined || get === undefined) return routes;
  const merged = new Map(routes);
  merged.delete('HEAD');
  // Answers to HEAD have no body and say nothing of the sizes of those to GET.
  return merged.set('GET', mergeRouteStats(get, { ...head, smallest: -1, largest: -1 }));
}

function routeOf(method: string, stats: RouteStats, steps: readonly Step[]): InventoryRoute {
  const parameters: InventoryParameter[] = [];
  const segments: string[] = [];
  let confidence = callsConfidence(stats);
  for (const [at, { node, siblings }] of steps.entries()) {
    if (node.token === PARAMETER && node.values !== undefined) {
      const parameter = parameterOf(node, steps.slice(0, at), parameters);
      parameters.push(parameter);
      segments.push(`:${parameter.name}`);
      confidence *= parameter.confidence;
    } else {
      segments.push(node.token);
      if (node.token !== TAIL && node.token !== '') confidence *= wordConfidence(node, siblings);
    }
  }
  return {
    method,
    path: `/${segments.join('/')}`,
    confidence: rounded(confidence),
    calls: stats.calls,
    status: Object.fromEntries(
      STATUS_CLASSES.flatMap((name, at) => ((stats.status[at] ?? 0) > 0 ? [[name, stats.status[at]!]] : [])),
    ),
    p50Ms: quantile(stats.latency, 0.5),
    p95Ms: quantile(stats.latency, 0.95),
    parameters,
    query: shares(stats.query, stats.inspected),
    bodies: shares(stats.bodies, stats.inspected) as Share<BodyKind>[],
    types: shares(stats.types, stats.inspected),
    firstSeen: stats.first,
    lastSeen: stats.last,
  };
}

function parameterOf(
  { values }: InferNode,
  before: readonly Step[],
  taken: readonly InventoryParameter[],
): InventoryParameter {
  const { kinds, reasons, distinct, samples } = values!;
  const byCalls = <T>(counts: ReadonlyMap<T, number>): T[] =>
    [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const ordered = byCalls(kinds);
  const reason: ValueReason = byCalls(reasons)[0] ?? 'form';
  const forms = [...samples].sort().slice(0, SAMPLES);
  return {
    name: parameterName(
      ordered[0] ?? 'any',
      forms,
      before.map(({ node }) => node.token),
      taken.map(({ name }) => name),
    ),
    kinds: ordered,
    reason,
    distinct: distinct.estimate(),
    samples: forms,
    confidence: rounded(parameterConfidence(reason, distinct.estimate())),
  };
}

function shares(counts: Readonly<Record<string, number>>, all: number): Share[] {
  if (all === 0) return [];
  return Object.entries(counts)
    .map(([name, count]) => ({ name, share: rounded(Math.min(1, count / all)) }))
    .sort((a, b) => b.share - a.share || byText(a.name, b.name));
}

function rounded(share: number): number {
  return Math.round(share * 100) / 100;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
