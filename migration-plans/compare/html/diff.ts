import type { CompareRule } from '../../plan/plan.ts';
import { align } from '../align.ts';
import type { DocumentContext } from '../documents.ts';
import type { IdMaps } from '../id-maps.ts';
import { diffJson } from '../json/diff.ts';
import { matchByKeys, matchUnordered } from '../json/matching.ts';
import { equalNodes, type JsonNode, mix } from '../json/node.ts';
import { JsonTooDeep, parseJson } from '../json/parse.ts';
import { ruleVerdict } from '../json/values.ts';
import { diffLines } from '../lines.ts';
import type { Recorder, Where } from '../recorder.ts';
import { type HtmlMarks, markHtml } from './marks.ts';
import { placeOf } from './place.ts';
import {
  equalHtml,
  HtmlElement,
  type HtmlNode,
  HtmlText,
  hashAttributes,
  hashHtml,
  parseHtml,
} from './tree.ts';

/** Compares two pages as trees; a page that can't be parsed at bounded cost is compared by lines. */
export function diffHtml(left: string, right: string, { rules, recorder, ids }: DocumentContext): void {
  const a = parseHtml(left);
  const b = parseHtml(right);
  if (a === undefined || b === undefined) {
    recorder.notice('a page was too long or nested too deep and was compared by lines, without rules');
    if (diffLines(left, right, 'html:source', recorder))
      recorder.add(
        'bytes',
        placeOf(new HtmlElement('', undefined, new Map())),
        'line ends',
        undefined,
        undefined,
      );
    return;
  }
  const marks = rules.html.length === 0 ? undefined : markHtml([a, b], rules.html);
  new HtmlDiff(recorder, ids, marks).compare(a, b);
}

const NONE: readonly CompareRule[] = [];

/** Works as the JSON comparison does: one walk records differences or, while probing, stops at the first one. */
class HtmlDiff {
  private readonly recorder: Recorder;
  private readonly ids: IdMaps;
  private readonly marks: HtmlMarks | undefined;
  private probing = 0;

  constructor(recorder: Recorder, ids: IdMaps, marks: HtmlMarks | undefined) {
    this.recorder = recorder;
    this.ids = ids;
    this.marks = marks;
  }

  compare(left: HtmlNode, right: HtmlNode, parent?: HtmlElement): boolean {
    if (this.marks === undefined && this.probing > 0) return equalHtml(left, right);
    if (left instanceof HtmlText && right instanceof HtmlText && left.kind === right.kind) {
      if (left.text === right.text) return true;
      const element = parent ?? new HtmlElement('', undefined, new Map());
      if (element.tag === 'script' && /json/i.test(element.attribute('type') ?? ''))
        return this.script(left.text, right.text, element);
      const where = placeOf(element, left.kind === 'comment' ? ' > comment' : '');
      return this.texts(where, left.text, right.text, this.marks?.elements.get(element) ?? NONE);
    }
    if (left instanceof HtmlElement && right instanceof HtmlElement && left.tag === right.tag) {
      const attributes = this.attributes(left, right);
      if (!attributes && this.probing > 0) return false;
      return this.children(left, right) && attributes;
    }
    if (this.probing > 0) return false;
    const where = left instanceof HtmlElement ? placeOf(left) : placeOf(parent ?? (right as HtmlElement));
    this.recorder.add('type', where, `${nameOf(left)}→${nameOf(right)}`, show(left), show(right));
    return false;
  }

  private texts(where: Where, left: string, right: string, rules: readonly CompareRule[]): boolean {
    for (const rule of rules) {
      const verdict = ruleVerdict(rule, left, right, this.ids);
      if (verdict === 'broken') {
        if (this.probing === 0) this.recorder.add('relation', where, 'id map: broken', left, right);
        return false;
      }
      if (verdict !== 'hidden') continue;
      if (this.probing > 0) return true;
      this.recorder.hide(rule.id);
      if (rule.do.kind === 'idMap') this.ids.add(rule.do.map, left, right);
      return true;
    }
    if (this.probing === 0) this.recorder.text(where, left, right);
    return false;
  }

  /** Data for scripts is compared as what it is. */
  private script(left: string, right: string, element: HtmlElement): boolean {
    const a = readJson(left);
    const b = readJson(right);
    if (a === undefined || b === undefined) return this.texts(placeOf(element), left, right, NONE);
    if (this.probing > 0) return equalNodes(a, b);
    const root = `${placeOf(element).path()} $`;
    return diffJson(a, b, {
      recorder: this.recorder,
      machine: undefined,
      marks: undefined,
      ids: this.ids,
      root,
    });
  }

