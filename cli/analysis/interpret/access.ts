/** Reading and writing properties of abstract values. */
import type { Callable, Node } from '../syntax/ast.ts';
import { arrayMethod } from './builtins/arrays.ts';
import { stringMethod } from './builtins/strings.ts';
import { functionMethod } from './calls.ts';
import { functionInfo } from './functions.ts';
import type { Site } from './host.ts';
import type { Machine } from './machine.ts';
import { fieldType } from './types.ts';
import {
  type ArrayValue,
  type ClassValue,
  carriesBehaviour,
  cell,
  type Func,
  type Instance,
  joinAll,
  literal,
  members,
  newId,
  type ObjectValue,
  type Single,
  stored,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

export function getProperty(vm: Machine, value: Value, key: string, site: Site): Value {
  if (value.kind !== 'union') return getOne(vm, value, key, site) ?? UNDEFINED;
  const parts: Value[] = [];
  for (const member of value.members) {
    if (member.kind === 'literal' && (member.value === null || member.value === undefined)) continue;
    parts.push(getOne(vm, member, key, site) ?? UNDEFINED);
  }
  return joinAll(parts);
}

function getOne(vm: Machine, value: Single, key: string, site: Site): Value | undefined {
  switch (value.kind) {
    case 'unknown':
    case 'template':
      return UNKNOWN;
    case 'literal':
      if (typeof value.value === 'string') {
        if (key === 'length') return literal(value.value.length);
        return stringMethod(value, key) ?? UNKNOWN;
      }
      return value.value === null || value.value === undefined ? UNDEFINED : UNKNOWN;
    case 'object':
      return getFromObject(vm, value, key, site);
    case 'array': {
      if (key === 'length') {
        value.readers ??= new Set();
        value.readers.add(site.frame.invocation);
        return value.open || value.perhaps === true ? UNKNOWN : literal(value.items.length);
      }
      if (/^\d+$/.test(key)) {
        const item = value.items[Number(key)];
        if (item === undefined) return value.open ? joinAll([UNKNOWN, ...value.items]) : UNDEFINED;
        return value.perhaps === true ? joinAll([...value.items, UNDEFINED]) : item;
      }
      return arrayMethod(value, key) ?? UNKNOWN;
    }
    case 'function':
      return functionMethod(value, key) ?? getFunctionProperty(vm, value, key, site);
    case 'class':
      return getStatic(vm, value, key, site);
    case 'instance':
      return getFromInstance(vm, value, key, site);
    case 'host':
      return value.host.get === undefined ? UNKNOWN : (value.host.get(vm, key, site) ?? UNKNOWN);
  }
}

function getFromObject(vm: Machine, value: ObjectValue, key: string, site: Site): Value | undefined {
  let held = value.props.get(key);
  if (held === undefined) {
    held = cell();
    value.props.set(key, held);
  }
  vm.read(held, site.frame);
  vm.read(value.rest, site.frame);
  const parts: Value[] = [];
  if (held.value !== undefined) parts.push(held.value);
  if (value.rest.value !== undefined) parts.push(value.rest.value);
  if (parts.length === 0) return value.open ? UNKNOWN : OBJECT_METHODS.has(key) ? UNKNOWN : UNDEFINED;
  // Nobody knows whether what was stored under computed names was stored under this one.
  if (held.value === undefined) parts.push(UNDEFINED);
  return bindAll(joinAll(parts), (func) => {
    let bound = value.bound.get(func.node);
    if (bound === undefined || bound.env !== func.env) {
      bound = { ...func, id: newId(), self: value };
      value.bound.set(func.node, bound);
    }
    return bound;
  });
}

const OBJECT_METHODS = new Set([
  'hasOwnProperty',
  'toString',
  'valueOf',
  'constructor',
  'isPrototypeOf',
  'toJSON',
]);

/** Functions that use `this` remember the object they are taken from, even where JavaScript would forget it. */
function bindAll(value: Value, bind: (func: Func) => Func): Value {
  if (!members(value).some(needsSelf)) return value;
  return joinAll(members(value).map((member) => (needsSelf(member) ? bind(member) : member)));
}

function needsSelf(value: Single): value is Func {
  return value.kind === 'function' && value.self === undefined && functionInfo(value.node).usesThis;
}

function getFromInstance(vm: Machine, value: Instance, key: string, site: Site): Value | undefined {
  const held = value.fields.get(key);
  if (held?.value !== undefined) {
    vm.read(held, site.frame);
    return bindAll(held.value, (func) => method(value.cls, func.node, func, value));
  }
  for (let cls: Value | undefined = value.cls; cls?.kind === 'class'; cls = cls.parent) {
    const found = cls.methods.get(key);
    if (found === undefined || found.isStatic || found.kind === 'set') continue;
    const func = methodOf(cls, found.node, key, value);
    return found.kind === 'get' ? vm.invoke(func, value, [], site) : func;
  }
  if (value.base !== undefined) {
    const inherited = getProperty(vm, value.base, key, site);
    if (inherited !== UNKNOWN) return inherited;
  }
  const empty = held ?? cell();
  value.fields.set(key, empty);
  vm.read(empty, site.frame);
  vm.read(value.rest, site.frame);
  if (value.rest.value !== undefined) return joinAll([value.rest.value, UNDEFINED]);
  return fieldType(vm, value.cls, key) ?? UNKNOWN;
}

/** `super.key`: looked up from the parent on, with `this` still the whole object. */
export function inheritedProperty(vm: Machine, parent: Value, key: string, self: Value, site: Site): Value {
  for (let cls: Value | undefined = parent; cls?.kind === 'class'; cls = cls.parent) {
    const found = cls.methods.get(key);
    if (found !== undefined && found.kind !== 'set') return methodOf(cls, found.node, key, self);
  }
  const base = self.kind === 'instance' ? self.base : undefined;
  return base === undefined ? UNKNOWN : getProperty(vm, base, key, site);
}

export function methodOf(cls: ClassValue, node: Callable, name: string, self: Value | undefined): Func {
  const func: Func = {
    kind: 'function',
    id: 0,
    node,
    env: cls.env,
    module: cls.module,
    self: undefined,
    home: cls,
    name: `${cls.name}.${name}`,
    wraps: undefined,
  };
  return method(cls, node, func, self);
}

function method(cls: ClassValue, node: Callable, func: Func, self: Value | undefined): Func {
  let bySelf = cls.bound.get(node);
  if (bySelf === undefined) {
    bySelf = new Map();
    cls.bound.set(node, bySelf);
  }
  // A method that never says `this` is the same function for every instance.
  const receiver = functionInfo(node).usesThis ? self : undefined;
  const key = receiver?.id ?? 0;
  let bound = bySelf.get(key);
  if (bound === undefined) {
    bound = { ...func, id: newId(), self: receiver };
    bySelf.set(key, bound);
  }
  return bound;
}

function getStatic(vm: Machine, value: ClassValue, key: string, site: Site): Value | undefined {
  const held = value.statics.get(key);
  if (held?.value !== undefined) {
    vm.read(held, site.frame);
    return held.value;
  }
  const found = value.methods.get(key);
  if (found?.isStatic === true && found.kind !== 'set') {
    const func = methodOf(value, found.node, key, value);
    return found.kind === 'get' ? vm.invoke(func, value, [], site) : func;
  }
  if (key === 'name') return literal(value.name);
  if (key === 'prototype') return UNKNOWN;
  if (value.parent !== undefined) return getProperty(vm, value.parent, key, site);
  const empty = held ?? cell();
  value.statics.set(key, empty);
  vm.read(empty, site.frame);
  return UNKNOWN;
}

/** Functions carry properties too: `handler.schema = …`, `plugin[Symbol.for('skip-override')] = true`. */
const functionProperties = new WeakMap<Func, Map<string, Value>>();

function getFunctionProperty(_vm: Machine, value: Func, key: string, _site: Site): Value | undefined {
  return functionProperties.get(value)?.get(key) ?? (key === 'name' ? literal(value.name) : UNKNOWN);
}

export function setProperty(vm: Machine, target: Value, key: string, value: Value, site: Site): void {
  for (const member of members(target)) {
    switch (member.kind) {
      case 'object':
        if (key === 'exports' && member === site.frame.module.commonjs) {
          // What a module exports in the end is what counts; the empty object it began with is gone.
          const held = member.props.get(key) ?? cell();
          member.props.set(key, held);
          vm.replace(held, value);
        } else growIn(vm, member.props, key, value, site.node);
        break;
      case 'instance':
        if (!callSetter(vm, member, key, value, site)) growIn(vm, member.fields, key, value, site.node);
        break;
      case 'class':
        growIn(vm, member.statics, key, value, site.node);
        break;
      case 'host':
        member.host.set?.(vm, key, value, site);
        break;
      case 'function': {
        const properties = functionProperties.get(member) ?? new Map<string, Value>();
        functionProperties.set(member, properties.set(key, value));
        break;
      }
      case 'array':
        if (/^\d+$/.test(key)) pushItem(vm, member, value);
        break;
    }
  }
}

/** Stores under a name that is not known. */
export function setComputed(vm: Machine, target: Value, value: Value, site: Site): void {
  for (const member of members(target)) {
    if (member.kind === 'object' || member.kind === 'instance') vm.grow(member.rest, value, site.node);
    else if (member.kind === 'array') {
      member.open = true;
      pushItem(vm, member, value);
    }
  }
}

/** Reads under a name that is not known: any of the properties. */
export function getComputed(vm: Machine, target: Value, site: Site): Value {
  const parts: Value[] = [];
  for (const member of members(target)) {
    if (member.kind === 'object') {
      vm.read(member.rest, site.frame);
      for (const [, held] of member.props) if (held.value !== undefined) parts.push(held.value);
      if (member.rest.value !== undefined) parts.push(member.rest.value);
      parts.push(member.open ? UNKNOWN : UNDEFINED);
    } else if (member.kind === 'array') {
      member.readers ??= new Set();
      member.readers.add(site.frame.invocation);
      parts.push(...member.items);
      parts.push(member.open || member.items.length === 0 ? UNKNOWN : UNDEFINED);
    } else if (member.kind === 'instance') {
      vm.read(member.rest, site.frame);
      for (const name of member.cls.methods.keys()) {
        const found = member.cls.methods.get(name);
        if (found?.kind === 'method' && !found.isStatic && name !== 'constructor') {
          parts.push(getOne(vm, member, name, site) ?? UNKNOWN);
        }
      }
      parts.push(member.rest.value ?? UNKNOWN);
    } else if (member.kind === 'host' && member.host.computed !== undefined)
      parts.push(member.host.computed(vm, site));
    else parts.push(UNKNOWN);
  }
  return parts.length === 0 ? UNKNOWN : joinAll(parts);
}

function callSetter(vm: Machine, instance: Instance, key: string, value: Value, site: Site): boolean {
  for (let cls: Value | undefined = instance.cls; cls?.kind === 'class'; cls = cls.parent) {
    for (const element of cls.node.body.body) {
      if (element.type !== 'MethodDefinition' || element.kind !== 'set' || element.computed) continue;
      const name =
        element.key.type === 'Identifier' || element.key.type === 'PrivateIdentifier' ? element.key.name : '';
      if (name !== key.replace(/^#/, '') || element.value.body === null) continue;
      vm.invoke(methodOf(cls, element.value as Callable, `set ${key}`, instance), instance, [value], site);
      return true;
    }
  }
  return false;
}

function growIn(
  vm: Machine,
  cells: Map<string, import('./values.ts').Cell>,
  key: string,
  value: Value,
  node: Node,
): void {
  let held = cells.get(key);
  if (held === undefined) {
    held = cell();
    cells.set(key, held);
  }
  if (held.value === value) return;
  // The first real value replaces the emptiness that a field is declared with, unless that emptiness may still be there:
  // somebody saw it, or the value is only given in one branch.
  const empty =
    held.value?.kind === 'literal' && (held.value.value === undefined || held.value.value === null);
  if (empty && vm.trail === undefined && (held.readers === undefined || held.readers.size === 0))
    held.value = undefined;
  stored();
  vm.grow(held, value, node);
}

/** Items of plain data that are pushed to one list before they are no longer told apart, and items at all. */
const MAX_DATA = 32;
const MAX_ITEMS = 2000;

export function pushItem(vm: Machine, list: ArrayValue, value: Value): void {
  if (vm.trail !== undefined || vm.phase === 'serve') list.perhaps = true;
  if (list.items.includes(value)) return;
  const full = list.items.length >= (carriesBehaviour(value) ? MAX_ITEMS : MAX_DATA);
  if (full && list.open) return;
  if (full) list.open = true;
  else list.items.push(value);
  stored();
  vm.touched(list.readers);
}
