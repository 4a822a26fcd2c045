import type { CompareRule } from '../../plan/plan.ts';
import { align } from '../align.ts';
import { formatOf } from '../format.ts';
import type { IdMaps } from '../id-maps.ts';
import { DEAD, type PathMachine, type PathState } from '../path-machine.ts';
import type { Recorder } from '../recorder.ts';
import { identifyItems } from './identity.ts';
import { elementsOf, JsonLink } from './link.ts';
import { type Matching, matchKeyed, matchUnordered } from './matching.ts';
import {
  ExactNumber,
  equalNodes,
  hashNode,
  hashText,
  JsonArray,
  type JsonNode,
  JsonObject,
  mix,
  typeOf,
} from './node.ts';
import { preview } from './preview.ts';
import { idText, isScalar, ruleVerdict, type Scalar } from './values.ts';

/** Rules found by queries in the documents themselves: container → member name or index → rules. */
export type Marks = ReadonlyMap<JsonArray | JsonObject, ReadonlyMap<string | number, readonly CompareRule[]>>;

export interface JsonDiffOptions {
  recorder: Recorder;
  machine: PathMachine<CompareRule> | undefined;
  marks: Marks | undefined;
  ids: IdMaps;
  /** `$`, or `csv:` and the like for documents that are only read as JSON. */
  root: string;
}

/** Compares two documents under rules and records every difference. True: equal but for what rules hide. */
export function diffJson(left: JsonNode, right: JsonNode, options: JsonDiffOptions): boolean {
  return new JsonDiff(options).run(left, right);
}

const NO_RULES: readonly CompareRule[] = [];

/**
 * One walk does both jobs: recording differences, and answering "are these two equal under the rules?" (`probing`), which stops at
 * the first difference and records nothing. Without rules at a place, equality is decided on cached hashes first, so a document is
 * hashed once and every element verified once: linear. With rules inside nested lists the bound is depth × size.
 */
class JsonDiff {
  private readonly recorder: Recorder;
  private readonly machine: PathMachine<CompareRule> | undefined;
  private readonly marks: Marks | undefined;
  private readonly ids: IdMaps;
  private readonly root: string;
  private probing = 0;

  constructor(options: JsonDiffOptions) {
    this.recorder = options.recorder;
    this.machine = options.machine;
    this.marks = options.marks;
    this.ids = options.ids;
    this.root = options.root;
  }

  run(left: JsonNode, right: JsonNode): boolean {
    const state: PathState<CompareRule> = this.machine?.start ?? DEAD;
    return this.compare(left, right, state, state.rules, new JsonLink(undefined, this.root));
  }

  private compare(
    left: JsonNode,
    right: JsonNode,
    state: PathState<CompareRule>,
    rules: readonly CompareRule[],
    link: JsonLink,
  ): boolean {
    const ruled = this.ruled(state);
    if (!ruled) {
      if (left === right) return true;
      if (this.probing > 0) return equalNodes(left, right);
    }
    const ignore = rules.length === 0 ? undefined : rules.find((rule) => rule.do.kind === 'ignore');
    if (ignore !== undefined) {
      if (this.probing === 0 && !equalNodes(left, right)) this.recorder.hide(ignore.id);
      return true;
    }
    if (isScalar(left) && isScalar(right) && rules.length > 0) {
      const decided = this.byRules(left, right, rules, link);
      if (decided !== undefined) return decided;
    }
    const type = typeOf(left);
    if (type !== typeOf(right)) return this.differ('type', link, `${type}→${typeOf(right)}`, left, right);
    if (left instanceof JsonObject) return this.objects(left, right as JsonObject, state, link);
    if (left instanceof JsonArray) return this.arrays(left, right as JsonArray, state, rules, link);
    return equalNodes(left, right) || this.scalars(left as Scalar, right as Scalar, link);
  }

