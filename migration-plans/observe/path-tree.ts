import {
  DEEPER,
  OBSERVE_LIMITS,
  type Observations,
  type ObserveLimits,
  type RouteStats,
  type ValueStats,
} from './observation.ts';
import { ownCopy } from './own-copy.ts';
import { RouteCell } from './route-cell.ts';
import { kindOf, readSegment, redactedSample, type Token } from './segment.ts';
import { DistinctSketch } from './sketch.ts';
import { TopNames } from './top-names.ts';
import { isAssetFile } from './vocabulary.ts';

/** A word that came so often more than others beside it is a name also where the others are values. */
export const STANDS_OUT = 8;
/** Words remembered at a place where they are values, to find names among them. */
const CANDIDATES = 64;
const SAMPLES = 3;
/** Most places answer to one method, and some to several. */
const CELLS_PER_PLACE = 2;
const MAX_PATH = 4_096;
const ANY: Token = '{any}';
const FILE: Token = '{file}';

/** A place in the tree of paths. */
export class PathNode {
  readonly parent: PathNode | undefined;
  /** By which it is reached. */
  readonly token: Token;
  children: Map<Token, PathNode> | undefined = undefined;
  /** By index of method. */
  readonly cells: (RouteCell | undefined)[] = [];
  /** Calls here and below that were taken already. */
  taken = 0;
  /** Children that are words. */
  words = 0;
  /** Only where values stand. */
  readonly values: { distinct: DistinctSketch; samples: Set<string> } | undefined;
  /** Files became values here. */
  sharesFiles = false;
  /** Only where words became values: those that might be names all the same. */
  candidates: TopNames | undefined = undefined;

  constructor(parent: PathNode | undefined, token: Token) {
    this.parent = parent;
    this.token = token;
    this.values =
      kindOf(token) === undefined ? undefined : { distinct: new DistinctSketch(), samples: new Set() };
  }

  /** Calls here and below, ever. */
  calls(): number {
    let calls = this.taken;
    for (const cell of this.cells) calls += cell?.calls ?? 0;
    for (const child of this.children?.values() ?? []) calls += child.calls() - child.taken;
    return calls;
  }
}

/**
 * Learns templates from paths, one after the other, in bounded room. Values that look like values go into one place per kind; words
 * have places of their own until there are too many beside each other, then all but those that stand out share one.
 *
 * What the tree holds is not the inventory: it is small and additive, and `infer.ts` judges it together with what other edges saw.
 */
export class PathTree {
  readonly #limits: ObserveLimits;
  readonly #root = new PathNode(undefined, '');
  #places = 1;
  #cells = 0;
  /** Rises whenever places become one: who remembers places must forget them. */
  generation = 0;

  constructor(limits: Partial<ObserveLimits> = {}) {
    this.#limits = { ...OBSERVE_LIMITS, ...limits };
  }

  /** Places in use. */
  get places(): number {
    return this.#places;
  }

