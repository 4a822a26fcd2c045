/**
 * Communities of units by Louvain over several resolutions and seeds, and a consensus of all runs.
 * Blondel et al. 2008 (Louvain); Lancichinetti and Fortunato 2012 (consensus clustering).
 */
import graphology from 'graphology';
import louvainModule from 'graphology-communities-louvain';
import type { Units } from './units.ts';

/** The packages are CommonJS: what they export lies under `default` once more for the type checker. */
type LouvainFunction = typeof import('graphology-communities-louvain').default;
const louvain = louvainModule as unknown as LouvainFunction;
const { UndirectedGraph } = graphology as unknown as typeof import('graphology');

export const RESOLUTIONS = [0.7, 0.85, 1, 1.2, 1.5, 1.9];
const SEEDS = 5;
/** Pairs that fewer runs agree on than this are not tied in the consensus. */
const AGREEMENT = 0.4;

export interface Community {
  members: string[];
  /** Share of runs in which two linked members were together, averaged over linked pairs: 1 is always. */
  stability: number;
}

const BASE: Record<string, number> = {
  reads: 1,
  writes: 2.5,
  calls: 1,
  callback: 0.5,
  event: 0.3,
  relation: 0.8,
};

/** A small pseudo-random generator, so that the same input gives the same result everywhere (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function communitiesOf(
  { units, edges }: Units,
  terms: ReadonlyMap<string, ReadonlySet<string>>,
  served: ReadonlySet<string>,
): Community[] {
  const names = [...units.keys()].sort();
  if (names.length === 0) return [];
  const weights = pairWeights({ units, edges });
  const words = addTerms(weights, terms);
  const graph = graphOf([...names, ...words], weights);
  // Only linked pairs are counted: that many grow with the code, all pairs with its square.
  const pairs = [...weights.keys()].map((key) => key.split('\0') as [string, string]);
  const together = new Map<string, number>();
  let runs = 0;
  for (const resolution of RESOLUTIONS) {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const parts = louvain(graph, { resolution, rng: seeded(seed * 7919), getEdgeWeight: 'weight' });
      runs += 1;
      for (const [a, b] of pairs) {
        if (parts[a] === parts[b]) together.set(`${a}\0${b}`, (together.get(`${a}\0${b}`) ?? 0) + 1);
      }
    }
  }
  const agreed = new Map<string, number>();
  for (const [key, count] of together) {
    const weight = weights.get(key) ?? 0;
    if (count / runs >= AGREEMENT) agreed.set(key, (count / runs) * weight);
  }
  const final = louvain(graphOf([...names, ...words], agreed), {
    resolution: 1,
    rng: seeded(1),
    getEdgeWeight: 'weight',
  });
  const groups = new Map<number, string[]>();
  for (const name of names) {
    const list = groups.get(final[name] ?? -1) ?? [];
    list.push(name);
    groups.set(final[name] ?? -1, list);
  }
  return attach([...groups.values()], weights, served).map((members) => {
    const inside = new Set(members);
    let sum = 0;
    let count = 0;
    for (const [a, b] of pairs) {
      if (!inside.has(a) || !inside.has(b)) continue;
      count += 1;
      sum += (together.get(`${a}\0${b}`) ?? 0) / runs;
    }
    return { members, stability: count === 0 ? 1 : sum / count };
  });
}

/**
 * Joins what holds tables but serves no route, or the other way round, to the part it has most to do with: a service needs
 * a door, and something behind it.
 *
 * @param served units that hold handlers
 */
