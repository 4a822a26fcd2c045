/** Evaluation of expressions. */
import type {
  AssignmentExpression,
  Callable,
  Expression,
  MemberExpression,
  Node,
  ObjectExpression,
} from '../syntax/ast.ts';
import { getComputed, getProperty, inheritedProperty, setComputed, setProperty } from './access.ts';
import { callExpression, construct, taggedTemplate } from './calls.ts';
import { defineClass } from './classes.ts';
import { dynamicImport } from './dynamic.ts';
import { branches } from './flow.ts';
import type { Frame } from './frame.ts';
import { importedValue, moduleNamespace } from './imports.ts';
import type { Machine } from './machine.ts';
import { operate, type Pieces, pieces, unary } from './operators.ts';
import { array, destructure, object } from './patterns.ts';
import { typedValue } from './types.ts';
import {
  type ArrayValue,
  type Func,
  isOpaque,
  join,
  joinAll,
  literal,
  members,
  newId,
  type ObjectValue,
  strings,
  template,
  truth,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

export function evaluate(vm: Machine, frame: Frame, node: Node): Value {
  switch (node.type) {
    case 'Literal':
      if ('regex' in node) return frame.env.site(node, () => object(true));
      return literal(node.value as string | number | boolean | null);
    case 'Identifier':
      return identifier(vm, frame, node.name, node);
    case 'ThisExpression':
      return frame.self ?? UNKNOWN;
    case 'TemplateLiteral': {
      let texts: Pieces[] = [{ parts: [], text: '' }];
      node.quasis.forEach((quasi, at) => {
        const fixed = quasi.value.cooked ?? quasi.value.raw;
        texts = texts.map((head) => ({ parts: [...head.parts, fixed], text: head.text + fixed }));
        const expression = node.expressions[at];
        if (expression === undefined) return;
        const tails = pieces(evaluate(vm, frame, expression), `{${vm.text(frame.module, expression, 40)}}`);
        const known = texts.length * tails.length <= 16 ? tails : tails.slice(-1);
        texts = texts.flatMap((head) =>
          known.map((tail) => ({ parts: [...head.parts, ...tail.parts], text: head.text + tail.text })),
        );
      });
      return joinAll(texts.map(({ parts, text }) => template(parts, text)));
    }
    case 'TaggedTemplateExpression':
      return taggedTemplate(vm, frame, node);
    case 'ObjectExpression':
      return objectLiteral(vm, frame, node);
    case 'ArrayExpression': {
      const made = frame.env.site<ArrayValue>(node, () => array([], false));
      const { items, open } = spreadable(vm, frame, node.elements);
      if (!sameItems(made.items, items)) {
        // What was pushed since stays in it.
        const kept = made.items.filter((item) => !items.includes(item));
        const merged = [...items, ...kept];
        made.items = merged.length > MAX_SPREAD * 2 ? [...new Set(merged)] : merged;
        vm.touched(made.readers);
      }
      made.open = open;
      return made;
    }
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return makeFunction(frame, node, nameHint(node));
    case 'ClassExpression':
      return defineClass(vm, frame, node);
    case 'MemberExpression':
      return member(vm, frame, node);
    case 'CallExpression':
      return callExpression(vm, frame, node);
    case 'NewExpression':
      return construct(vm, evaluate(vm, frame, node.callee), argumentsOf(vm, frame, node.arguments), {
        node,
        frame,
      });
    case 'ImportExpression':
      return dynamicImport(vm, frame, node.source, node);
    case 'AwaitExpression':
      return evaluate(vm, frame, node.argument);
    case 'YieldExpression':
      if (node.argument !== null) evaluate(vm, frame, node.argument);
      return UNKNOWN;
    case 'ConditionalExpression': {
      const test = truth(evaluate(vm, frame, node.test));
      if (test !== undefined) return evaluate(vm, frame, test ? node.consequent : node.alternate);
      let first: Value = UNKNOWN;
      let second: Value = UNKNOWN;
      branches(vm, [
        () => {
          first = evaluate(vm, frame, node.consequent);
        },
        () => {
          second = evaluate(vm, frame, node.alternate);
        },
      ]);
      return join(first, second);
    }
    case 'LogicalExpression': {
      const left = evaluate(vm, frame, node.left);
      return logical(vm, frame, node.operator, left, node.right);
    }
    case 'BinaryExpression': {
      const left = node.left.type === 'PrivateIdentifier' ? UNKNOWN : evaluate(vm, frame, node.left);
      return operate(vm, frame.module, node.operator, left, evaluate(vm, frame, node.right), node);
    }
    case 'UnaryExpression':
      return unary(node.operator, evaluate(vm, frame, node.argument));
    case 'UpdateExpression': {
      const old = evaluate(vm, frame, node.argument);
      const next = operate(vm, frame.module, node.operator === '++' ? '+' : '-', old, literal(1), node);
      assignTo(vm, frame, node.argument, next);
      return node.prefix ? next : old;
    }
    case 'AssignmentExpression':
      return assignment(vm, frame, node);
    case 'SequenceExpression': {
      let last: Value = UNDEFINED;
      for (const item of node.expressions) last = evaluate(vm, frame, item);
      return last;
    }
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
      return typedValue(vm, frame, evaluate(vm, frame, node.expression), node.typeAnnotation);
    case 'ParenthesizedExpression':
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSInstantiationExpression':
      return evaluate(vm, frame, node.expression);
    case 'SpreadElement':
      evaluate(vm, frame, node.argument);
      return UNKNOWN;
    case 'MetaProperty':
      return identifier(vm, frame, 'import.meta', node);
    default:
      return UNKNOWN;
  }
}

function identifier(vm: Machine, frame: Frame, name: string, node: Node): Value {
  const found = frame.env.lookup(name);
  if (found !== undefined) {
    if (found.env.owner !== frame.invocation && found.env !== vm.globals) vm.read(found.cell, frame);
    return found.cell.value ?? UNKNOWN;
  }
  const binding = frame.module.imports.get(name);
  if (binding === undefined) return UNKNOWN;
  if (binding.imported === '*') {
    const target = vm.resolver.resolve(frame.module.source.path, binding.request);
    const module = target.kind === 'file' ? vm.modules.get(target.path) : undefined;
    if (module?.source.esm === true) return moduleNamespace(module);
  }
  return importedValue(vm, frame.module, binding, { node, frame });
}

export function makeFunction(frame: Frame, node: Callable, name: string): Func {
  return frame.env.site<Func>(
    node,
    () => ({
      kind: 'function',
      id: newId(),
      node,
      env: frame.env,
      module: frame.module,
      self: node.type === 'ArrowFunctionExpression' ? frame.self : undefined,
      home: node.type === 'ArrowFunctionExpression' ? frame.home : undefined,
      name,
      wraps: undefined,
    }),
    node.type === 'ArrowFunctionExpression' ? String(frame.self?.id ?? '') : '',
  );
}

function nameHint(node: Callable): string {
  return node.id?.name ?? '';
}

/** Name of a property, where it is known. */
export function keyOf(vm: Machine, frame: Frame, key: Node, computed: boolean): string | undefined {
  if (!computed) {
    if (key.type === 'Identifier') return key.name;
    if (key.type === 'PrivateIdentifier') return `#${key.name}`;
    return key.type === 'Literal' ? String(key.value) : undefined;
  }
  const known = strings(evaluate(vm, frame, key));
  return known.certain && known.values.length === 1 ? known.values[0] : undefined;
}

function member(vm: Machine, frame: Frame, node: MemberExpression): Value {
  if (node.object.type === 'Super') {
    const parent = frame.home?.parent;
    const key = keyOf(vm, frame, node.property, node.computed);
    if (parent === undefined || key === undefined || frame.self === undefined) return UNKNOWN;
    return inheritedProperty(vm, parent, key, frame.self, { node, frame });
  }
  const target = evaluate(vm, frame, node.object);
  return propertiesOf(vm, frame, target, node);
}

export function propertiesOf(vm: Machine, frame: Frame, target: Value, node: MemberExpression): Value {
  const site = { node, frame };
  if (!node.computed) {
    const key =
      node.property.type === 'PrivateIdentifier'
        ? `#${node.property.name}`
        : (node.property as { name: string }).name;
    return getProperty(vm, target, key, site);
  }
  const keys = strings(evaluate(vm, frame, node.property));
  if (keys.values.length === 0) return keys.certain ? UNKNOWN : getComputed(vm, target, site);
  const parts = keys.values.map((key) => getProperty(vm, target, key, site));
  if (!keys.certain) parts.push(getComputed(vm, target, site));
  return joinAll(parts);
}

/** Items that one spread adds at most. */
const MAX_SPREAD = 500;

/** Evaluates a list with spreads; `open` where a spread's content is not known. */
export function spreadable(
  vm: Machine,
  frame: Frame,
  nodes: readonly (Node | null)[],
): { items: Value[]; open: boolean } {
  const items: Value[] = [];
  let open = false;
  for (const node of nodes) {
    if (node === null) items.push(UNDEFINED);
    else if (node.type !== 'SpreadElement') items.push(evaluate(vm, frame, node));
    else {
      for (const spread of members(evaluate(vm, frame, node.argument))) {
        if (spread.kind === 'array') {
          spread.readers ??= new Set();
          spread.readers.add(frame.invocation);
          // A list built from itself, round after round, has no end: what is in it counts once.
          const added = spread.items
            .filter((item) => items.length < 64 || !items.includes(item))
            .slice(0, MAX_SPREAD);
          for (const item of added) items.push(item);
          open ||= spread.open || added.length < spread.items.length;
        } else open = true;
      }
    }
  }
  return { items, open };
}

export function argumentsOf(vm: Machine, frame: Frame, nodes: readonly Node[]): Value[] {
  return spreadable(vm, frame, nodes).items;
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length >= b.length && b.every((item, at) => a[at] === item);
}

function objectLiteral(vm: Machine, frame: Frame, node: ObjectExpression): Value {
  const made = frame.env.site<ObjectValue>(node, () => object(false));
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      for (const from of members(evaluate(vm, frame, property.argument)))
        copyProperties(vm, frame, made, from, property);
      continue;
    }
    const key = keyOf(vm, frame, property.key, property.computed);
    if (property.kind === 'get') {
      if (key !== undefined && property.value.type === 'FunctionExpression') {
        const func = makeFunction(frame, property.value, key);
        setProperty(vm, made, key, vm.invoke(func, made, [], { node: property, frame }), {
          node: property,
          frame,
        });
      }
      continue;
    }
    const value = evaluate(vm, frame, property.value);
    if (value.kind === 'function' && value.name === '' && key !== undefined) value.name = key;
    if (key !== undefined) setProperty(vm, made, key, value, { node: property, frame });
    else {
      const keys = strings(evaluate(vm, frame, property.key));
      for (const name of keys.values) setProperty(vm, made, name, value, { node: property, frame });
      if (!keys.certain) {
        setComputed(vm, made, value, { node: property, frame });
        made.open = true;
      }
    }
  }
  return made;
}