  private byRules(
    left: Scalar,
    right: Scalar,
    rules: readonly CompareRule[],
    link: JsonLink,
  ): boolean | undefined {
    const same = equalNodes(left, right);
    let hiding: CompareRule | undefined;
    for (const rule of rules) {
      if (same && rule.do.kind !== 'idMap') continue;
      const verdict = ruleVerdict(rule, left, right, this.ids);
      if (verdict === 'broken') {
        return this.differ(
          'relation',
          link,
          `id map ${rule.do.kind === 'idMap' ? rule.do.map : ''}: broken`,
          left,
          right,
        );
      }
      if (verdict === 'hidden') {
        hiding ??= rule;
        if (rule.do.kind === 'idMap' && this.probing === 0)
          this.ids.add(rule.do.map, idText(left), idText(right));
      }
    }
    if (same) return true;
    if (hiding === undefined) return undefined;
    if (this.probing === 0) this.recorder.hide(hiding.id);
    return true;
  }

  private scalars(left: Scalar, right: Scalar, link: JsonLink): boolean {
    if (this.probing > 0) return false;
    if (typeof left === 'string' && typeof right === 'string') this.recorder.text(link, left, right);
    else if (typeof left === 'boolean')
      this.recorder.add('value', link, `${left}→${right}`, String(left), String(right));
    else this.recorder.number(link, toDouble(left), toDouble(right), idText(left), idText(right));
    return false;
  }

  private objects(
    left: JsonObject,
    right: JsonObject,
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    let equal = true;
    const { keys } = left;
    const aligned = keys.length === right.keys.length && keys.every((key, i) => key === right.keys[i]);
    if (aligned) {
      for (let i = 0; i < keys.length; i++) {
        const a = left.values[i]!;
        const b = right.values[i]!;
        if (a === b && !this.ruled(state)) continue;
        if (this.member(left, right, keys[i]!, a, b, state, link)) continue;
        if (this.probing > 0) return false;
        equal = false;
      }
      return equal;
    }
    const positions = right.index();
    for (const [key, at] of left.index()) {
      const other = positions.get(key);
      const value = left.values[at]!;
      const same =
        other === undefined
          ? this.absent('missing', left, key, value, state, link)
          : this.member(left, right, key, value, right.values[other]!, state, link);
      if (!same && this.probing > 0) return false;
      equal &&= same;
    }
    const known = left.index();
    for (const [key, at] of positions) {
      if (known.has(key)) continue;
      const same = this.absent('extra', right, key, right.values[at]!, state, link);
      if (!same && this.probing > 0) return false;
      equal &&= same;
    }
    return equal;
  }

  private member(
    left: JsonObject,
    right: JsonObject,
    key: string,
    a: JsonNode,
    b: JsonNode,
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    const next = this.machine === undefined ? DEAD : this.machine.member(state, key);
    const rules = this.marks === undefined ? next.rules : this.rulesOf(next, left, key, right, key);
    return this.compare(a, b, next, rules, new JsonLink(link, key));
  }

  /** A member or element that only one side has. True: a rule hides it. */
  private absent(
    kind: 'missing' | 'extra',
    container: JsonObject | JsonArray,
    key: string | number,
    node: JsonNode,
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    const next = this.step(state, key);
    const ignore = this.rulesOf(next, container, key, container, key).find(
      (rule) => rule.do.kind === 'ignore',
    );
    if (ignore !== undefined) {
      if (this.probing === 0) this.recorder.hide(ignore.id);
      return true;
    }
    if (this.probing > 0) return false;
    const text = preview(node);
    const where = new JsonLink(link, key);
    if (kind === 'missing') this.recorder.add(kind, where, `${typeOf(node)}→absent`, text, undefined);
    else this.recorder.add(kind, where, `absent→${typeOf(node)}`, undefined, text);
    return false;
  }