  /**
   * The place of a request target. `grow`: an unknown one gets a place; otherwise only a known one is found. Undefined: there is none;
   * `ambiguous`: no plan can claim such a path.
   */
  find(url: string, grow: boolean): PathNode | 'ambiguous' | undefined {
    const path = this.#read(url);
    if (path === undefined) return 'ambiguous';
    let node = this.#root;
    for (const { token, raw } of path) {
      const known = node.children?.get(token);
      const child = known ?? (grow ? this.#grow(node, token) : valuesFor(node, token));
      if (child === undefined) return undefined;
      if (grow && child.values !== undefined) addValue(child.values, raw);
      node = child;
    }
    return node;
  }

  /** A path came so often that the word in it may be a name, where words are values. */
  noteOften(path: string, times: number): void {
    let node: PathNode | undefined = this.#root;
    for (const { token } of this.#read(path) ?? []) {
      if (!node.children?.has(token) && valuesFor(node, token) !== undefined) {
        node.candidates ??= new TopNames(CANDIDATES);
        node.candidates.add(token, times);
        return;
      }
      node = node.children?.get(token);
      if (node === undefined) return;
    }
  }

  /** A cell for a method that has none at a place yet; undefined: there is no room. */
  addCell(node: PathNode, method: number): RouteCell | undefined {
    if (this.#cells >= this.#limits.places * CELLS_PER_PLACE) return undefined;
    const cell = new RouteCell();
    node.cells[method] = cell;
    this.#cells++;
    return cell;
  }

  /** What was recorded since the last call, which it forgets; the places stay. */
  take(methods: readonly string[], isoOf: (at: number) => string): Pick<Observations, 'routes' | 'values'> {
    const routes: Record<string, RouteStats> = {};
    const values: Record<string, ValueStats> = {};
    const walk = (node: PathNode, path: string): number => {
      let calls = 0;
      node.cells.forEach((cell, method) => {
        if (cell === undefined) return;
        this.#cells++;
        if (cell.calls === 0) return;
        calls += cell.calls;
        routes[`${methods[method]} ${path || '/'}`] = cell.take(isoOf);
      });
      if (node.values !== undefined && !node.values.distinct.isEmpty()) {
        const { distinct, samples } = node.values;
        values[path] = { distinct: distinct.toText(), samples: [...samples].sort() };
        distinct.clear();
        samples.clear();
      }
      for (const child of node.children?.values() ?? []) calls += walk(child, `${path}/${child.token}`);
      node.taken += calls;
      return calls;
    };
    // Counted anew: cells that became one are one.
    this.#cells = 0;
    walk(this.#root, '');
    return { routes, values };
  }

  /** Undefined: servers read this path differently. */
  #read(url: string): { token: Token; raw: string }[] | undefined {
    const start = url.charCodeAt(0) === 0x2f ? 0 : absolutePathStart(url);
    const fragment = url.indexOf('#');
    const question = url.indexOf('?', start);
    const end = question === -1 ? url.length : question;
    if (start === -1 || end - start > MAX_PATH || (fragment !== -1 && fragment < end)) return undefined;
    const path: { token: Token; raw: string }[] = [];
    let before: string | undefined;
    for (let at = start + 1; at <= end; ) {
      const slash = url.indexOf('/', at);
      const stop = slash === -1 || slash > end ? end : slash;
      const raw = url.slice(at, stop);
      if ((raw === '' && stop !== end) || isDots(raw)) return undefined;
      if (path.length === this.#limits.depth) {
        path.push({ token: DEEPER, raw: '' });
        break;
      }
      const token = readSegment(raw, before);
      // The root itself is one segment that is empty.
      if (raw !== '' || path.length > 0) path.push({ token, raw });
      before = kindOf(token) === undefined ? token : undefined;
      at = stop + 1;
    }
    return path;
  }

  /** A place for what is not known yet, or the one that it shares with others; undefined: there is no room. */
  #grow(node: PathNode, token: Token): PathNode | undefined {
    const shared = valuesFor(node, token);
    if (shared !== undefined && !this.#standsOut(node, token)) return shared;
    if (isWord(token) && node.words >= this.#limits.words) {
      this.#fold(node);
      const made = valuesFor(node, token);
      if (made !== undefined) return made;
    }
    if (this.#places >= this.#limits.places) {
      if (!this.#makeRoom()) return undefined;
      // That may have taken this very place away, or have made values of the words beside the new one.
      if (!this.#isAttached(node)) return undefined;
      const made = valuesFor(node, token);
      if (made !== undefined) return made;
    }
    return this.#attach(node, token);
  }

  #attach(node: PathNode, token: Token): PathNode {
    const child = new PathNode(node, ownCopy(token));
    node.children ??= new Map();
    node.children.set(child.token, child);
    if (isWord(token)) node.words++;
    this.#places++;
    return child;
  }

  /** A word among values that came so often that it gets a place of its own again. */
  #standsOut(node: PathNode, token: Token): boolean {
    if (node.words >= this.#limits.words / 2) return false;
    node.candidates ??= new TopNames(CANDIDATES);
    node.candidates.add(token);
    if (node.candidates.weightOf(token) < STANDS_OUT * 2) return false;
    node.candidates.forget(token);
    return true;
  }

  /** Turns the words below a place into values, but for those that stand out. */
  #fold(node: PathNode): void {
    this.generation++;
    const words = [...(node.children ?? [])]
      .filter(([token]) => isWord(token))
      .map(([token, child]) => ({ token, child, calls: child.calls() }))
      .sort((a, b) => b.calls - a.calls);
    const usual = words[words.length >> 1]?.calls ?? 0;
    const usualForm = commonest(words.map(({ child }) => formOf(child)));
    let odd = 0;
    for (const [rank, { token, child, calls }] of words.entries()) {
      if (calls > usual * STANDS_OUT && rank < this.#limits.words / 2) continue;
      // What is used in another way than most is rather a name, until that cannot be afforded.
      if (formOf(child) !== usualForm && ++odd <= this.#limits.words / 4) continue;
      node.children!.delete(token);
      node.words--;
      this.#absorbValue(this.#sharedPlace(node, token), token, child);
    }
  }

  #sharedPlace(node: PathNode, token: Token): PathNode {
    const isFile = isAssetFile(token);
    if (isFile) node.sharesFiles = true;
    const shared = isFile ? FILE : ANY;
    return node.children?.get(shared) ?? this.#attach(node, shared);
  }

  #absorbValue(any: PathNode, token: Token, child: PathNode): void {
    addValue(any.values!, token);
    this.#absorb(any, child);
  }

  /** Moves everything of a place into another one, which takes its role. */
  #absorb(into: PathNode, from: PathNode): void {
    this.#places--;
    into.taken += from.taken;
    from.cells.forEach((cell, method) => {
      if (cell === undefined) return;
      const own = into.cells[method];
      if (own === undefined) into.cells[method] = cell;
      else own.absorb(cell);
    });
    if (from.values !== undefined && into.values !== undefined) {
      into.values.distinct.merge(from.values.distinct);
      for (const sample of from.values.samples) addSample(into.values.samples, sample);
    }
    for (const [token, child] of from.children ?? []) {
      const own = into.children?.get(token);
      const any = own === undefined ? valuesFor(into, token) : undefined;
      if (own !== undefined) this.#absorb(own, child);
      else if (any !== undefined) this.#absorbValue(any, token, child);
      else {
        this.#absorb(this.#attach(into, token), child);
        if (into.words > this.#limits.words) this.#fold(into);
      }
    }
  }

  /**
   * The tree is full: where many words stand beside each other they become values, first where there are most. False: that gave
   * no room either.
   */
  #makeRoom(): boolean {
    const goal = this.#limits.places * 0.75;
    for (let crowd = this.#limits.words / 2; crowd >= 4 && this.#places > goal; crowd /= 2) {
      const crowded: PathNode[] = [];
      const walk = (node: PathNode): void => {
        if (node.words > crowd) crowded.push(node);
        for (const child of node.children?.values() ?? []) walk(child);
      };
      walk(this.#root);
      for (const node of crowded) if (this.#isAttached(node)) this.#fold(node);
    }
    return this.#places < this.#limits.places;
  }

  /** Folding a place removes those below it. */
  #isAttached(node: PathNode): boolean {
    for (let at = node; at.parent !== undefined; at = at.parent)
      if (at.parent.children?.get(at.token) !== at) return false;
    return true;
  }
}

/** Neither a value, nor the end behind a last slash. */
export function isWord(token: Token): boolean {
  return token !== '' && token.charCodeAt(0) !== 0x7b;
}

/** How a place is used: with which methods, and whether anything is below. */
function formOf({ cells, children }: PathNode): string {
  return `${cells.map((cell) => (cell === undefined ? '' : '+')).join(',')}${children === undefined ? '' : '/'}`;
}

function commonest(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Where an unknown word belongs because words are values there. */
function valuesFor(node: PathNode, token: Token): PathNode | undefined {
  if (!isWord(token)) return undefined;
  return node.children?.get(node.sharesFiles && isAssetFile(token) ? FILE : ANY);
}

function addValue({ distinct, samples }: NonNullable<PathNode['values']>, raw: string): void {
  distinct.add(raw);
  if (samples.size < SAMPLES) addSample(samples, redactedSample(raw));
}

function addSample(samples: Set<string>, sample: string): void {
  if (samples.size < SAMPLES) samples.add(ownCopy(sample));
}

/** RFC 9112 section 3.2.2: where the path of an absolute target begins; -1: there is none. */
function absolutePathStart(url: string): number {
  const scheme = /^https?:\/\/[^/?#]*/i.exec(url);
  return scheme === null || url.charCodeAt(scheme[0].length) !== 0x2f ? -1 : scheme[0].length;
}

function isDots(raw: string): boolean {
  if (raw.length > 6) return false;
  return /^(?:\.|%2e){1,2}$/i.test(raw);
}
