/** Calls: of the project's functions, of modelled objects, and of what is not known. */
import type { CallExpression, Node } from '../syntax/ast.ts';
import { getProperty } from './access.ts';
import { constructSuper, newInstance } from './classes.ts';
import { argumentsOf, evaluate } from './expressions.ts';
import { type Frame, inLoop } from './frame.ts';
import { native, type Site } from './host.ts';
import type { CallRecord } from './invocation.ts';
import type { Machine } from './machine.ts';
import { setNamespaceCall } from './namespace-call.ts';
import { array } from './patterns.ts';
import {
  type ArrayValue,
  type Func,
  joinAll,
  members,
  newId,
  type Single,
  strings,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Sees calls on receivers that are not known, by the text of the call; set by frameworks. */
export type UnknownCall = (vm: Machine, key: string, args: Value[], site: Site) => Value | undefined;

/** Methods of lists and promises that call their argument, wherever the list came from. */
export const REPEATING = new Set([
  'map',
  'forEach',
  'filter',
  'find',
  'findIndex',
  'some',
  'every',
  'flatMap',
  'reduce',
  'sort',
  'each',
  'mapSeries',
  'eachSeries',
  'mapLimit',
]);
export const MAPPING = new Set(['map', 'mapSeries', 'mapLimit']);
export const FOLLOWING = new Set(['then', 'catch', 'finally', 'tap']);

export function callExpression(vm: Machine, frame: Frame, node: CallExpression): Value {
  const site: Site = { node, frame };
  const { callee } = node;
  if (callee.type === 'Super') {
    constructSuper(vm, frame, argumentsOf(vm, frame, node.arguments), site);
    return UNDEFINED;
  }
  const target =
    callee.type === 'ChainExpression' || callee.type === 'TSNonNullExpression' ? callee.expression : callee;
  if (target.type !== 'MemberExpression' || target.object.type === 'Super') {
    const called = evaluate(vm, frame, callee);
    const self = target.type === 'MemberExpression' ? frame.self : undefined;
    return callValue(vm, called, self, argumentsOf(vm, frame, node.arguments), site);
  }
  const object = evaluate(vm, frame, target.object);
  const keys = target.computed
    ? strings(evaluate(vm, frame, target.property))
    : {
        values: [
          target.property.type === 'PrivateIdentifier'
            ? `#${target.property.name}`
            : (target.property as { name: string }).name,
        ],
        certain: true,
      };
  const batch = vm.extras.get('batch') as
    | ((vm: Machine, object: Value, keys: string[], site: Site) => Frame['batch'])
    | undefined;
  const outer = frame.batch;
  frame.batch = batch?.(vm, object, keys.values, site) ?? outer;
  const args = argumentsOf(vm, frame, node.arguments);
  frame.batch = outer;
  if (keys.values.length === 0 || !keys.certain) {
    const computed = evaluate(vm, frame, target);
    noteComputed(vm, object, site, keys.values.length);
    return callValue(vm, computed, object, args, site);
  }
  return joinAll(keys.values.map((key) => callMethod(vm, object, key, args, site)));
}

function noteComputed(vm: Machine, object: Value, site: Site, known: number): void {
  const notable = members(object).find((item) => item.kind === 'host' && item.host.type.includes('.'));
  if (
    notable === undefined ||
    notable.kind !== 'host' ||
    known > 0 ||
    notable.host.type.startsWith('external')
  )
    return;
  vm.unsettled(
    'computed-method',
    { module: site.frame.module, node: site.node },
    `a method of ${notable.host.type} is chosen at run time: ${vm.text(site.frame.module, site.node)}`,
  );
}

export function callMethod(vm: Machine, object: Value, key: string, args: Value[], site: Site): Value {
  const results: Value[] = [];
  for (const item of members(object)) {
    if (item.kind === 'literal' && (item.value === null || item.value === undefined)) continue;
    results.push(callMethodOf(vm, item, key, args, site));
  }
  return results.length === 0 ? UNKNOWN : joinAll(results);
}

function callMethodOf(vm: Machine, item: Single, key: string, args: Value[], site: Site): Value {
  const found = item.kind === 'unknown' ? UNKNOWN : getProperty(vm, item, key, site);
  if (found !== UNKNOWN && found !== UNDEFINED) return callValue(vm, found, item, args, site);
  const byName = vm.extras.get('unknownCall') as UnknownCall | undefined;
  const result = byName?.(vm, key, args, site);
  if (result !== undefined) return result;
  if (item.kind === 'unknown') missed(vm, key, site);
  if (REPEATING.has(key)) {
    const result = inLoop(site.frame, () => callBack(vm, args, site, 'call'));
    return MAPPING.has(key) ? listOf(vm, result, site) : result;
  }
  if (FOLLOWING.has(key)) return callBack(vm, args, site, 'call', item.kind === 'unknown' ? UNKNOWN : item);
  return callUnknown(vm, args, site, key);
}

/** A list of which only the kind of its items is known. */
export function listOf(vm: Machine, item: Value, site: Site): Value {
  if (item === UNKNOWN) return UNKNOWN;
  const made = site.frame.env.site<ArrayValue>(site.node, () => array([], true), 'mapped');
  const joined = joinAll([...made.items, item]);
  if (made.items[0] !== joined) {
    made.items = [joined];
    vm.touched(made.readers);
  }
  return made;
}

/** Remembers a call whose receiver is not known, for a look at it once everything else is. */
function missed(vm: Machine, key: string, site: Site): void {
  let all = vm.extras.get('missed') as Map<Node, { key: string; module: Frame['module'] }> | undefined;
  if (all === undefined) {
    all = new Map();
    vm.extras.set('missed', all);
  }
  all.set(site.node, { key, module: site.frame.module });
}

/** Calls the functions among `args` now, with nothing known about their arguments. */
export function callBack(
  vm: Machine,
  args: readonly Value[],
  site: Site,
  kind: CallRecord['kind'],
  given: Value = UNKNOWN,
): Value {
  const results: Value[] = [];
  for (const arg of args) {
    for (const item of members(arg)) {
      if (item.kind === 'function')
        results.push(vm.invoke(item, UNKNOWN, [given, UNKNOWN, UNKNOWN], site, kind));
      else if (item.kind === 'host' && item.host.call !== undefined) {
        results.push(item.host.call(vm, { args: [given], self: undefined, site }));
      }
    }
  }
  return results.length === 0 ? UNKNOWN : joinAll([UNKNOWN, ...results]);
}

/**
 * A call of something that is not known. Functions handed over may be called by it: while a request is served that counts
 * as calling them; while the application starts it makes them listeners.
 */
export function callUnknown(vm: Machine, args: readonly Value[], site: Site, label: string): Value {
  for (const func of functionsIn(args, 2)) {
    if (site.frame.invocation.boot) listen(vm, func, 'listener', label, site);
    vm.invoke(func, UNKNOWN, [UNKNOWN, UNKNOWN, UNKNOWN], site, 'callback');
  }
  return UNKNOWN;
}

export function listen(vm: Machine, func: Func, kind: string, label: string, site: Site): void {
  const key = `${func.id}:${site.node.start}`;
  if (vm.listeners.has(key)) return;
  vm.listeners.set(key, { func, kind, label, site: { module: site.frame.module, node: site.node } });
}

/** Functions among values, also as properties of objects and items of lists. */
export function functionsIn(values: readonly Value[], depth: number): Func[] {
  const found: Func[] = [];
  for (const value of values) {
    for (const item of members(value)) {
      if (item.kind === 'function') found.push(item);
      else if (depth > 0 && item.kind === 'array') found.push(...functionsIn(item.items, depth - 1));
      else if (depth > 0 && item.kind === 'object') {
        const held = [...item.props.values()].flatMap((property) => property.value ?? []);
        found.push(...functionsIn(held, depth - 1));
      }
    }
  }
  return found;
}

export function callValue(
  vm: Machine,
  called: Value,
  self: Value | undefined,
  args: Value[],
  site: Site,
): Value {
  const results: Value[] = [];
  for (const item of members(called)) {
    switch (item.kind) {
      case 'function': {
        const result = vm.invoke(item, self, args, site);
        results.push(markWrapper(item, result, args));
        break;
      }
      case 'host':
        results.push(
          item.host.call === undefined
            ? callUnknown(vm, args, site, item.host.type)
            : item.host.call(vm, { args, self, site }),
        );
        break;
      case 'literal':
        break;
      default:
        results.push(callUnknown(vm, args, site, vm.text(site.frame.module, calleeOf(site.node), 40)));
    }
  }
  return results.length === 0 ? UNKNOWN : joinAll(results);
}

function calleeOf(node: Node): Node {
  return node.type === 'CallExpression' || node.type === 'NewExpression' ? node.callee : node;
}

/** Remembers which function a wrapper such as `asyncHandler(fn)` was given, so that a handler's place is found. */
function markWrapper(callee: Func, result: Value, args: readonly Value[]): Value {
  const given = functionsIn(args, 0);
  const inner = given.at(-1);
  if (inner === undefined) return result;
  for (const item of members(result)) {
    if (item.kind !== 'function' || item.wraps !== undefined || given.includes(item)) continue;
    const within =
      item.node.start >= callee.node.start &&
      item.node.end <= callee.node.end &&
      item.module === callee.module;
    if (within) item.wraps = inner;
  }
  return result;
}

export function construct(vm: Machine, called: Value, args: Value[], site: Site): Value {
  const results: Value[] = [];
  for (const item of members(called)) {
    if (item.kind === 'class') results.push(newInstance(vm, item, args, site));
    else if (item.kind === 'host' && item.host.construct !== undefined) {
      results.push(item.host.construct(vm, { args, self: undefined, site }));
    } else if (item.kind === 'function') {
      // A function used as a class, as before there were classes.
      const result = vm.invoke(item, UNKNOWN, args, site);
      results.push(result === UNDEFINED ? UNKNOWN : result);
    } else results.push(callUnknown(vm, args, site, vm.text(site.frame.module, calleeOf(site.node), 40)));
  }
  return results.length === 0 ? UNKNOWN : joinAll(results);
}

export function taggedTemplate(
  vm: Machine,
  frame: Frame,
  node: Extract<Node, { type: 'TaggedTemplateExpression' }>,
): Value {
  const text = evaluate(vm, frame, node.quasi);
  const values = node.quasi.expressions.map((expression) => evaluate(vm, frame, expression));
  const { tag } = node;
  const site: Site = { node, frame };
  if (tag.type === 'MemberExpression' && !tag.computed && tag.property.type === 'Identifier') {
    return callMethod(vm, evaluate(vm, frame, tag.object), tag.property.name, [text, ...values], site);
  }
  return callValue(vm, evaluate(vm, frame, tag), undefined, [text, ...values], site);
}

/** `call`, `apply` and `bind` of a function. */
export function functionMethod(func: Func, key: string): Value | undefined {
  if (key === 'bind') {
    return native('function.bind', (_vm, { args, site }) => {
      const self = args[0];
      if (self === undefined || self.kind === 'literal' || func.self !== undefined) return func;
      return site.frame.env.site<Func>(
        site.node,
        () => ({ ...func, id: newId(), self }),
        `bind ${func.id} ${self.id}`,
      );
    });
  }
  if (key === 'call') {
    return native('function.call', (vm, { args, site }) => vm.invoke(func, args[0], args.slice(1), site));
  }
  if (key === 'apply') {
    return native('function.apply', (vm, { args, site }) => {
      const list = args[1];
      return vm.invoke(func, args[0], list?.kind === 'array' ? list.items : [], site);
    });
  }
  return undefined;
}

setNamespaceCall((vm, value, args, site) => callValue(vm, value, undefined, args, site));