  private arrays(
    left: JsonArray,
    right: JsonArray,
    state: PathState<CompareRule>,
    rules: readonly CompareRule[],
    link: JsonLink,
  ): boolean {
    const same = (i: number, j: number) => this.probe(left, i, right, j, state, link);
    const lists = {
      left: left.items.length,
      right: right.items.length,
      same,
      hashLeft: (i: number) => this.hash(left.items[i]!, this.step(state, i), this.rulesAt(state, left, i)),
      hashRight: (j: number) =>
        this.hash(right.items[j]!, this.step(state, j), this.rulesAt(state, right, j)),
      identify: (i: number[], j: number[]) => identifyItems(left.items, right.items, i, j),
    };
    const ordering = rules.find((rule) => rule.do.kind === 'unordered' || rule.do.kind === 'keyed');
    if (ordering !== undefined) {
      const matching =
        ordering.do.kind === 'keyed'
          ? matchKeyed(left, right, ordering.do.by)
          : matchUnordered(lists, this.machine !== undefined);
      if (typeof matching !== 'string') return this.matched(left, right, matching, ordering, state, link);
      if (this.probing === 0) {
        this.recorder.notice(
          `rule ${ordering.id}: ${link.path()} was compared by position, because ${matching}`,
        );
      }
    }
    if (this.probing > 0) {
      if (lists.left !== lists.right) return false;
      for (let i = 0; i < lists.left; i++) if (!same(i, i)) return false;
      return true;
    }
    const aligned = align(lists);
    const ruled = this.ruled(state);
    let equal = !aligned.reordered;
    // Equal pairs are walked again only where rules must count what they hide.
    if (ruled) for (const pair of aligned.equal) equal = this.item(left, right, pair, state, link) && equal;
    for (const pair of aligned.changed) equal = this.item(left, right, pair, state, link) && equal;
    if (aligned.reordered) this.recorder.add('order', link, 'list', preview(left), preview(right));
    return this.unpaired(left, right, aligned.leftOnly, aligned.rightOnly, state, link) && equal;
  }

  private matched(
    left: JsonArray,
    right: JsonArray,
    matching: Matching,
    rule: CompareRule,
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    let equal = true;
    for (const pair of matching.pairs) {
      const same =
        this.probing > 0
          ? this.probe(left, pair[0], right, pair[1], state, link)
          : this.item(left, right, pair, state, link);
      if (!same && this.probing > 0) return false;
      equal &&= same;
    }
    const complete = this.unpaired(left, right, matching.leftOnly, matching.rightOnly, state, link);
    if (this.probing === 0 && matching.reordered) this.recorder.hide(rule.id);
    return complete && equal;
  }

  /** Elements without a counterpart. One difference if the list is only shorter or longer, else one for each element. */
  private unpaired(
    left: JsonArray,
    right: JsonArray,
    leftOnly: number[],
    rightOnly: number[],
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    const ignored = (list: JsonArray) => (i: number) =>
      this.rulesAt(state, list, i).some((rule) => rule.do.kind === 'ignore') &&
      this.absent('missing', list, i, null, state, link);
    const lefts = leftOnly.filter((i) => !ignored(left)(i));
    const rights = rightOnly.filter((j) => !ignored(right)(j));
    if (lefts.length === 0 && rights.length === 0) return true;
    if (this.probing > 0) return false;
    const n = left.items.length;
    const m = right.items.length;
    if (n !== m) {
      const shape = m === 0 ? 'list→empty' : n === 0 ? 'empty→list' : m < n ? 'shorter' : 'longer';
      this.recorder.add(
        'length',
        link,
        shape,
        `${n} elements${lefts.length > 0 ? `, first without counterpart: ${preview(left.items[lefts[0]!]!, 120)}` : ''}`,
        `${m} elements${rights.length > 0 ? `, first without counterpart: ${preview(right.items[rights[0]!]!, 120)}` : ''}`,
      );
      if (lefts.length === 0 || rights.length === 0) return false;
    }
    const elements = elementsOf(link);
    for (const i of lefts) {
      this.recorder.add(
        'missing',
        { path: elements.path, at: () => `${link.at()}[${i}]` },
        'element→absent',
        preview(left.items[i]!),
        undefined,
      );
    }
    for (const j of rights) {
      this.recorder.add(
        'extra',
        { path: elements.path, at: () => `${link.at()}[${j}]` },
        'absent→element',
        undefined,
        preview(right.items[j]!),
      );
    }
    return false;
  }

