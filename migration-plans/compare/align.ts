/** Which elements of two lists belong together. */
export interface Alignment {
  /** Indices of elements that are equal. */
  equal: [number, number][];
  /** Indices of elements that belong together but differ. */
  changed: [number, number][];
  leftOnly: number[];
  rightOnly: number[];
  /** Elements that both sides have stand in another order. */
  reordered: boolean;
}

export interface Lists {
  left: number;
  right: number;
  same(i: number, j: number): boolean;
  hashLeft(i: number): number;
  hashRight(j: number): number;
  /** Pairs unequal elements that mean the same thing (same id), if that can be told. */
  identify?(left: number[], right: number[]): [number, number][];
}

/** Entries of a hash bucket that are looked through for an equal one. */
const BUCKET_SCAN = 16;
/** Cells of the table for the longest common subsequence of a gap between anchors. */
const LCS_CELLS = 40_000;

/**
 * Aligns two lists so that an inserted element is one difference and a mere reordering is recognised. Hashes only propose, `same`
 * decides. O((n + m) log(n + m)) plus at most LCS_CELLS a gap: common ends are cut off, elements that occur equally often on both
 * sides become anchors (the idea of patience diff), repeated ones are matched within the gaps between anchors.
 */
export function align(lists: Lists): Alignment {
  const result: Alignment = { equal: [], changed: [], leftOnly: [], rightOnly: [], reordered: false };
  const { left: n, right: m } = lists;
  let head = 0;
  while (head < n && head < m && lists.same(head, head)) result.equal.push([head, head++]);
  let tail = 0;
  while (head + tail < n && head + tail < m && lists.same(n - 1 - tail, m - 1 - tail)) tail++;
  for (let k = tail; k > 0; k--) result.equal.push([n - k, m - k]);
  let lefts = range(head, n - tail);
  let rights = range(head, m - tail);
  if (n === m && lefts.length > 0) {
    // Most lists that differ have a few changed elements in place: then only these need to be looked into.
    const moved = lefts.filter((i) => !lists.same(i, i));
    if (moved.length * 2 <= lefts.length) {
      for (let k = 0, i = head; i < n - tail; i++) {
        if (moved[k] === i) k++;
        else result.equal.push([i, i]);
      }
      lefts = moved;
      rights = [...moved];
    }
  }
  if (lefts.length === 0 || rights.length === 0) {
    result.leftOnly = lefts;
    result.rightOnly = rights;
    return result;
  }
  alignMiddle(lists, lefts, rights, result);
  return result;
}

function alignMiddle(lists: Lists, lefts: number[], rights: number[], result: Alignment): void {
  if (lefts.length === 1 && rights.length === 1) {
    result.changed.push([lefts[0]!, rights[0]!]);
    return;
  }
  const matched = matchByHash(lists, lefts, rights);
  let pairs = matched;
  const usedLeft = new Set(pairs.map(([i]) => i));
  const usedRight = new Set(pairs.map(([, j]) => j));
  const identified =
    lists.identify?.(
      lefts.filter((i) => !usedLeft.has(i)),
      rights.filter((j) => !usedRight.has(j)),
    ) ?? [];
  if (identified.length > 0) {
    result.changed.push(...identified);
    pairs = [...matched, ...identified].sort((a, b) => a[0] - b[0]);
    for (const [i, j] of identified) {
      usedLeft.add(i);
      usedRight.add(j);
    }
  }
  result.equal.push(...matched);
  const anchors = increasing(pairs);
  result.reordered = anchors.length < pairs.length;
  const restLeft = lefts.filter((i) => !usedLeft.has(i));
  const restRight = rights.filter((j) => !usedRight.has(j));
  if (result.reordered) {
    pairInOrder(restLeft, restRight, restLeft.length === restRight.length, result);
    return;
  }
  let li = 0;
  let ri = 0;
  for (const anchor of [...anchors, undefined]) {
    const gapLeft: number[] = [];
    const gapRight: number[] = [];
    while (li < restLeft.length && (anchor === undefined || restLeft[li]! < anchor[0]))
      gapLeft.push(restLeft[li++]!);
    while (ri < restRight.length && (anchor === undefined || restRight[ri]! < anchor[1]))
      gapRight.push(restRight[ri++]!);
    alignGap(lists, gapLeft, gapRight, identified.length === 0, result);
  }
}