/** What `{...from}` and `Object.assign` do. */
export function copyProperties(vm: Machine, frame: Frame, into: ObjectValue, from: Value, node: Node): void {
  if (from.kind === 'object') {
    for (const [key, held] of from.props) {
      vm.read(held, frame);
      if (held.value !== undefined)
        setProperty(vm, into, key, held.value, { node: held.node ?? node, frame });
    }
    vm.read(from.rest, frame);
    if (from.rest.value !== undefined) vm.grow(into.rest, from.rest.value, node);
    into.open ||= from.open;
  } else if (from.kind === 'instance') {
    for (const [key, held] of from.fields) {
      if (held.value !== undefined) setProperty(vm, into, key, held.value, { node, frame });
    }
  } else if (from.kind === 'host' && from.host.type === 'namespace') {
    into.open = true;
    const names = namespaceNames(vm, from);
    for (const name of names)
      setProperty(vm, into, name, getProperty(vm, from, name, { node, frame }), { node, frame });
  } else if (from.kind !== 'literal') into.open = true;
}

function namespaceNames(vm: Machine, namespace: Value): string[] {
  for (const module of vm.modules.values())
    if (module.namespace === namespace) return [...module.exports.keys()];
  return [];
}

function logical(vm: Machine, frame: Frame, operator: string, left: Value, right: Node): Value {
  let evaluated: Value | undefined;
  const other = (): Value => {
    evaluated ??= UNDEFINED;
    branches(vm, [
      () => {
        evaluated = evaluate(vm, frame, right);
      },
      () => undefined,
    ]);
    return evaluated;
  };
  if (operator === '??') {
    const list = members(left);
    const nothing = list.filter(
      (item) => item.kind === 'literal' && (item.value === null || item.value === undefined),
    );
    if (nothing.length === list.length) return evaluate(vm, frame, right);
    const perhaps = nothing.length > 0 || list.some((item) => item.kind === 'unknown' || isOpaque(item));
    const rest = joinAll(list.filter((item) => !nothing.includes(item)));
    return perhaps ? join(rest, other()) : left;
  }
  const test = truth(left);
  if (operator === '||') {
    if (test === true) return left;
    if (test === false) return evaluate(vm, frame, right);
    const rest = members(left).filter((item) => truth(item) !== false);
    return join(rest.length === 0 ? undefined : joinAll(rest), other());
  }
  if (test === false) return left;
  return test === true ? evaluate(vm, frame, right) : join(left, other());
}