function attach(
  groups: string[][],
  weights: ReadonlyMap<string, number>,
  served: ReadonlySet<string>,
): string[][] {
  const parts = groups.map((members) => new Set(members));
  const settled = new Set<Set<string>>();
  const tie = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
    let sum = 0;
    const through = new Map<string, [number, number]>();
    for (const [key, weight] of weights) {
      const [x = '', y = ''] = key.split('\0');
      if ((a.has(x) && b.has(y)) || (a.has(y) && b.has(x))) sum += weight;
      const word = x.startsWith('term:') ? x : y.startsWith('term:') ? y : undefined;
      if (word === undefined) continue;
      const unit = word === x ? y : x;
      const both = through.get(word) ?? [0, 0];
      if (a.has(unit)) both[0] += weight;
      if (b.has(unit)) both[1] += weight;
      through.set(word, both);
    }
    for (const [x, y] of through.values()) sum += Math.min(x, y);
    return sum;
  };
  for (let round = 0; round < groups.length; round += 1) {
    const homeless = parts.find((part) => {
      if (part.size === 0 || settled.has(part)) return false;
      const data = [...part].some((id) => id.startsWith('model:'));
      const door = [...part].some((id) => served.has(id));
      return data !== door;
    });
    if (homeless === undefined) break;
    const doorOnly = ![...homeless].some((id) => id.startsWith('model:'));
    let all = 0;
    let best: Set<string> | undefined;
    let most = 0;
    for (const part of parts) {
      if (part === homeless || part.size === 0) continue;
      const value = tie(homeless, part);
      all += value;
      if (value > most) {
        most = value;
        best = part;
      }
    }
    settled.add(homeless);
    // A door without tables of its own joins a part only when that is clearly where it leads.
    if (best === undefined || (doorOnly && most < all * 0.5)) continue;
    for (const id of homeless) best.add(id);
    homeless.clear();
  }
  return parts.filter((part) => part.size > 0).map((part) => [...part].sort());
}

/** Weight of the tie between a unit and one of its words. */
const TERM = 1.6;

/** Adds a node for each word that several units share; returns these nodes. */
function addTerms(weights: Map<string, number>, terms: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const users = new Map<string, string[]>();
  for (const [unit, words] of terms)
    for (const word of words) users.set(word, [...(users.get(word) ?? []), unit]);
  const nodes: string[] = [];
  for (const [word, list] of [...users].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (list.length < 2) continue;
    const node = `term:${word}`;
    nodes.push(node);
    for (const unit of list) weights.set(unit < node ? `${unit}\0${node}` : `${node}\0${unit}`, TERM);
  }
  return nodes;
}

function graphOf(
  names: readonly string[],
  weights: ReadonlyMap<string, number>,
): InstanceType<typeof UndirectedGraph> {
  const graph = new UndirectedGraph();
  for (const name of names) graph.addNode(name);
  for (const [key, weight] of weights) {
    const [a = '', b = ''] = key.split('\0');
    graph.addEdge(a, b, { weight });
  }
  return graph;
}

/**
 * Weights between pairs. What many units use binds none of them: each edge is divided by how common its target is, as
 * rare words tell more about a text than common ones.
 */
function pairWeights({ units, edges }: Pick<Units, 'units' | 'edges'>): Map<string, number> {
  const users = new Map<string, Set<string>>();
  const used = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    used.set(from, (used.get(from) ?? new Set()).add(to));
    const set = users.get(to) ?? new Set();
    set.add(from);
    users.set(to, set);
  }
  const total = Math.max(2, units.size);
  const weights = new Map<string, number>();
  for (const { from, to, kind, weight, transaction } of edges) {
    const spread = Math.max(users.get(to)?.size ?? 1, (used.get(from)?.size ?? 1) / 2);
    const rarity = Math.log2(1 + total / spread) / Math.log2(1 + total);
    const bound = transaction === undefined ? 1 : 1.5;
    const value = (BASE[kind] ?? 1) * (1 + Math.log2(weight)) * rarity ** 2 * bound;
    const key = from < to ? `${from}\0${to}` : `${to}\0${from}`;
    weights.set(key, (weights.get(key) ?? 0) + value);
  }
  return new Map([...weights].sort(([a], [b]) => (a < b ? -1 : 1)));
}
