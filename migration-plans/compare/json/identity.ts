import { ExactNumber, type JsonNode, JsonObject } from './node.ts';

/** Names that usually identify, tried first. */
const USUAL = ['id', '_id', 'uuid', 'key', 'slug', 'sku', 'code', 'number', 'name', 'email', 'url', 'href'];
const MAX_CANDIDATES = 8;
/** Pairs that are looked at to choose between pairing by identity and by position. */
const SAMPLE = 50;

/**
 * Pairs the elements of two lists by a member that identifies them on both sides (present, scalar, unique). Only shapes how a
 * difference is told: whatever is paired is compared, and whatever is not is reported. None if there is no such member, or if pairing
 * by position explains the lists better (the ids themselves were swapped).
 */
export function identifyItems(
  left: readonly JsonNode[],
  right: readonly JsonNode[],
  lefts: number[],
  rights: number[],
): [number, number][] {
  const first = lefts.length > 0 ? left[lefts[0]!] : undefined;
  if (!(first instanceof JsonObject) || lefts.length + rights.length < 3) return [];
  for (const key of candidates(first)) {
    const byLeft = uniqueBy(left, lefts, key);
    if (byLeft === undefined) continue;
    const byRight = uniqueBy(right, rights, key);
    if (byRight === undefined) continue;
    const pairs: [number, number][] = [];
    for (const [value, i] of byLeft) {
      const j = byRight.get(value);
      if (j !== undefined) pairs.push([i, j]);
    }
    if (pairs.length === 0 || pairs.length * 2 < Math.min(lefts.length, rights.length)) continue;
    if (lefts.length === rights.length) {
      const byPosition = lefts.slice(0, SAMPLE).map((i, k): [number, number] => [i, rights[k]!]);
      if (likeness(left, right, byPosition) > likeness(left, right, pairs.slice(0, SAMPLE))) return [];
    }
    return pairs;
  }
  return [];
}

function candidates(object: JsonObject): string[] {
  const scalar = object.keys.filter((_, i) => scalarText(object.values[i]!) !== undefined);
  const usual = USUAL.filter((key) => scalar.includes(key));
  return [...usual, ...scalar.filter((key) => /(?:id|key|slug)$/i.test(key) && !usual.includes(key))].slice(
    0,
    MAX_CANDIDATES,
  );
}

function uniqueBy(
  items: readonly JsonNode[],
  indices: number[],
  key: string,
): Map<string, number> | undefined {
  const found = new Map<string, number>();
  for (const i of indices) {
    const item = items[i];
    if (!(item instanceof JsonObject)) return undefined;
    const value = item.get(key);
    const text = value === undefined ? undefined : scalarText(value);
    if (text === undefined || found.has(text)) return undefined;
    found.set(text, i);
  }
  return found;
}

/** Texts of different types are never equal. */
export function scalarText(node: JsonNode): string | undefined {
  if (typeof node === 'string') return `s${node}`;
  if (typeof node === 'number') return `n${node}`;
  return node instanceof ExactNumber ? `n${node.canonical}` : undefined;
}

/** Members with equal scalar values, on average over the pairs. */
function likeness(left: readonly JsonNode[], right: readonly JsonNode[], pairs: [number, number][]): number {
  let equal = 0;
  for (const [i, j] of pairs) {
    const a = left[i];
    const b = right[j];
    if (!(a instanceof JsonObject) || !(b instanceof JsonObject)) continue;
    for (let k = 0; k < a.keys.length; k++) {
      const value = a.values[k]!;
      if (scalarText(value) !== undefined && b.get(a.keys[k]!) === value) equal++;
    }
  }
  return pairs.length === 0 ? 0 : equal / pairs.length;
}