  private attributes(left: HtmlElement, right: HtmlElement): boolean {
    let equal = true;
    for (const name of new Set([...left.attributes.keys(), ...right.attributes.keys()])) {
      const a = left.attributes.get(name);
      const b = right.attributes.get(name);
      const rules = this.rulesOf(left, right, name);
      if (a === b && !rules.some((rule) => rule.do.kind === 'idMap')) continue;
      const ignore = rules.find((rule) => rule.do.kind === 'ignore');
      if (ignore !== undefined) {
        if (this.probing === 0) this.recorder.hide(ignore.id);
        continue;
      }
      const where = placeOf(left, `@${name.slice(0, 60)}`);
      if (a !== undefined && b !== undefined) {
        if (a === b || this.texts(where, a, b, rules)) continue;
      } else if (this.probing === 0) {
        if (b === undefined) this.recorder.add('missing', where, 'attribute→absent', a, undefined);
        else this.recorder.add('extra', where, 'absent→attribute', undefined, b);
      }
      if (this.probing > 0) return false;
      equal = false;
    }
    return equal;
  }

  private children(left: HtmlElement, right: HtmlElement): boolean {
    const a = this.kept(left, right);
    const b = this.kept(right, left, false);
    const same = (i: number, j: number) => this.probe(a[i]!, b[j]!, left);
    const rules = this.rulesOf(left, right);
    const lists = {
      left: a.length,
      right: b.length,
      same,
      hashLeft: (i: number) => this.hash(a[i]!),
      hashRight: (j: number) => this.hash(b[j]!),
      identify: (i: number[], j: number[]) => identifyNodes(a, b, i, j),
    };
    const ordering = rules.find((rule) => rule.do.kind === 'unordered' || rule.do.kind === 'keyed');
    if (ordering !== undefined) {
      const by = ordering.do.kind === 'keyed' ? ordering.do.by : undefined;
      const matching =
        by === undefined ? matchUnordered(lists, true) : matchByKeys(a.map(keyBy(by)), b.map(keyBy(by)), by);
      if (typeof matching !== 'string') {
        let equal = true;
        for (const [i, j] of matching.pairs) {
          equal = (this.probing > 0 ? same(i, j) : this.compare(a[i]!, b[j]!, left)) && equal;
          if (!equal && this.probing > 0) return false;
        }
        if (this.probing === 0 && matching.reordered) this.recorder.hide(ordering.id);
        return this.unpaired(left, a, b, matching.leftOnly, matching.rightOnly) && equal;
      }
      if (this.probing === 0)
        this.recorder.notice(`rule ${ordering.id}: compared by position, because ${matching}`);
    }
    if (this.probing > 0) return a.length === b.length && a.every((_, i) => same(i, i));
    const aligned = align(lists);
    let equal = !aligned.reordered;
    if (this.marks !== undefined)
      for (const [i, j] of aligned.equal) equal = this.compare(a[i]!, b[j]!, left) && equal;
    for (const [i, j] of aligned.changed) equal = this.compare(a[i]!, b[j]!, left) && equal;
    if (aligned.reordered) this.recorder.add('order', placeOf(left), 'children', show(left), show(right));
    return this.unpaired(left, a, b, aligned.leftOnly, aligned.rightOnly) && equal;
  }

  /** Children that no rule ignores; differences among the ignored are counted once for both sides. */
  private kept(element: HtmlElement, other: HtmlElement, count = true): HtmlNode[] {
    if (this.marks === undefined) return element.children;
    const ignored = (node: HtmlNode) => this.ignoreOf(node) !== undefined;
    if (count && this.probing === 0) {
      const mine = element.children.filter(ignored);
      const theirs = other.children.filter(ignored);
      const differs = mine.length !== theirs.length || mine.some((node, i) => !equalHtml(node, theirs[i]!));
      const rule = this.ignoreOf(mine[0]) ?? this.ignoreOf(theirs[0]);
      if (differs && rule !== undefined) this.recorder.hide(rule.id);
    }
    return element.children.filter((node) => !ignored(node));
  }

  private ignoreOf(node: HtmlNode | undefined): CompareRule | undefined {
    if (!(node instanceof HtmlElement)) return undefined;
    return this.marks?.elements.get(node)?.find((rule) => rule.do.kind === 'ignore');
  }

