/**
 * The port to the syntax tree: everything else in the analysis speaks of trees through these names only.
 * The shape is TS-ESTree, which several parsers produce, so that the parser can be exchanged in one folder.
 */
export type {
  ArrayPattern,
  ArrowFunctionExpression,
  AssignmentExpression,
  BindingPattern,
  BlockStatement,
  CallExpression,
  Class,
  ClassBody,
  ClassElement,
  Decorator,
  Expression,
  Function as FunctionNode,
  ImportExpression,
  MemberExpression,
  NewExpression,
  Node,
  ObjectExpression,
  ObjectPattern,
  ParamPattern,
  Program,
  PropertyKey,
  Statement,
  TemplateLiteral,
  TSType,
  VariableDeclaration,
} from 'oxc-parser';

import type { ArrowFunctionExpression, Function as FunctionNode, Node } from 'oxc-parser';

/** Anything that can be called and has a body of its own. */
export type Callable = FunctionNode | ArrowFunctionExpression;

/** Offset of every line's first character, for turning an offset into a line by binary search. */
export function lineStarts(text: string): Uint32Array {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return Uint32Array.from(starts);
}

/** Line (from 1) that holds `offset`. */
export function lineAt(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

const SKIPPED = new Set(['type', 'start', 'end', 'loc', 'range', 'parent']);

/** Calls `visit` for each direct child node. Generic on purpose: a new node kind is walked without a change here. */
export function eachChild(node: Node, visit: (child: Node) => void): void {
  for (const [key, value] of Object.entries(node)) {
    if (value === null || typeof value !== 'object' || SKIPPED.has(key)) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item);
    } else if (isNode(value)) visit(value);
  }
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

export function isCallable(node: Node): node is Callable {
  return (
    node.type === 'FunctionExpression' ||
    node.type === 'FunctionDeclaration' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** The wrappers that change nothing at run time: casts, assertions, parentheses, optional chains. */
export function unwrap(node: Node): Node {
  let inner = node;
  for (;;) {
    switch (inner.type) {
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
      case 'ParenthesizedExpression':
      case 'ChainExpression':
        inner = inner.expression;
        break;
      default:
        return inner;
    }
  }
}
