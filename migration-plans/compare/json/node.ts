/**
 * A JSON document as it was written: members in order with duplicates kept, numbers exact. `JSON.parse` would lose all three and so
 * make documents equal that are not.
 */
export type JsonNode = null | boolean | string | number | ExactNumber | JsonArray | JsonObject;

/** A number that a double cannot hold exactly as a decimal (more than 15 significant digits, or an extreme exponent). */
export class ExactNumber {
  /** Normalised `[-]digits e exponent`: equal numbers have equal texts. */
  readonly canonical: string;
  readonly text: string;
  constructor(canonical: string, text: string) {
    this.canonical = canonical;
    this.text = text;
  }
}

export class JsonArray {
  readonly items: JsonNode[];
  hash = 0;
  ruleHash = 0;
  constructor(items: JsonNode[]) {
    this.items = items;
  }
}

export class JsonObject {
  readonly keys: string[];
  readonly values: JsonNode[];
  hash = 0;
  ruleHash = 0;
  private positions: Map<string, number> | undefined;
  constructor(keys: string[], values: JsonNode[]) {
    this.keys = keys;
    this.values = values;
  }

  /**
   * Position of each member. A name that occurs again gets a name of its own, so that no occurrence is lost:
   * clients disagree on which of them counts (RFC 8259 section 4).
   */
  index(): Map<string, number> {
    if (this.positions !== undefined) return this.positions;
    const positions = new Map<string, number>();
    let occurrences: Map<string, number> | undefined;
    for (let i = 0; i < this.keys.length; i++) {
      const key = this.keys[i]!;
      if (!positions.has(key)) {
        positions.set(key, i);
        continue;
      }
      occurrences ??= new Map();
      const occurrence = (occurrences.get(key) ?? 1) + 1;
      occurrences.set(key, occurrence);
      positions.set(`${key}\u0000${occurrence}`, i);
    }
    this.positions = positions;
    return positions;
  }

  get(key: string): JsonNode | undefined {
    const position = this.index().get(key);
    return position === undefined ? undefined : this.values[position];
  }
}

export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export function typeOf(node: JsonNode): JsonType {
  if (node === null) return 'null';
  switch (typeof node) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      if (node instanceof JsonArray) return 'array';
      return node instanceof JsonObject ? 'object' : 'number';
  }
}

/**
 * Reads the text of a JSON number. Decimals of up to 15 significant digits survive a double unchanged (IEEE 754, binary64),
 * so only longer ones need their text.
 */
export function readNumber(text: string): number | ExactNumber {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new SyntaxError(`not a number: ${text.slice(0, 40)}`);
  const fraction = match[3] ?? '';
  const digits = (match[2]! + fraction).replace(/^0+/, '');
  if (digits === '') return 0;
  const significant = digits.replace(/0+$/, '');
  const exponentText = match[4] ?? '0';
  if (exponentText.length > 12)
    return new ExactNumber(`${match[1]}${digits}e${exponentText}-${fraction.length}`, text);
  const exponent = Number(exponentText) - fraction.length + (digits.length - significant.length);
  if (significant.length <= 15 && exponent + significant.length < 300 && exponent > -300) return Number(text);
  return new ExactNumber(`${match[1]}${significant}e${exponent}`, text);
}

/** Exact equality: key order does not matter, everything else does. Depth is bounded by the parser. */
export function equalNodes(a: JsonNode, b: JsonNode): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof JsonArray) {
    if (!(b instanceof JsonArray) || a.items.length !== b.items.length) return false;
    if (a.hash !== 0 && b.hash !== 0 && a.hash !== b.hash) return false;
    for (let i = 0; i < a.items.length; i++) if (!equalNodes(a.items[i]!, b.items[i]!)) return false;
    return true;
  }
  if (a instanceof JsonObject) {
    if (!(b instanceof JsonObject) || a.keys.length !== b.keys.length) return false;
    if (a.hash !== 0 && b.hash !== 0 && a.hash !== b.hash) return false;
    let i = 0;
    for (; i < a.keys.length; i++) {
      if (a.keys[i] !== b.keys[i]) break;
      if (!equalNodes(a.values[i]!, b.values[i]!)) return false;
    }
    if (i === a.keys.length) return true;
    const positions = b.index();
    for (const [key, at] of a.index()) {
      const other = positions.get(key);
      if (other === undefined || !equalNodes(a.values[at]!, b.values[other]!)) return false;
    }
    return true;
  }
  return b instanceof ExactNumber && a.canonical === b.canonical;
}

/** 32-bit hash; equal nodes have equal hashes, whatever the order of their keys. Cached on containers, so a document is hashed once. */
export function hashNode(node: JsonNode): number {
  if (node === null) return 0x6e756c6c;
  switch (typeof node) {
    case 'boolean':
      return node ? 0x74727565 : 0x66616c73;
    case 'number':
      return mix(hashText(String(node)), 3);
    case 'string':
      return hashText(node);
    default:
  }
  if (node instanceof ExactNumber) return mix(hashText(node.canonical), 5);
  if (node.hash !== 0) return node.hash;
  let hash: number;
  if (node instanceof JsonArray) {
    hash = 0x61727279;
    for (const item of node.items) hash = mix(hash, hashNode(item));
  } else {
    hash = 0x6f626a65;
    for (let i = 0; i < node.keys.length; i++) {
      hash = (hash + mix(hashText(node.keys[i]!), hashNode(node.values[i]!))) | 0;
    }
  }
  node.hash = hash === 0 ? 1 : hash;
  return node.hash;
}

/** Characters of a text that enter its hash. */
const HASHED = 64;

/** FNV-1a over UTF-16 units, of a long text over some of them. Only ever a hint: what has the same hash is compared. */
export function hashText(text: string): number {
  const { length } = text;
  let hash = Math.imul(0x811c9dc5 ^ length, 0x01000193);
  if (length <= HASHED) {
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash;
  }
  // Evenly spread, so that texts with a common head or tail still differ.
  for (let k = 0; k < HASHED; k++) {
    hash = Math.imul(hash ^ text.charCodeAt(Math.floor((k * (length - 1)) / (HASHED - 1))), 0x01000193);
  }
  return hash;
}

export function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ (b >>> 15) ^ b, 0x85ebca6b) + 0x9e3779b9;
  hash ^= hash >>> 13;
  return Math.imul(hash, 0xc2b2ae35) | 0;
}
