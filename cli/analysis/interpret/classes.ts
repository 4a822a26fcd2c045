/** Classes: definition, construction, inheritance from the project's own and from foreign classes. */
import type { Callable, Class, Node } from '../syntax/ast.ts';
import { methodOf, setProperty } from './access.ts';
import { evaluate, keyOf } from './expressions.ts';
import { type Frame, within } from './frame.ts';
import type { Site } from './host.ts';
import type { Machine } from './machine.ts';
import { execute } from './statements.ts';
import { typeValue } from './types.ts';
import {
  type ClassValue,
  cell,
  type Instance,
  members,
  newId,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

export function defineClass(vm: Machine, frame: Frame, node: Class): ClassValue {
  const value = frame.env.site<ClassValue>(node, () => {
    const made: ClassValue = {
      kind: 'class',
      id: newId(),
      node,
      env: frame.env.child(node),
      module: frame.module,
      name: node.id?.name ?? '(class)',
      statics: new Map(),
      parent: undefined,
      methods: new Map(),
      instances: [],
      sites: new Map(),
      bound: new Map(),
    };
    vm.classes.push(made);
    return made;
  });
  if (node.id !== null) vm.assign(value.env.declare(node.id.name), value);
  if (node.superClass !== null) {
    const parent = evaluate(vm, frame, node.superClass);
    // Of several possible parents the project's own tells most.
    value.parent =
      members(parent).find((item) => item.kind === 'class' && item !== value) ??
      members(parent).find((item) => item.kind === 'host') ??
      parent;
  }
  for (const element of node.body.body) {
    if (element.type !== 'MethodDefinition' || element.value.body === null) continue;
    const key = keyOf(vm, frame, element.key, element.computed);
    if (key === undefined) continue;
    if (element.kind === 'set' && value.methods.has(key)) continue;
    const kind = element.kind === 'get' || element.kind === 'set' ? element.kind : 'method';
    value.methods.set(key, { node: element.value as Callable, kind, isStatic: element.static });
  }
  const self = frame.self;
  frame.self = value;
  within(frame, value.env, () => {
    for (const element of node.body.body) {
      if (element.type === 'StaticBlock') execute(vm, frame, element);
      else if (element.type === 'PropertyDefinition' && element.static && element.value !== null) {
        const key = keyOf(vm, frame, element.key, element.computed);
        const given = evaluate(vm, frame, element.value);
        if (key !== undefined) setProperty(vm, value, key, given, { node: element, frame });
      }
    }
  });
  frame.self = self;
  return value;
}

/** Objects that one `new` makes from different arguments before they are no longer told apart. */
const MAX_OBJECTS = 64;

/** `new cls(...args)` at a place: one object for the same arguments, however often it is reached. */
export function newInstance(vm: Machine, cls: ClassValue, args: Value[], site: Site): Instance {
  const made = allocate(cls, args, site.node);
  constructClass(vm, cls, made, args, site);
  return made;
}

function allocate(cls: ClassValue, args: readonly Value[], node: Node): Instance {
  let bySite = cls.sites.get(node);
  if (bySite === undefined) {
    bySite = new Map();
    cls.sites.set(node, bySite);
  }
  const full = bySite.size >= MAX_OBJECTS;
  const key = full ? 'others' : args.map((arg) => arg.id).join();
  const known = bySite.get(key);
  if (known !== undefined) return known;
  const instance: Instance = {
    kind: 'instance',
    id: newId(),
    cls,
    fields: new Map(),
    base: undefined,
    rest: cell(),
  };
  bySite.set(key, instance);
  cls.instances.push(instance);
  return instance;
}

/** Runs the constructors of a class and of those it extends on an object. */
export function constructClass(
  vm: Machine,
  cls: ClassValue,
  self: Instance,
  args: Value[],
  site: Site,
): void {
  const builder = cls.methods.get('constructor');
  if (builder === undefined) {
    constructParent(vm, cls, self, args, site);
    initialiseFields(vm, cls, self, site);
    return;
  }
  if (cls.parent === undefined) initialiseFields(vm, cls, self, site);
  vm.invoke(methodOf(cls, builder.node, 'constructor', self), self, args, site);
}

/** What `super(...)` does: the parent's constructor, then the fields of the class itself. */
export function constructSuper(vm: Machine, frame: Frame, args: Value[], site: Site): void {
  const { home, self } = frame;
  if (home === undefined || self?.kind !== 'instance') return;
  constructParent(vm, home, self, args, site);
  initialiseFields(vm, home, self, site);
}

function constructParent(vm: Machine, cls: ClassValue, self: Instance, args: Value[], site: Site): void {
  const { parent } = cls;
  if (parent === undefined) return;
  if (parent.kind === 'class') {
    if (parent !== cls) constructClass(vm, parent, self, args, site);
  } else if (parent.kind === 'host' && parent.host.construct !== undefined) {
    self.base ??= parent.host.construct(vm, { args, self, site });
  }
}

function initialiseFields(vm: Machine, cls: ClassValue, self: Instance, site: Site): void {
  const index = Math.max(0, cls.instances.indexOf(self));
  const frame: Frame = {
    invocation: site.frame.invocation,
    module: cls.module,
    env: cls.env.child(cls.node.body, index + 1000 * depthOf(cls, self)),
    self,
    home: cls,
    returned: undefined,
    loops: 0,
    batch: undefined,
  };
  for (const element of cls.node.body.body) {
    if (element.type !== 'PropertyDefinition' || element.static || element.declare) continue;
    const key = keyOf(vm, frame, element.key, element.computed);
    if (key === undefined) continue;
    if (element.value === null) continue;
    let value = evaluate(vm, frame, element.value);
    if (value.kind === 'function' && value.name === '') value.name = `${cls.name}.${key}`;
    const nothing =
      value === UNDEFINED || (value.kind === 'literal' && value.value === null) || value === UNKNOWN;
    if (nothing && element.typeAnnotation)
      value = typeValue(vm, cls.module, element.typeAnnotation, frame) ?? value;
    setProperty(vm, self, key, value, { node: element as Node, frame });
  }
}

/** Instances of different subclasses share the parent's field initialisers but not their scopes. */
function depthOf(cls: ClassValue, self: Instance): number {
  return self.cls === cls ? 0 : self.id;
}
