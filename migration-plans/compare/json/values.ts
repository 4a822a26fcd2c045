import type { CompareRule } from '../../plan/plan.ts';
import { formatOf, joinFormats } from '../format.ts';
import type { IdMaps } from '../id-maps.ts';
import { ExactNumber, type JsonNode } from './node.ts';

export type Scalar = string | number | boolean | ExactNumber;

/** Whether a rule hides that two texts or numbers differ. `broken`: an id map that the pair contradicts. */
export function ruleVerdict(
  rule: CompareRule,
  left: Scalar,
  right: Scalar,
  ids: IdMaps,
): 'hidden' | 'broken' | 'applies not' {
  switch (rule.do.kind) {
    case 'ignore':
      return 'hidden';
    case 'tolerance':
      return withinTolerance(left, right, rule.do.absolute, rule.do.relative) ? 'hidden' : 'applies not';
    case 'format':
      return sameFormat(left, right) ? 'hidden' : 'applies not';
    case 'idMap':
      if (!isId(left) || !isId(right)) return 'applies not';
      return ids.agrees(rule.do.map, idText(left), idText(right)) ? 'hidden' : 'broken';
    default:
      return 'applies not';
  }
}

/** Numbers, or texts of numbers on both sides: money is often text. Compared as doubles, so never wider than the rule by more than rounding. */
export function withinTolerance(left: Scalar, right: Scalar, absolute: number, relative: number): boolean {
  const a = numeric(left);
  const b = numeric(right);
  if (a === undefined || b === undefined || (typeof left === 'string') !== (typeof right === 'string'))
    return false;
  const allowed = Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));
  // Decimal steps such as 0.3 − 0.2 are not exact in binary: allow for the rounding of the two operands.
  const rounding = 4 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b));
  return allowed > 0 && Math.abs(a - b) <= allowed + rounding;
}

function numeric(value: Scalar): number | undefined {
  if (typeof value === 'boolean') return undefined;
  if (typeof value === 'string' && !/^[+-]?\d{1,300}(?:\.\d{1,300})?$/.test(value)) return undefined;
  const number = value instanceof ExactNumber ? Number(value.text) : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function sameFormat(left: Scalar, right: Scalar): boolean {
  if (typeof left === 'string' && typeof right === 'string') return joinFormats(left, right).shared;
  return (
    (typeof left === 'string') === (typeof right === 'string') &&
    (typeof left === 'boolean') === (typeof right === 'boolean')
  );
}

export function isScalar(node: JsonNode): node is Scalar {
  return (
    typeof node === 'string' ||
    typeof node === 'number' ||
    typeof node === 'boolean' ||
    node instanceof ExactNumber
  );
}

function isId(value: Scalar): boolean {
  if (typeof value === 'boolean') return false;
  if (typeof value !== 'string') return true;
  const format = formatOf(value);
  return format !== 'empty' && format !== 'nonsense';
}

export function idText(value: Scalar): string {
  return value instanceof ExactNumber ? value.text : String(value);
}
