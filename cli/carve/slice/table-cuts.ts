/** Rows of a route table, `[{ method: 'get', path: '/orders', handler }, …]`, that only make foreign routes. */

import type { ModuleState } from '../../analysis/interpret/modules.ts';
import type { ServedRoute } from '../../analysis/interpret/run.ts';
import { eachChild, type Node } from '../../analysis/syntax/ast.ts';
import type { Contribution } from './contributions.ts';
import type { Cut } from './cuts.ts';
import { elementRange } from './element-range.ts';

/**
 * A row is known by the text of its path, and of its method where it holds one. Rows that match nothing, or routes of
 * both sides, stay.
 */
export function tableCuts(module: ModuleState, contributions: ReadonlyMap<Node, Contribution>): Cut[] {
  const own = new Set<ServedRoute>();
  const foreign = new Set<ServedRoute>();
  for (const entry of contributions.values()) {
    if (entry.own.size === 0 || entry.foreign.size === 0) continue;
    for (const route of entry.own) own.add(route);
    for (const route of entry.foreign) foreign.add(route);
  }
  // Only where one call registers for both sides can a table be what tells them apart.
  const registersBoth = (routes: ReadonlySet<ServedRoute>): ServedRoute[] =>
    [...routes].filter((route) => {
      const last = route.steps.at(-1);
      const entry = last === undefined ? undefined : contributions.get(last.place.node);
      return entry !== undefined && entry.own.size > 0 && entry.foreign.size > 0;
    });
  const mine = registersBoth(own);
  const others = registersBoth(foreign);
  if (mine.length === 0 || others.length === 0) return [];
  const cuts: Cut[] = [];
  const walk = (node: Node): void => {
    if (node.type === 'ArrayExpression' && node.elements.length > 1) {
      for (const [at, element] of node.elements.entries()) {
        if (element?.type !== 'ObjectExpression' && element?.type !== 'ArrayExpression') continue;
        const texts = literals(element);
        if (mine.some((route) => isRowOf(route, texts)) || !others.some((route) => isRowOf(route, texts)))
          continue;
        cuts.push({
          ...elementRange(module.source.text, node.elements, at),
          why: 'a row of a route of others',
        });
      }
    }
    eachChild(node, walk);
  };
  walk(module.source.program);
  return cuts;
}

/**
 * Rows that hand routers of others to a loop that mounts them, `[{ path: '/orders', route: orders }, …].forEach(…)`, told by
 * the files that the routers come from. Rows that name a router of the capability, or none, stay.
 */
export function mountCuts(
  module: ModuleState,
  contributionOf: (name: string) => Contribution | undefined,
): Cut[] {
  const cuts: Cut[] = [];
  const isRow = (element: Node | null): boolean => {
    if (element === null || !ROWS.has(element.type)) return false;
    const found = values(element).flatMap((name) => contributionOf(name) ?? []);
    return found.some(isForeign) && found.every(isForeign);
  };
  const walk = (node: Node): void => {
    if (node.type === 'ArrayExpression') {
      const rows = node.elements.map(isRow);
      if (!rows.every(Boolean)) {
        for (const [at, element] of node.elements.entries()) {
          if (element === null || !rows[at]) continue;
          // The last rows go with the comma before them: one row may be all that stays.
          const next = node.elements.slice(at + 1).find((item) => item !== null);
          const before = node.elements[at - 1];
          const range = next
            ? { start: element.start, end: next.start }
            : { start: before?.end ?? element.start, end: element.end };
          cuts.push({ ...range, why: 'a row of a mount of others' });
        }
      }
    }
    eachChild(node, walk);
  };
  walk(module.source.program);
  return cuts;
}

const ROWS = new Set(['Identifier', 'ObjectExpression', 'ArrayExpression']);

function isForeign({ own, foreign }: Contribution): boolean {
  return own.size === 0 && foreign.size > 0;
}

/** Names that are read in an expression, without the keys of objects. */
function values(root: Node): string[] {
  const found: string[] = [];
  const walk = (node: Node): void => {
    if (node.type === 'Identifier') found.push(node.name);
    else if (node.type === 'Property' && !node.computed) walk(node.value);
    else if (node.type === 'MemberExpression' && !node.computed) walk(node.object);
    else eachChild(node, walk);
  };
  walk(root);
  return found;
}

function literals(node: Node): Set<string> {
  const found = new Set<string>();
  const walk = (at: Node): void => {
    if (at.type === 'Literal' && typeof at.value === 'string') found.add(at.value);
    eachChild(at, walk);
  };
  walk(node);
  return found;
}

function isRowOf(route: ServedRoute, texts: ReadonlySet<string>): boolean {
  const paths = [...texts].filter((text) => text.startsWith('/') || text === '');
  const methods = [...texts].filter((text) => /^(?:get|post|put|patch|delete|head|options|all)$/i.test(text));
  const path = paths.some((text) => {
    const clean = text === '/' ? '' : text.replace(/\/$/, '');
    return clean === '' ? texts.has('/') || texts.has('') : route.path.text.endsWith(clean);
  });
  return path && (methods.length === 0 || methods.some((text) => text.toUpperCase() === route.method));
}
