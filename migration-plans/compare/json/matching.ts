import type { Lists } from '../align.ts';
import { scalarText } from './identity.ts';
import { type JsonArray, type JsonNode, JsonObject } from './node.ts';

export interface Matching {
  pairs: [number, number][];
  leftOnly: number[];
  rightOnly: number[];
  /** The elements stand in another order, which the rule hides. */
  reordered: boolean;
}

/** Comparisons spent on finding an exact matching among elements that look alike, per list. Beyond: first come, first served. */
const MATCHING_BUDGET = 200_000;

/**
 * Matches two lists as multisets: each element once. `same` is transitive unless rules with a tolerance are at work; then a greedy
 * choice could leave two elements over that another choice pairs, so the choice is revised by augmenting paths (Kuhn's algorithm).
 * When the budget is spent, elements are left over and reported: never taken for equal.
 */
export function matchUnordered(lists: Lists, revise: boolean): Matching {
  const buckets = new Map<number, { left: number[]; right: number[] }>();
  const bucket = (hash: number) => {
    let found = buckets.get(hash);
    if (found === undefined) {
      found = { left: [], right: [] };
      buckets.set(hash, found);
    }
    return found;
  };
  for (let i = 0; i < lists.left; i++) bucket(lists.hashLeft(i)).left.push(i);
  for (let j = 0; j < lists.right; j++) bucket(lists.hashRight(j)).right.push(j);
  const budget = { left: MATCHING_BUDGET };
  const pairs: [number, number][] = [];
  for (const { left, right } of buckets.values())
    pairs.push(...matchBucket(lists, left, right, revise, budget));
  const usedLeft = new Set(pairs.map(([i]) => i));
  const usedRight = new Set(pairs.map(([, j]) => j));
  let leftOnly = indices(lists.left).filter((i) => !usedLeft.has(i));
  let rightOnly = indices(lists.right).filter((j) => !usedRight.has(j));
  const related = lists.identify?.(leftOnly, rightOnly) ?? [];
  if (related.length === 0 && leftOnly.length === rightOnly.length) {
    leftOnly.forEach((i, k) => {
      related.push([i, rightOnly[k]!]);
    });
  }
  if (related.length > 0) {
    const relatedLeft = new Set(related.map(([i]) => i));
    const relatedRight = new Set(related.map(([, j]) => j));
    leftOnly = leftOnly.filter((i) => !relatedLeft.has(i));
    rightOnly = rightOnly.filter((j) => !relatedRight.has(j));
  }
  return finish([...pairs, ...related], leftOnly, rightOnly);
}

function matchBucket(
  lists: Lists,
  left: number[],
  right: number[],
  revise: boolean,
  budget: { left: number },
): [number, number][] {
  const ownerOf = new Map<number, number>();
  const free = [...right];
  const waiting: number[] = [];
  // What is taken moves before `head`, so that a list of equal elements is matched in one pass.
  let head = 0;
  for (const i of left) {
    let found = -1;
    for (let k = head; k < free.length && budget.left-- > 0; k++) {
      if (!lists.same(i, free[k]!)) continue;
      found = k;
      break;
    }
    if (found < 0) {
      waiting.push(i);
      continue;
    }
    ownerOf.set(free[found]!, i);
    free[found] = free[head]!;
    head++;
  }
  if (revise && head < free.length) for (const i of waiting) augment(lists, i, right, ownerOf, budget);
  return [...ownerOf].map(([j, i]): [number, number] => [i, j]);
}

/** One augmenting path, breadth first, so that no depth of recursion depends on the input. */
function augment(
  lists: Lists,
  start: number,
  right: number[],
  ownerOf: Map<number, number>,
  budget: { left: number },
): void {
  const reachedFrom = new Map<number, number>();
  const queue = [start];
  const rightOf = new Map([...ownerOf].map(([j, i]) => [i, j]));
  for (let at = 0; at < queue.length; at++) {
    const i = queue[at]!;
    for (const j of right) {
      if (reachedFrom.has(j)) continue;
      if (budget.left-- <= 0) return;
      if (!lists.same(i, j)) continue;
      reachedFrom.set(j, i);
      const owner = ownerOf.get(j);
      if (owner !== undefined) {
        queue.push(owner);
        continue;
      }
      for (let end: number | undefined = j; end !== undefined; ) {
        const from: number = reachedFrom.get(end)!;
        const before: number | undefined = rightOf.get(from);
        ownerOf.set(end, from);
        end = from === start ? undefined : before;
      }
      return;
    }
  }
}

/** Pairs elements by the value at `by`; a text: why that is not possible, in words that go on after "because". */
export function matchKeyed(left: JsonArray, right: JsonArray, by: string): Matching | string {
  return matchByKeys(
    left.items.map((item) => keyText(item, by)),
    right.items.map((item) => keyText(item, by)),
    by,
  );
}

export function matchByKeys(
  left: readonly (string | undefined)[],
  right: readonly (string | undefined)[],
  by: string,
): Matching | string {
  const lefts = positionsOf(left, by);
  if (typeof lefts === 'string') return `the monolith's list has ${lefts}`;
  const rights = positionsOf(right, by);
  if (typeof rights === 'string') return `the service's list has ${rights}`;
  const pairs: [number, number][] = [];
  const leftOnly: number[] = [];
  for (const [key, i] of lefts) {
    const j = rights.get(key);
    if (j === undefined) leftOnly.push(i);
    else pairs.push([i, j]);
  }
  const rightOnly = [...rights].filter(([key]) => !lefts.has(key)).map(([, j]) => j);
  return finish(pairs, leftOnly, rightOnly);
}

function positionsOf(keys: readonly (string | undefined)[], by: string): Map<string, number> | string {
  const positions = new Map<string, number>();
  for (let i = 0; i < keys.length; i++) {
    const text = keys[i];
    if (text === undefined) return `an element without the key ${by}`;
    if (positions.has(text)) return `the same key ${by} twice`;
    positions.set(text, i);
  }
  return positions;
}

/** `by` is a member name, or names joined by dots. */
function keyText(node: JsonNode, by: string): string | undefined {
  if (!(node instanceof JsonObject)) return undefined;
  const direct = node.get(by);
  if (direct !== undefined) return scalarText(direct);
  let at: JsonNode | undefined = node;
  for (const name of by.split('.')) at = at instanceof JsonObject ? at.get(name) : undefined;
  return at === undefined ? undefined : scalarText(at);
}

function finish(pairs: [number, number][], leftOnly: number[], rightOnly: number[]): Matching {
  pairs.sort((a, b) => a[0] - b[0]);
  const reordered = pairs.some(([, j], k) => k > 0 && pairs[k - 1]![1] > j);
  return { pairs, leftOnly, rightOnly, reordered };
}

function indices(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