  private unpaired(
    parent: HtmlElement,
    a: HtmlNode[],
    b: HtmlNode[],
    lefts: number[],
    rights: number[],
  ): boolean {
    if (lefts.length === 0 && rights.length === 0) return true;
    if (this.probing > 0) return false;
    const where = placeOf(parent);
    if (lefts.length === 0 || rights.length === 0) {
      const shape = b.length < a.length ? 'shorter' : 'longer';
      const first = lefts.length > 0 ? show(a[lefts[0]!]!) : show(b[rights[0]!]!);
      const texts = [`${a.length} children`, `${b.length} children`];
      const side = lefts.length > 0 ? 0 : 1;
      texts[side] += `, first without counterpart: ${first}`;
      const kinds = (lefts.length > 0 ? lefts.map((i) => a[i]!) : rights.map((j) => b[j]!)).map(nameOf);
      const only = kinds.every((kind) => kind === kinds[0]) ? ` by ${kinds[0]}` : '';
      this.recorder.add('length', where, `${shape}${only}`, texts[0], texts[1]);
      return false;
    }
    for (const i of lefts)
      this.recorder.add(
        'missing',
        childPlace(parent, a[i]!),
        `${nameOf(a[i]!)}→absent`,
        show(a[i]!),
        undefined,
      );
    for (const j of rights)
      this.recorder.add(
        'extra',
        childPlace(parent, b[j]!),
        `absent→${nameOf(b[j]!)}`,
        undefined,
        show(b[j]!),
      );
    return false;
  }

  private probe(left: HtmlNode, right: HtmlNode, parent: HtmlElement): boolean {
    if (this.marks === undefined) return equalHtml(left, right);
    this.probing++;
    try {
      return this.compare(left, right, parent);
    } finally {
      this.probing--;
    }
  }

  private rulesOf(left: HtmlElement, right: HtmlElement, attribute?: string): readonly CompareRule[] {
    if (this.marks === undefined) return NONE;
    const of = (element: HtmlElement) =>
      (attribute === undefined
        ? this.marks!.elements.get(element)
        : this.marks!.attributes.get(element)?.get(attribute)) ?? NONE;
    return of(left).length === 0 ? of(right) : [...new Set([...of(left), ...of(right)])];
  }

  private hash(node: HtmlNode): number {
    if (this.marks === undefined) return hashHtml(node);
    if (node instanceof HtmlText) return hashHtml(node);
    if (node.ruleHash !== 0) return node.ruleHash;
    const own = this.marks.elements.get(node) ?? NONE;
    const ruled = this.marks.attributes.get(node);
    // Any rule on the element may hide what is below it: then only its tag and free attributes propose a match.
    let hash = hashAttributes(node, (name) => ruled?.has(name) ?? false);
    if (own.length === 0) {
      for (const child of node.children)
        if (this.ignoreOf(child) === undefined) hash = mix(hash, this.hash(child));
    }
    node.ruleHash = hash === 0 ? 1 : hash;
    return node.ruleHash;
  }
}

/** Pairs unequal nodes of the same kind (tag, id, name, classes) where both sides have as many of them. */
function identifyNodes(a: HtmlNode[], b: HtmlNode[], lefts: number[], rights: number[]): [number, number][] {
  const groups = new Map<string, { left: number[]; right: number[] }>();
  const group = (node: HtmlNode) => {
    const key = signature(node);
    const known = groups.get(key) ?? { left: [], right: [] };
    groups.set(key, known);
    return known;
  };
  for (const i of lefts) group(a[i]!).left.push(i);
  for (const j of rights) group(b[j]!).right.push(j);
  const pairs: [number, number][] = [];
  for (const { left, right } of groups.values()) {
    if (left.length !== right.length) continue;
    for (let k = 0; k < left.length; k++) pairs.push([left[k]!, right[k]!]);
  }
  return pairs;
}

function signature(node: HtmlNode): string {
  if (node instanceof HtmlText) return `#${node.kind}`;
  return [node.tag, node.attribute('id'), node.attribute('name'), node.attribute('class')].join('|');
}

function keyBy(attribute: string): (node: HtmlNode) => string | undefined {
  return (node) => (node instanceof HtmlElement ? node.attribute(attribute) : undefined);
}

function childPlace(parent: HtmlElement, node: HtmlNode): Where {
  return node instanceof HtmlElement
    ? placeOf(node)
    : placeOf(parent, node.kind === 'comment' ? ' > comment' : '');
}

function nameOf(node: HtmlNode): string {
  return node instanceof HtmlElement ? `<${node.tag.slice(0, 30)}>` : node.kind;
}

function readJson(text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonTooDeep) return undefined;
    throw error;
  }
}

/** A short source-like text of a node. */
function show(node: HtmlNode, room = 200): string {
  if (node instanceof HtmlText)
    return node.kind === 'comment' ? `<!-- ${node.text.slice(0, room)} -->` : node.text.slice(0, room);
  let text = `<${node.tag}${[...node.attributes].map(([name, value]) => ` ${name}="${value.slice(0, 60)}"`).join('')}>`;
  for (const child of node.children) {
    if (text.length >= room) return `${text.slice(0, room)}…`;
    text += show(child, room - text.length);
  }
  return text;
}
