import type { Node } from '../syntax/ast.ts';
import type { Machine } from './machine.ts';
import type { ModuleState } from './modules.ts';
import {
  joinAll,
  type Literal,
  literal,
  members,
  type Primitive,
  template,
  truth,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Result of a binary operator: exact for two known primitives, partly known for text that is put together. */
export function operate(
  vm: Machine,
  module: ModuleState,
  operator: string,
  left: Value,
  right: Value,
  node: Node,
): Value {
  if (left.kind === 'literal' && right.kind === 'literal') return exact(operator, left, right);
  switch (operator) {
    case '+':
      return concatenate(vm, module, left, right, node);
    case '===':
    case '==':
      return differs(left, right) ? literal(false) : UNKNOWN;
    case '!==':
    case '!=':
      return differs(left, right) ? literal(true) : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

/** Whether two values can't be equal: one is nothing, the other is surely something. */
function differs(a: Value, b: Value): boolean {
  const nothing = (value: Value): boolean =>
    value.kind === 'literal' && (value.value === null || value.value === undefined);
  const surely = (value: Value): boolean =>
    members(value).every((item) => item.kind !== 'literal' && item.kind !== 'unknown') &&
    truth(value) === true;
  return (nothing(a) && surely(b)) || (nothing(b) && surely(a));
}

function exact(operator: string, left: Literal, right: Literal): Value {
  const a = left.value as never as number;
  const b = right.value as never as number;
  try {
    switch (operator) {
      case '+':
        return literal(a + b);
      case '-':
        return literal(a - b);
      case '*':
        return literal(a * b);
      case '/':
        return literal(a / b);
      case '%':
        return literal(a % b);
      case '<':
        return literal(a < b);
      case '>':
        return literal(a > b);
      case '<=':
        return literal(a <= b);
      case '>=':
        return literal(a >= b);
      case '===':
        return literal(left.value === right.value);
      case '!==':
        return literal(left.value !== right.value);
      case '==':
        return literal(looselyEqual(left.value, right.value));
      case '!=':
        return literal(!looselyEqual(left.value, right.value));
      default:
        return UNKNOWN;
    }
  } catch {
    // Mixing big integers with numbers throws in the program as well.
    return UNKNOWN;
  }
}

function looselyEqual(a: Primitive, b: Primitive): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  return String(a) === String(b);
}

function concatenate(vm: Machine, module: ModuleState, left: Value, right: Value, node: Node): Value {
  const textual = (value: Value): boolean =>
    members(value).some(
      (item) => item.kind === 'template' || (item.kind === 'literal' && typeof item.value === 'string'),
    );
  if (!textual(left) && !textual(right)) return UNKNOWN;
  const nodes =
    node.type === 'BinaryExpression' || node.type === 'AssignmentExpression' ? [node.left, node.right] : [];
  const shown = (at: Node | undefined): string => `{${at === undefined ? '?' : vm.text(module, at, 40)}}`;
  const heads = pieces(left, shown(nodes[0]));
  const tails = pieces(right, shown(nodes[1]));
  return joinAll(heads.flatMap((a) => tails.map((b) => template([...a.parts, ...b.parts], a.text + b.text))));
}

export interface Pieces {
  parts: (string | null)[];
  text: string;
}

/** Alternatives told apart when text is put together. */
const MAX_ALTERNATIVES = 8;

/** The texts that a value may be, one with a hole for what is not known. */
export function pieces(value: Value, hole: string): Pieces[] {
  const found: Pieces[] = [];
  let unknown = false;
  for (const item of members(value)) {
    // Nobody means the text "undefined": where something else is possible, that is what is meant.
    if (item.kind === 'literal' && (item.value === undefined || item.value === null)) continue;
    if (item.kind === 'template') found.push(item);
    else if (item.kind === 'literal') {
      const text = String(item.value);
      found.push({ parts: [text], text });
    } else unknown = true;
  }
  if (unknown || found.length === 0 || found.length > MAX_ALTERNATIVES) {
    const open = { parts: [null], text: hole };
    return found.length > MAX_ALTERNATIVES ? [open] : [...found, open];
  }
  return found;
}

export function unary(operator: string, value: Value): Value {
  switch (operator) {
    case '!': {
      const known = truth(value);
      return known === undefined ? UNKNOWN : literal(!known);
    }
    case 'void':
      return literal(undefined);
    case 'typeof':
      return typeOf(value);
    case '-':
      return value.kind === 'literal' && typeof value.value === 'number' ? literal(-value.value) : UNKNOWN;
    case '+':
      return value.kind === 'literal' && typeof value.value === 'number' ? value : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function typeOf(value: Value): Value {
  const kinds = new Set<string>();
  for (const item of members(value)) {
    if (item.kind === 'unknown' || item.kind === 'host') return UNKNOWN;
    if (item.kind === 'literal') kinds.add(item.value === null ? 'object' : typeof item.value);
    else if (item.kind === 'template') kinds.add('string');
    else kinds.add(item.kind === 'function' || item.kind === 'class' ? 'function' : 'object');
  }
  const [only, ...more] = kinds;
  return only === undefined || more.length > 0 ? UNKNOWN : literal(only);
}
