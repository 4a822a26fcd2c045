import type { Node } from '../../analysis/syntax/ast.ts';

/** An element of a list with one comma. Over several lines the lines' own breaks stay, so that each goes with its comment. */
export function elementRange(
  text: string,
  elements: readonly (Node | null)[],
  at: number,
): { start: number; end: number } {
  const element = elements[at];
  if (element === null || element === undefined) return { start: 0, end: 0 };
  const next = elements[at + 1];
  const comma = /^\s*,/.exec(text.slice(element.end));
  const behind = comma === null ? element.end : element.end + comma[0].length;
  const startsLine = /(?:^|\n)[ \t]*$/.test(text.slice(0, element.start));
  if (startsLine && /^[ \t]*(?:\/\/[^\n]*)?\r?\n/.test(text.slice(behind)))
    return { start: element.start, end: behind };
  if (next !== undefined && next !== null) return { start: element.start, end: next.start };
  const previous = elements[at - 1];
  return { start: previous?.end ?? element.start, end: element.end };
}