/** Elements that occur equally often on both sides, first with first, second with second. */
function matchByHash(lists: Lists, lefts: number[], rights: number[]): [number, number][] {
  const byHash = new Map<number, { left: number[]; right: number[] }>();
  const bucket = (hash: number) => {
    let found = byHash.get(hash);
    if (found === undefined) {
      found = { left: [], right: [] };
      byHash.set(hash, found);
    }
    return found;
  };
  for (const i of lefts) bucket(lists.hashLeft(i)).left.push(i);
  for (const j of rights) bucket(lists.hashRight(j)).right.push(j);
  const pairs: [number, number][] = [];
  for (const { left, right } of byHash.values()) {
    if (left.length !== right.length) continue;
    if (left.length === 1) {
      if (lists.same(left[0]!, right[0]!)) pairs.push([left[0]!, right[0]!]);
      continue;
    }
    const free = [...right];
    let first = 0;
    for (const i of left) {
      const end = Math.min(free.length, first + BUCKET_SCAN);
      for (let k = first; k < end; k++) {
        const j = free[k]!;
        if (j < 0 || !lists.same(i, j)) continue;
        pairs.push([i, j]);
        free[k] = -1;
        break;
      }
      while (first < free.length && free[first]! < 0) first++;
    }
  }
  return pairs.sort((a, b) => a[0] - b[0]);
}

/** Longest increasing subsequence by the right index, in O(n log n) (patience sorting). */
function increasing(pairs: [number, number][]): [number, number][] {
  const tails: number[] = [];
  const before = new Int32Array(pairs.length);
  for (let k = 0; k < pairs.length; k++) {
    const value = pairs[k]![1];
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tails[middle]!]![1] < value) low = middle + 1;
      else high = middle;
    }
    before[k] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = k;
  }
  const result: [number, number][] = [];
  for (let k = tails.at(-1) ?? -1; k >= 0; k = before[k]!) result.push(pairs[k]!);
  return result.reverse();
}

function alignGap(
  lists: Lists,
  lefts: number[],
  rights: number[],
  pairRest: boolean,
  result: Alignment,
): void {
  if (lefts.length * rights.length > LCS_CELLS || lefts.length === 0 || rights.length === 0) {
    pairInOrder(lefts, rights, pairRest, result);
    return;
  }
  let fromLeft = 0;
  let fromRight = 0;
  for (const [a, b] of commonSubsequence(lists, lefts, rights)) {
    pairInOrder(lefts.slice(fromLeft, a), rights.slice(fromRight, b), pairRest, result);
    result.equal.push([lefts[a]!, rights[b]!]);
    fromLeft = a + 1;
    fromRight = b + 1;
  }
  pairInOrder(lefts.slice(fromLeft), rights.slice(fromRight), pairRest, result);
}

/** Longest common subsequence by dynamic programming; positions within the two gaps. */
function commonSubsequence(lists: Lists, lefts: number[], rights: number[]): [number, number][] {
  const n = lefts.length;
  const m = rights.length;
  const hashes = rights.map((j) => lists.hashRight(j));
  const width = m + 1;
  const table = new Uint16Array((n + 1) * width);
  const equal = (a: number, b: number) =>
    lists.hashLeft(lefts[a]!) === hashes[b] && lists.same(lefts[a]!, rights[b]!);
  for (let a = n - 1; a >= 0; a--) {
    for (let b = m - 1; b >= 0; b--) {
      table[a * width + b] = equal(a, b)
        ? table[(a + 1) * width + b + 1]! + 1
        : Math.max(table[(a + 1) * width + b]!, table[a * width + b + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  for (let a = 0, b = 0; a < n && b < m; ) {
    if (equal(a, b)) pairs.push([a++, b++]);
    else if (table[(a + 1) * width + b]! >= table[a * width + b + 1]!) a++;
    else b++;
  }
  return pairs;
}

function pairInOrder(lefts: number[], rights: number[], pair: boolean, result: Alignment): void {
  const common = pair ? Math.min(lefts.length, rights.length) : 0;
  for (let k = 0; k < common; k++) result.changed.push([lefts[k]!, rights[k]!]);
  for (let k = common; k < lefts.length; k++) result.leftOnly.push(lefts[k]!);
  for (let k = common; k < rights.length; k++) result.rightOnly.push(rights[k]!);
}

function range(from: number, to: number): number[] {
  const result: number[] = [];
  for (let i = from; i < to; i++) result.push(i);
  return result;
}
