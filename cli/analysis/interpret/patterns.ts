import type { Callable, Node } from '../syntax/ast.ts';
import { getProperty, setProperty } from './access.ts';
import { assignTo, evaluate, keyOf } from './expressions.ts';
import type { Frame } from './frame.ts';
import type { Machine } from './machine.ts';
import { typedValue } from './types.ts';
import {
  type ArrayValue,
  cell,
  join,
  joinAll,
  members,
  newId,
  type ObjectValue,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Gives a function's parameters their values, by declared type where the argument is not known. */
export function bindParameters(vm: Machine, frame: Frame, node: Callable, args: readonly Value[]): void {
  node.params.forEach((parameter, at) => {
    if (parameter.type === 'RestElement') {
      const further = frame.env.site<ArrayValue>(parameter, () => array([], false));
      further.items = args.slice(at) as Value[];
      bind(vm, frame, parameter.argument, further);
      return;
    }
    const given = args[at] ?? UNDEFINED;
    if (parameter.type === 'TSParameterProperty') {
      const { parameter: inner } = parameter;
      bind(vm, frame, inner, given);
      const name = inner.type === 'AssignmentPattern' ? inner.left : inner;
      if (name.type === 'Identifier' && frame.self !== undefined) {
        const value = frame.env.own(name.name)?.value ?? given;
        setProperty(vm, frame.self, name.name, value, { node: parameter, frame });
      }
      return;
    }
    bind(vm, frame, parameter, given);
  });
}

/** Declares the names of a pattern and gives them their parts of `value`. */
export function bind(vm: Machine, frame: Frame, pattern: Node, value: Value): void {
  destructure(vm, frame, pattern, value, (name, part, node) => {
    vm.assign(frame.env.declare(name), part, node);
  });
}

/** Takes a value apart along a pattern. */
export function destructure(
  vm: Machine,
  frame: Frame,
  pattern: Node,
  value: Value,
  give: (name: string, part: Value, node: Node) => void,
  assignMember?: (target: Node, part: Value) => void,
): void {
  switch (pattern.type) {
    case 'Identifier':
      give(pattern.name, typedValue(vm, frame, value, pattern.typeAnnotation), pattern);
      break;
    case 'AssignmentPattern': {
      const values = members(value);
      const absent = values.filter((item) => item.kind === 'literal' && item.value === undefined);
      const unknown = values.some((item) => item.kind === 'unknown');
      let part = value;
      if (absent.length === values.length) part = evaluate(vm, frame, pattern.right);
      else if (absent.length > 0 || unknown) {
        const present = values.filter((item) => !absent.includes(item));
        part = join(joinAll(present), evaluate(vm, frame, pattern.right));
      }
      destructure(vm, frame, pattern.left, part, give, assignMember);
      break;
    }
    case 'ObjectPattern': {
      const typed = typedValue(vm, frame, value, pattern.typeAnnotation);
      const taken = new Set<string>();
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') {
          destructure(
            vm,
            frame,
            property.argument,
            without(frame, property, typed, taken),
            give,
            assignMember,
          );
          continue;
        }
        const key = keyOf(vm, frame, property.key, property.computed);
        if (key !== undefined) taken.add(key);
        const part = key === undefined ? UNKNOWN : getProperty(vm, typed, key, { node: property, frame });
        destructure(vm, frame, property.value, part, give, assignMember);
      }
      break;
    }
    case 'ArrayPattern':
      pattern.elements.forEach((element, at) => {
        if (element === null) return;
        if (element.type === 'RestElement') {
          destructure(vm, frame, element.argument, rest(frame, element, value, at), give, assignMember);
          return;
        }
        destructure(
          vm,
          frame,
          element,
          getProperty(vm, value, String(at), { node: element, frame }),
          give,
          assignMember,
        );
      });
      break;
    case 'MemberExpression':
      assignMember?.(pattern, value);
      break;
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      destructure(vm, frame, pattern.expression, value, give, assignMember);
      break;
  }
}

/** What is left of a list after its first items. */
function rest(frame: Frame, node: Node, value: Value, from: number): Value {
  return joinAll(
    members(value).map((item) => {
      if (item.kind !== 'array') return UNKNOWN;
      const made = frame.env.site<ArrayValue>(node, () => array([], item.open), String(item.id));
      made.items = item.items.slice(from);
      return made;
    }),
  );
}

function without(frame: Frame, node: Node, value: Value, taken: ReadonlySet<string>): Value {
  return joinAll(
    members(value).map((item) => {
      if (item.kind !== 'object') return item;
      const made = frame.env.site<ObjectValue>(node, () => object(item.open), String(item.id));
      for (const [key, held] of item.props) {
        if (!taken.has(key) && !made.props.has(key)) made.props.set(key, held);
      }
      return made;
    }),
  );
}

export function object(open: boolean): ObjectValue {
  return { kind: 'object', id: newId(), props: new Map(), open, rest: cell(), bound: new Map() };
}

export function array(items: Value[], open: boolean): ArrayValue {
  return { kind: 'array', id: newId(), items, open, readers: undefined };
}

/** Gives existing variables their parts of `value`. */
export function assignPattern(vm: Machine, frame: Frame, pattern: Node, value: Value): void {
  assignTo(vm, frame, pattern, value);
}
