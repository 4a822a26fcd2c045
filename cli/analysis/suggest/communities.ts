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
  /** Share of runs in which two of its members were together, averaged over pairs: 1 is always. */
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

export function communitiesOf({ units, edges }: Units): Community[] {
  const names = [...units.keys()].sort();
  if (names.length === 0) return [];
  const weights = pairWeights({ units, edges });
  const index = new Map(names.map((name, at) => [name, at]));
  const size = names.length;
  const together = new Float32Array(size * size);
  const graph = graphOf(names, weights);
  let runs = 0;
  for (const resolution of RESOLUTIONS) {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const parts = louvain(graph, { resolution, rng: seeded(seed * 7919), getEdgeWeight: 'weight' });
      runs += 1;
      const groups = new Map<number, number[]>();
      for (const name of names) {
        const part = parts[name] ?? -1;
        const list = groups.get(part) ?? [];
        list.push(index.get(name) ?? 0);
        groups.set(part, list);
      }
      for (const list of groups.values()) {
        for (const a of list)
          for (const b of list) if (a < b) together[a * size + b] = (together[a * size + b] ?? 0) + 1;
      }
    }
  }
  const agreed = new Map<string, number>();
  for (let a = 0; a < size; a += 1) {
    for (let b = a + 1; b < size; b += 1) {
      const share = (together[a * size + b] ?? 0) / runs;
      if (share >= AGREEMENT) agreed.set(`${names[a]}\0${names[b]}`, share);
    }
  }
  const final = louvain(graphOf(names, agreed), { resolution: 1, rng: seeded(1), getEdgeWeight: 'weight' });
  const groups = new Map<number, string[]>();
  for (const name of names) {
    const list = groups.get(final[name] ?? -1) ?? [];
    list.push(name);
    groups.set(final[name] ?? -1, list);
  }
  return [...groups.values()].map((members) => {
    let sum = 0;
    let pairs = 0;
    for (const a of members) {
      for (const b of members) {
        if (a >= b) continue;
        pairs += 1;
        sum += (together[(index.get(a) ?? 0) * size + (index.get(b) ?? 0)] ?? 0) / runs;
      }
    }
    return { members, stability: pairs === 0 ? 1 : sum / pairs };
  });
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
  for (const { from, to } of edges) {
    const set = users.get(to) ?? new Set();
    set.add(from);
    users.set(to, set);
  }
  const total = Math.max(2, units.size);
  const weights = new Map<string, number>();
  for (const { from, to, kind, weight, transaction } of edges) {
    const rarity = Math.log2(1 + total / (users.get(to)?.size ?? 1)) / Math.log2(1 + total);
    const bound = transaction === undefined ? 1 : 1.5;
    const value = (BASE[kind] ?? 1) * (1 + Math.log2(weight)) * rarity ** 2 * bound;
    const key = from < to ? `${from}\0${to}` : `${to}\0${from}`;
    weights.set(key, (weights.get(key) ?? 0) + value);
  }
  return new Map([...weights].sort(([a], [b]) => (a < b ? -1 : 1)));
}
