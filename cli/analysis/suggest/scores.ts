/**
 * Scores of a division into a capability and the rest. None of them decides alone: most of the published ones reward one
 * big lump, so the share of the largest part and the share of single-member parts damp the overall figure.
 */
import type { Scores } from '../model.ts';
import type { Findings, UnitEdge, Units } from './units.ts';

export interface Division {
  inside: ReadonlySet<string>;
  stability: number;
}

const CALLS = new Set(['calls', 'callback', 'event']);

/**
 * Inter-partition call percentage: weight of calls and data accesses that cross the boundary, divided by the weight of
 * all that touch the capability (Kalia et al. 2021, Mono2Micro, ICP). 0 is best.
 */
export function interPartitionCalls(edges: readonly UnitEdge[], inside: ReadonlySet<string>): number {
  let crossing = 0;
  let all = 0;
  for (const { from, to, weight, kind } of edges) {
    if (kind === 'relation') continue;
    const a = inside.has(from);
    const b = inside.has(to);
    if (!a && !b) continue;
    all += weight;
    if (a !== b) crossing += weight;
  }
  return all === 0 ? 0 : crossing / all;
}

/**
 * Structural modularity: mean over parts of μₖ/Nₖ² minus mean over pairs of σᵢⱼ/(2·Nᵢ·Nⱼ), where μₖ counts pairs of
 * units linked within part k, σᵢⱼ those linked across, N the units (Jin et al. 2019; Mono2Micro, SM). Higher is better.
 */
export function structuralModularity(units: Units, inside: ReadonlySet<string>): number {
  const sizeInside = inside.size;
  const sizeOutside = units.units.size - sizeInside;
  const linked = { inside: new Set<string>(), outside: new Set<string>(), across: new Set<string>() };
  for (const { from, to } of units.edges) {
    const key = from < to ? `${from}\0${to}` : `${to}\0${from}`;
    const a = inside.has(from);
    const b = inside.has(to);
    (a && b ? linked.inside : !a && !b ? linked.outside : linked.across).add(key);
  }
  const cohesion = [
    sizeInside === 0 ? 0 : linked.inside.size / sizeInside ** 2,
    sizeOutside === 0 ? 0 : linked.outside.size / sizeOutside ** 2,
  ];
  const coupling =
    sizeInside === 0 || sizeOutside === 0 ? 0 : linked.across.size / (2 * sizeInside * sizeOutside);
  return ((cohesion[0] ?? 0) + (cohesion[1] ?? 0)) / 2 - coupling;
}

/**
 * Interface number: units of a part that are called from outside it, averaged over the two parts (Jin et al. 2019; IFN).
 * Lower is better.
 */
export function interfaceNumber(edges: readonly UnitEdge[], inside: ReadonlySet<string>): number {
  const called = [new Set<string>(), new Set<string>()];
  for (const { from, to, kind, toLabel } of edges) {
    if (!CALLS.has(kind) || inside.has(from) === inside.has(to)) continue;
    called[inside.has(to) ? 0 : 1]?.add(`${to} ${toLabel}`);
  }
  return ((called[0]?.size ?? 0) + (called[1]?.size ?? 0)) / 2;
}

/**
 * Data-transaction purity: 1 minus the mean over tables of the entropy, in bits, of who accesses them (Mono2Micro,
 * business context purity applied to tables). 1 means that every table is accessed from one side only.
 */
export function transactionPurity(edges: readonly UnitEdge[], inside: ReadonlySet<string>): number {
  const byTable = new Map<string, [number, number]>();
  for (const { from, to, kind, weight } of edges) {
    if (kind !== 'reads' && kind !== 'writes') continue;
    const counts = byTable.get(to) ?? [0, 0];
    counts[inside.has(from) ? 0 : 1] += weight;
    byTable.set(to, counts);
  }
  const touched = [...byTable].filter(([table, [own]]) => own > 0 || inside.has(table));
  if (touched.length === 0) return 1;
  const entropies = touched.map(([, counts]) => {
    const total = counts[0] + counts[1];
    return counts.reduce(
      (sum, count) => (count === 0 ? sum : sum - (count / total) * Math.log2(count / total)),
      0,
    );
  });
  return 1 - entropies.reduce((sum, value) => sum + value, 0) / entropies.length;
}

/**
 * Saga cost: over the routes that touch both sides, +1 for each model they write, because the step must be undone when
 * the other side fails, and for each model they read +1 per other such route that writes it (Santos and Silva 2020,
 * complexity of migrating a functionality). 0 is best.
 */
export function sagaCost(findings: Findings, inside: ReadonlySet<string>): number {
  const distributed = findings.routes.filter((route) => {
    const sides = new Set(
      route.models.filter((use) => use.via === 'handler').map((use) => inside.has(`model:${use.name}`)),
    );
    return sides.size === 2;
  });
  const writers = new Map<string, number>();
  for (const route of distributed) {
    for (const use of route.models)
      if (use.access === 'write') writers.set(use.name, (writers.get(use.name) ?? 0) + 1);
  }
  let cost = 0;
  for (const route of distributed) {
    const written = new Set(route.models.filter((use) => use.access === 'write').map((use) => use.name));
    cost += written.size;
    for (const use of route.models) {
      if (use.access === 'read') cost += (writers.get(use.name) ?? 0) - (written.has(use.name) ? 1 : 0);
    }
  }
  return cost;
}

export function score(
  findings: Findings,
  units: Units,
  division: Division,
  sizes: readonly number[],
): Scores {
  const { inside, stability } = division;
  const icp = interPartitionCalls(units.edges, inside);
  const sm = structuralModularity(units, inside);
  const ifn = interfaceNumber(units.edges, inside);
  const purity = transactionPurity(units.edges, inside);
  const saga = sagaCost(findings, inside);
  const total = Math.max(1, units.units.size);
  const largestShare = Math.max(0, ...sizes) / total;
  const singletonShare = sizes.length === 0 ? 0 : sizes.filter((size) => size === 1).length / sizes.length;
  const share = inside.size / total;
  const plain =
    0.35 * (1 - icp) + 0.25 * purity + 0.15 / (1 + saga / 10) + 0.1 / (1 + ifn / 5) + 0.15 * stability;
  const damped = plain * (1 - Math.max(0, share - 0.4)) * (inside.size === 1 ? 0.7 : 1);
  return {
    icp: round(icp),
    sm: round(sm),
    ifn: round(ifn),
    transactionPurity: round(purity),
    sagaCost: saga,
    largestShare: round(largestShare),
    singletonShare: round(singletonShare),
    parts: sizes.length,
    stability: round(stability),
    overall: round(damped),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