function assignment(vm: Machine, frame: Frame, node: AssignmentExpression): Value {
  const { operator } = node;
  if (operator === '=') {
    const value = evaluate(vm, frame, node.right);
    if (value.kind === 'function' && value.name === '') value.name = targetName(node.left);
    assignTo(vm, frame, node.left, value);
    return value;
  }
  const old = evaluate(vm, frame, node.left);
  const value =
    operator === '&&=' || operator === '||=' || operator === '??='
      ? logical(vm, frame, operator.slice(0, -1), old, node.right)
      : operate(
          vm,
          frame.module,
          operator.slice(0, -1),
          old,
          evaluate(vm, frame, node.right as Expression),
          node,
        );
  assignTo(vm, frame, node.left, value);
  return value;
}

function targetName(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier')
    return node.property.name;
  return '';
}

export function assignTo(vm: Machine, frame: Frame, target: Node, value: Value): void {
  destructure(
    vm,
    frame,
    target,
    value,
    (name, part, node) => {
      const found = frame.env.lookup(name);
      if (found === undefined) return;
      if (found.env.owner === frame.invocation) vm.assign(found.cell, part, node);
      else vm.grow(found.cell, part, node);
    },
    (node, part) => {
      if (node.type !== 'MemberExpression') return;
      const object = evaluate(vm, frame, node.object);
      const keys: { values: string[]; certain: boolean } = node.computed
        ? strings(evaluate(vm, frame, node.property))
        : { values: [keyOf(vm, frame, node.property, false) ?? ''], certain: true };
      for (const key of keys.values) setProperty(vm, object, key, part, { node, frame });
      if (!keys.certain || keys.values.length === 0) setComputed(vm, object, part, { node, frame });
    },
  );
}
