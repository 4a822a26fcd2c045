import type { ValueReason } from './inventory.ts';
import { mergeRouteStats } from './merge.ts';
import { DEEPER, type Observations, type RouteStats } from './observation.ts';
import { isWord } from './path-tree.ts';
import { kindOf, redactedSample, type SegmentKind, type Token } from './segment.ts';
import { DistinctSketch } from './sketch.ts';

/** Values at a place in a path, as far as judged. */
export interface ValuePlace {
  kinds: Map<SegmentKind, number>;
  reasons: Map<ValueReason, number>;
  distinct: DistinctSketch;
  samples: Set<string>;
}

/** Token of a place where values stand, whatever their kinds: templates cannot tell these apart. */
export const PARAMETER: Token = '{}';
/** Token of whatever is below. */
export const TAIL: Token = '*';

/** A place in the tree of everything that was observed. */
export class InferNode {
  readonly token: Token;
  readonly children = new Map<Token, InferNode>();
  readonly routes = new Map<string, RouteStats>();
  values: ValuePlace | undefined = undefined;

  constructor(token: Token) {
    this.token = token;
  }

  child(token: Token): InferNode {
    let child = this.children.get(token);
    if (child === undefined) {
      child = new InferNode(token);
      this.children.set(token, child);
    }
    return child;
  }

  words(): InferNode[] {
    return [...this.children.values()].filter(({ token }) => isWord(token) && token !== TAIL);
  }

  /** Calls here and below. */
  calls(): number {
    let calls = 0;
    for (const { calls: own } of this.routes.values()) calls += own;
    for (const child of this.children.values()) calls += child.calls();
    return calls;
  }

  /** Adds everything of another place. */
  absorb(other: InferNode): void {
    for (const [method, stats] of other.routes) this.add(method, stats);
    for (const [token, child] of other.children) this.child(token).absorb(child);
    if (other.values === undefined) return;
    const values = this.place();
    for (const [kind, calls] of other.values.kinds)
      values.kinds.set(kind, (values.kinds.get(kind) ?? 0) + calls);
    for (const [reason, calls] of other.values.reasons)
      values.reasons.set(reason, (values.reasons.get(reason) ?? 0) + calls);
    values.distinct.merge(other.values.distinct);
    for (const sample of other.values.samples) values.samples.add(sample);
  }

  add(method: string, stats: RouteStats): void {
    const known = this.routes.get(method);
    this.routes.set(method, known === undefined ? stats : mergeRouteStats(known, stats));
  }

  place(): ValuePlace {
    this.values ??= {
      kinds: new Map(),
      reasons: new Map(),
      distinct: new DistinctSketch(),
      samples: new Set(),
    };
    return this.values;
  }

  /** Makes a word the value that it is. */
  takeValue(word: InferNode, kind: SegmentKind, reason: ValueReason): void {
    const calls = word.calls();
    this.absorb(word);
    const values = this.place();
    values.kinds.set(kind, (values.kinds.get(kind) ?? 0) + calls);
    values.reasons.set(reason, (values.reasons.get(reason) ?? 0) + calls);
    values.distinct.add(word.token);
    values.samples.add(redactedSample(word.token));
  }

  /** Every place below and this one, the ones above first. */
  *all(): Generator<InferNode> {
    yield this;
    for (const child of this.children.values()) yield* child.all();
  }
}

/** All kinds of values at a place are one parameter: a template has no other way to say it. */
export function inferTreeOf(observed: Observations): InferNode {
  const root = new InferNode('');
  for (const [key, stats] of Object.entries(observed.routes)) {
    const space = key.indexOf(' ');
    let node = root;
    for (const token of segmentsOf(key.slice(space + 1))) {
      const kind = kindOf(token);
      node = node.child(token === DEEPER ? TAIL : kind === undefined ? token : PARAMETER);
      if (kind !== undefined) {
        const { kinds, reasons } = node.place();
        const reason = kind === 'any' ? 'many' : 'form';
        kinds.set(kind, (kinds.get(kind) ?? 0) + stats.calls);
        reasons.set(reason, (reasons.get(reason) ?? 0) + stats.calls);
      }
    }
    node.add(key.slice(0, space), stats);
  }
  for (const [path, { distinct, samples }] of Object.entries(observed.values)) {
    const node = find(root, path);
    if (node?.values === undefined) continue;
    node.values.distinct.merge(DistinctSketch.fromText(distinct));
    for (const sample of samples) node.values.samples.add(sample);
  }
  return root;
}

function find(root: InferNode, path: string): InferNode | undefined {
  let node: InferNode | undefined = root;
  for (const token of segmentsOf(path))
    node = node?.children.get(kindOf(token) === undefined ? token : PARAMETER);
  return node;
}

function segmentsOf(path: string): Token[] {
  return path === '/' ? [] : path.slice(1).split('/');
}