  private item(
    left: JsonArray,
    right: JsonArray,
    [i, j]: [number, number],
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    const next = this.step(state, i);
    return this.compare(
      left.items[i]!,
      right.items[j]!,
      next,
      this.rulesOf(next, left, i, right, j),
      new JsonLink(link, i),
    );
  }

  private probe(
    left: JsonArray,
    i: number,
    right: JsonArray,
    j: number,
    state: PathState<CompareRule>,
    link: JsonLink,
  ): boolean {
    const a = left.items[i]!;
    const b = right.items[j]!;
    if (!this.ruled(state)) return equalNodes(a, b);
    const next = this.step(state, i);
    this.probing++;
    try {
      return this.compare(a, b, next, this.rulesOf(next, left, i, right, j), link);
    } finally {
      this.probing--;
    }
  }

  private step(state: PathState<CompareRule>, key: string | number): PathState<CompareRule> {
    if (this.machine === undefined) return DEAD;
    return typeof key === 'number' ? this.machine.element(state, key) : this.machine.member(state, key);
  }

  private ruled(state: PathState<CompareRule>): boolean {
    return state !== DEAD || this.marks !== undefined;
  }

  private rulesAt(
    state: PathState<CompareRule>,
    container: JsonArray | JsonObject,
    key: string | number,
  ): readonly CompareRule[] {
    return this.rulesOf(this.step(state, key), container, key, container, key);
  }

  private rulesOf(
    state: PathState<CompareRule>,
    left: JsonArray | JsonObject,
    leftKey: string | number,
    right: JsonArray | JsonObject,
    rightKey: string | number,
  ): readonly CompareRule[] {
    if (this.marks === undefined) return state.rules;
    const a = this.marks.get(left)?.get(leftKey) ?? NO_RULES;
    const b = this.marks.get(right)?.get(rightKey) ?? NO_RULES;
    return a.length === 0 && b.length === 0 ? state.rules : [...new Set([...state.rules, ...a, ...b])];
  }

  /** Nodes that are equal under the rules have the same hash: what a rule may hide does not enter it. */
  private hash(node: JsonNode, state: PathState<CompareRule>, rules: readonly CompareRule[]): number {
    if (!this.ruled(state) && rules.length === 0) return hashNode(node);
    if (node instanceof JsonArray || node instanceof JsonObject) {
      if (rules.some((rule) => rule.do.kind === 'ignore')) return 0;
      if (node.ruleHash !== 0) return node.ruleHash;
      const unordered = rules.some((rule) => rule.do.kind === 'unordered' || rule.do.kind === 'keyed');
      let hash = 17;
      if (node instanceof JsonArray) {
        node.items.forEach((item, i) => {
          const inner = this.hash(item, this.step(state, i), this.rulesAt(state, node, i));
          hash = unordered ? (hash + mix(inner, 7)) | 0 : mix(hash, inner);
        });
      } else {
        node.keys.forEach((key, i) => {
          const inner = this.rulesAt(state, node, key);
          if (inner.some((rule) => rule.do.kind === 'ignore')) return;
          hash = (hash + mix(hashText(key), this.hash(node.values[i]!, this.step(state, key), inner))) | 0;
        });
      }
      node.ruleHash = hash === 0 ? 1 : hash;
      return node.ruleHash;
    }
    const coarse = rules.some((rule) => rule.do.kind !== 'unordered' && rule.do.kind !== 'keyed');
    return coarse ? 0 : hashNode(node);
  }

  private differ(
    kind: 'type' | 'relation',
    link: JsonLink,
    shape: string,
    left: JsonNode,
    right: JsonNode,
  ): false {
    if (this.probing > 0) return false;
    // What a program writes for "no value" is worth naming: `null→string` hides that the string is "undefined".
    const nonsense = typeof right === 'string' && formatOf(right) === 'nonsense';
    this.recorder.add(kind, link, nonsense ? `${shape} (nonsense)` : shape, preview(left), preview(right));
    return false;
  }
}

function toDouble(value: Scalar): number {
  return value instanceof ExactNumber ? Number(value.text) : Number(value);
}
