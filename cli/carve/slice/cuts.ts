/**
 * What is left out inside a statement that is otherwise taken: registrations of routes that are not the capability's, jobs
 * and listeners of others, and the calls that make the application listen.
 */
import type { ModuleState } from '../../analysis/interpret/modules.ts';
import { eachChild, isCallable, type Node, unwrap } from '../../analysis/syntax/ast.ts';
import type { Contribution } from './contributions.ts';
import { deadLocals } from './dead-locals.ts';
import { elementRange } from './element-range.ts';
import { mountCuts, tableCuts } from './table-cuts.ts';

/** A piece of a file that is left out, or replaced. Offsets are those of the file. */
export interface Cut {
  start: number;
  end: number;
  replacement?: string;
  why: string;
}

export interface CutRules {
  contributions: ReadonlyMap<Node, Contribution>;
  /** What the file that a name is imported from registers. */
  contributionOf: (name: string) => Contribution | undefined;
  /** Calls that register jobs or listeners which only work on foreign models. */
  foreignEntries: ReadonlySet<Node>;
  /** Statements that make the application listen, and others left out by decision. */
  statements: ReadonlyMap<Node, string>;
}

export function isForeign(entry: Contribution | undefined): boolean {
  return entry !== undefined && entry.own.size === 0 && entry.foreign.size > 0;
}

/** The cuts of one module, sorted and without overlaps. */
export function cutsOf(module: ModuleState, rules: CutRules): Cut[] {
  const { contributions, foreignEntries, statements } = rules;
  const cuts: Cut[] = [...tableCuts(module, contributions), ...mountCuts(module, rules.contributionOf)];
  const walk = (node: Node): void => {
    const given = statements.get(node);
    if (given !== undefined) {
      cuts.push({ start: node.start, end: node.end, why: given });
      return;
    }
    if (node.type === 'ExpressionStatement') {
      const calls = registering(node, contributions, foreignEntries);
      const mine = calls.some((call) => (contributions.get(call)?.own.size ?? 0) > 0);
      if (calls.length > 0 && !mine && isCallLike(node.expression)) {
        cuts.push({ start: node.start, end: node.end, why: whyOf(calls, contributions) });
        return;
      }
      if (mine) cuts.push(...chainCuts(node.expression, contributions));
    }
    if (node.type === 'ArrayExpression') {
      for (const [at, element] of node.elements.entries()) {
        if (element === null || element.type === 'SpreadElement') continue;
        if (!isForeign(contributions.get(unwrap(element)))) continue;
        const range = elementRange(module.source.text, node.elements, at);
        cuts.push({ ...range, why: 'registers routes of others only' });
      }
    }
    eachChild(node, walk);
  };
  walk(module.source.program);
  return deadLocals(module, merge([...emptied(module.source.program, cuts), ...cuts]), merge);
}

/** Branches and loops of which nothing is left: `if (debug) app.use(foreign);` goes as a whole, or keeps `{}` as its body. */
function emptied(root: Node, given: readonly Cut[]): Cut[] {
  const cuts = merge(given);
  const found: Cut[] = [];
  const why = 'only registers routes of others';
  /** Whether nothing of a statement is left. */
  const isGone = (node: Node): boolean => {
    if (isCut(cuts, node.start) && isCut(cuts, node.end - 1)) return true;
    switch (node.type) {
      case 'BlockStatement': {
        const gone = node.body.map(isGone);
        return gone.length > 0 && gone.every(Boolean);
      }
      case 'ForOfStatement':
      case 'ForInStatement': {
        if (!isGone(node.body)) return false;
        found.push({ start: node.start, end: node.end, why });
        return true;
      }
      case 'IfStatement': {
        const { test, consequent, alternate } = node;
        const then = isGone(consequent);
        const otherwise = alternate === null || isGone(alternate);
        if (then && otherwise && !hasEffect(test)) {
          found.push({ start: node.start, end: node.end, why });
          return true;
        }
        if (then && consequent.type !== 'BlockStatement')
          found.push({ start: consequent.start, end: consequent.end, replacement: '{}', why });
        if (otherwise && alternate !== null) found.push({ start: consequent.end, end: alternate.end, why });
        return false;
      }
      default:
        eachChild(node, isGone);
        return false;
    }
  };
  isGone(root);
  return found;
}

/** Whether evaluating an expression may do more than give a value. */
function hasEffect(node: Node): boolean {
  if (/^(?:Call|New|Await|Assignment|Update|Yield|TaggedTemplate|Import)Expression$/.test(node.type))
    return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= hasEffect(child);
  });
  return found;
}

/** Calls of one statement that register anything. A listener inside a function of it is cut there, not here. */
function registering(
  statement: Node,
  contributions: ReadonlyMap<Node, Contribution>,
  entries: ReadonlySet<Node>,
): Node[] {
  const found: Node[] = [];
  const walk = (node: Node, inFunction: boolean): void => {
    if (contributions.has(node) || (entries.has(node) && !inFunction)) found.push(node);
    eachChild(node, (child) => walk(child, inFunction || isCallable(child)));
  };
  walk(statement, false);
  return found;
}

function isCallLike(expression: Node): boolean {
  const inner = unwrap(expression);
  switch (inner.type) {
    case 'CallExpression':
    case 'NewExpression':
      return true;
    case 'AwaitExpression':
    case 'UnaryExpression':
      return isCallLike(inner.argument);
    case 'LogicalExpression':
      return isCallLike(inner.right);
    case 'ConditionalExpression':
      return isCallLike(inner.consequent) && isCallLike(inner.alternate);
    default:
      return false;
  }
}

/** Links of `router.route('/x').get(own).post(foreign)` that only register what is foreign. */
function chainCuts(expression: Node, contributions: ReadonlyMap<Node, Contribution>): Cut[] {
  const cuts: Cut[] = [];
  let at: Node = unwrap(expression);
  if (at.type === 'AwaitExpression') at = unwrap(at.argument);
  while (at.type === 'CallExpression' && at.callee.type === 'MemberExpression') {
    const { object } = at.callee;
    if (isForeign(contributions.get(at)) && unwrap(object).type === 'CallExpression')
      cuts.push({ start: object.end, end: at.end, why: 'registers routes of others only' });
    at = unwrap(object);
  }
  return cuts;
}

function whyOf(calls: readonly Node[], contributions: ReadonlyMap<Node, Contribution>): string {
  const routes = new Set(
    calls.flatMap((call) =>
      [...(contributions.get(call)?.foreign ?? [])].map((route) => `${route.method} ${route.path.text}`),
    ),
  );
  if (routes.size === 0) return 'a job or listener of others';
  const [first] = routes;
  return routes.size === 1 ? `registers ${first}` : `registers ${first} and ${routes.size - 1} more`;
}

/** Sorted; what lies within another is dropped. */
export function merge(cuts: readonly Cut[]): Cut[] {
  const sorted = [...cuts].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Cut[] = [];
  for (const cut of sorted) {
    const last = kept.at(-1);
    if (last !== undefined && cut.start < last.end) {
      if (cut.end > last.end) last.end = cut.end;
      continue;
    }
    kept.push({ ...cut });
  }
  return kept;
}

export function isCut(cuts: readonly Cut[], offset: number): boolean {
  let low = 0;
  let high = cuts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const cut = cuts[middle];
    if (cut === undefined) return false;
    if (offset < cut.start) high = middle - 1;
    else if (offset >= cut.end) low = middle + 1;
    else return true;
  }
  return false;
}
