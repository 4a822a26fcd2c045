import { jsonpath } from 'json-p3';

/**
 * Compares paths while walking, all rules at once: RFC 9535 queries made of names, wildcards, descendants and plain indices become
 * one lazily built automaton, so a step costs one look-up however many rules there are.
 */
export interface PathState<Rule> {
  readonly id: number;
  /** Rules whose path ends here. */
  readonly rules: readonly Rule[];
  /** Rule and segment, as `rule * SEGMENTS + segment`. */
  readonly items: readonly number[];
  readonly names: Map<string, PathState<Rule>>;
  readonly indices: Map<number, PathState<Rule>>;
}

type Selector = { name: string } | { index: number } | 'wildcard';
export interface Segment {
  descendant: boolean;
  selectors: Selector[];
}

const SEGMENTS = 1024;
/** States kept; beyond, transitions are computed each time. */
const MAX_STATES = 2_000;
const OTHER_INDEX = -1;
/** Stands for every name that no rule mentions; not a name that a document is likely to have. */
const OTHER_NAME = '\u0000other';

/** No rule applies here or below. */
export const DEAD: PathState<never> = { id: 0, rules: [], items: [], names: new Map(), indices: new Map() };

export class PathMachine<Rule> {
  readonly start: PathState<Rule>;
  private readonly rules: Rule[] = [];
  private readonly inherited: (rule: Rule) => boolean;
  private readonly paths: Segment[][] = [];
  private readonly states = new Map<string, PathState<Rule>>();
  private readonly knownNames = new Set<string>();
  private readonly knownIndices = new Set<number>();

  /** `inherited`: rules that hold for everything below the place that their path names. */
  constructor(rules: readonly { rule: Rule; segments: Segment[] }[], inherited: (rule: Rule) => boolean) {
    this.inherited = inherited;
    for (const { rule, segments } of rules) {
      this.rules.push(rule);
      this.paths.push(segments);
      for (const selector of segments.flatMap((segment) => segment.selectors)) {
        if (selector === 'wildcard') continue;
        if ('name' in selector) this.knownNames.add(selector.name);
        else this.knownIndices.add(selector.index);
      }
    }
    this.start = this.state(this.rules.map((_, rule) => rule * SEGMENTS));
  }

  member(state: PathState<Rule>, name: string): PathState<Rule> {
    if (state === DEAD) return DEAD;
    const key = this.knownNames.has(name) ? name : OTHER_NAME;
    let next = state.names.get(key);
    if (next === undefined) {
      next = this.advance(
        state,
        (selector) => typeof selector === 'object' && 'name' in selector && selector.name === name,
      );
      state.names.set(key, next);
    }
    return next;
  }

  element(state: PathState<Rule>, index: number): PathState<Rule> {
    if (state === DEAD) return DEAD;
    const key = this.knownIndices.has(index) ? index : OTHER_INDEX;
    let next = state.indices.get(key);
    if (next === undefined) {
      next = this.advance(
        state,
        (selector) => typeof selector === 'object' && 'index' in selector && selector.index === index,
      );
      state.indices.set(key, next);
    }
    return next;
  }

  private advance(state: PathState<Rule>, matches: (selector: Selector) => boolean): PathState<Rule> {
    const items = new Set<number>();
    for (const item of state.items) {
      const rule = Math.floor(item / SEGMENTS);
      const segment = this.paths[rule]![item % SEGMENTS];
      if (segment === undefined) {
        if (this.inherited(this.rules[rule]!)) items.add(item);
        continue;
      }
      if (segment.descendant) items.add(item);
      if (segment.selectors.some((selector) => selector === 'wildcard' || matches(selector)))
        items.add(item + 1);
    }
    return this.state([...items].sort((a, b) => a - b));
  }

  private state(items: number[]): PathState<Rule> {
    if (items.length === 0) return DEAD;
    const key = items.join(',');
    const known = this.states.get(key);
    if (known !== undefined) return known;
    const rules = items
      .filter((item) => item % SEGMENTS === this.paths[Math.floor(item / SEGMENTS)]!.length)
      .map((item) => this.rules[Math.floor(item / SEGMENTS)]!);
    const state: PathState<Rule> = {
      id: this.states.size + 1,
      rules,
      items,
      names: new Map(),
      indices: new Map(),
    };
    if (this.states.size < MAX_STATES) this.states.set(key, state);
    return state;
  }
}

export type ParsedPath =
  | { kind: 'walked'; segments: Segment[] }
  | { kind: 'queried'; query: jsonpath.JSONPathQuery };

/**
 * Reads an RFC 9535 query. Filters, slices and negative indices depend on the document, so they are queried in it instead of walked.
 *
 * @throws json-p3's JSONPathError when it is not a query.
 */
export function parsePath(path: string): ParsedPath {
  const query = jsonpath.compile(path);
  const segments: Segment[] = [];
  for (const segment of query.segments) {
    const selectors: Selector[] = [];
    for (const selector of segment.selectors) {
      if (selector instanceof jsonpath.selectors.NameSelector) selectors.push({ name: selector.name });
      else if (selector instanceof jsonpath.selectors.WildcardSelector) selectors.push('wildcard');
      else if (selector instanceof jsonpath.selectors.IndexSelector && selector.index >= 0) {
        selectors.push({ index: selector.index });
      } else return { kind: 'queried', query };
    }
    segments.push({ descendant: segment.toString().startsWith('..'), selectors });
  }
  return segments.length >= SEGMENTS ? { kind: 'queried', query } : { kind: 'walked', segments };
}
