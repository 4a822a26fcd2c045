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
  const whole = consensus(names, words, weights, served, RESOLUTIONS);
  return whole.flatMap((part) => divide(part, names, words, weights, served, 0));
}

/** Parts with more than these shares of all doors or all models are looked at again, more closely. */
const LARGE = 0.3;
const FINER = 2.2;
const MAX_DIVISIONS = 2;

/**
 * Takes a part that is most of the application apart by what holds it together inside. It stays whole where that gives
 * nothing that could stand alone.
 */
function divide(
  part: Community,
  all: readonly string[],
  words: readonly string[],
  weights: ReadonlyMap<string, number>,
  served: ReadonlySet<string>,
  depth: number,
): Community[] {
  const doors = part.members.filter((id) => served.has(id)).length;
  const data = part.members.filter(isModel).length;
  const large =
    doors > LARGE * served.size && served.size > 1 ? true : data > LARGE * all.filter(isModel).length;
  if (!large || data < 2 || depth >= MAX_DIVISIONS) return [part];
  const inside = new Set([...part.members, ...words]);
  const own = new Map([...weights].filter(([key]) => key.split('\0').every((id) => inside.has(id))));
  const finer = consensus(
    part.members,
    words,
    own,
    served,
    RESOLUTIONS.map((resolution) => resolution * FINER ** (depth + 1)),
  );
  const standing = finer.filter(
    (item) =>
      item.members.some(isModel) &&
      item.members.some((id) => served.has(id)) &&
      conductance(item.members, part.members, own) <= (doors > WHOLE * served.size ? LOOSE_OF_WHOLE : LOOSE),
  );
  if (standing.length < 2) return [part];
  // What could not stand alone goes where it has most to do.
  const parts = standing.map((item) => ({ ...item, members: [...item.members] }));
  const homes = parts.map((item) => new Set(item.members));
  for (const item of finer) {
    if (standing.includes(item)) continue;
    const ties = homes.map((home) => tieBetween(new Set(item.members), home, own));
    const best = ties.indexOf(Math.max(...ties));
    parts[best]?.members.push(...item.members);
  }
  return parts
    .map((item) => ({ ...item, members: item.members.sort() }))
    .flatMap((item) => divide(item, all, words, weights, served, depth + 1));
}

/** More of a part's ties than this leading out of it, and it is no part of its own. */
const LOOSE = 0.4;
/** A part with more doors than this is the application itself: any division says more than none. */
const WHOLE = 0.85;
const LOOSE_OF_WHOLE = 0.9;

/** Share of a part's ties that lead to the rest of the whole. */
function conductance(
  members: readonly string[],
  whole: readonly string[],
  weights: ReadonlyMap<string, number>,
): number {
  const inside = new Set(members);
  const around = new Set(whole);
  let inner = 0;
  let crossing = 0;
  for (const [key, weight] of weights) {
    const [a = '', b = ''] = key.split('\0');
    if (!around.has(a) || !around.has(b)) continue;
    if (inside.has(a) && inside.has(b)) inner += 2 * weight;
    else if (inside.has(a) !== inside.has(b)) crossing += weight;
  }
  return inner + crossing === 0 ? 1 : crossing / (inner + crossing);
}

function isModel(id: string): boolean {
  return id.startsWith('model:');
}

/** The communities that most of the runs agree on. */
function consensus(
  names: readonly string[],
  words: readonly string[],
  weights: ReadonlyMap<string, number>,
  served: ReadonlySet<string>,
  resolutions: readonly number[],
): Community[] {
  const graph = graphOf([...names, ...words], weights);
  // Only linked pairs are counted: that many grow with the code, all pairs with its square.
  const pairs = [...weights.keys()].map((key) => key.split('\0') as [string, string]);
  const together = new Map<string, number>();
  let runs = 0;
  for (const resolution of resolutions) {
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
    resolution: resolutions.includes(1) ? 1 : (resolutions[0] ?? 1),
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
  const tie = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => tieBetween(a, b, weights);
  for (let round = 0; round < groups.length; round += 1) {
    // Tables look for a door first: a door that finds its tables needs no other part.
    const lacking = (what: 'door' | 'data'): Set<string> | undefined =>
      parts.find((part) => {
        if (part.size === 0 || settled.has(part)) return false;
        const data = [...part].some(isModel);
        const door = [...part].some((id) => served.has(id));
        return what === 'door' ? data && !door : door && !data;
      });
    const homeless = lacking('door') ?? lacking('data');
    if (homeless === undefined) break;
    const doorOnly = ![...homeless].some((id) => id.startsWith('model:'));
    if (!doorOnly && [...homeless].filter(isModel).length > 1) {
      // Tables that only a job brings together need not go the same way.
      const doors = parts.filter((part) => part !== homeless && [...part].some((id) => served.has(id)));
      let moved = false;
      for (const id of [...homeless].filter(isModel)) {
        const ties = doors.map((part) => tie(new Set([id]), part));
        const most = Math.max(0, ...ties);
        if (most === 0) continue;
        doors[ties.indexOf(most)]?.add(id);
        homeless.delete(id);
        moved = true;
      }
      if (moved) continue;
    }
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

/** How much two groups have to do with each other, directly and by the words they share. */
function tieBetween(
  a: ReadonlySet<string>,
  b: ReadonlySet<string>,
  weights: ReadonlyMap<string, number>,
): number {
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
