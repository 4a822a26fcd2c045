/**
 * Values by declared type, for what evaluation alone cannot know: an argument from outside, a field filled by a
 * container. Not a type checker: names are followed to classes, interfaces to those that implement them.
 */
import type { Class, Node } from '../syntax/ast.ts';
import { constructClass } from './classes.ts';
import { evaluate } from './expressions.ts';
import type { Frame } from './frame.ts';
import { resolveImport } from './imports.ts';
import type { Machine } from './machine.ts';
import type { ModuleState } from './modules.ts';
import { array, object } from './patterns.ts';
import {
  type ClassValue,
  cell,
  type Instance,
  joinAll,
  members,
  newId,
  type ObjectValue,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

interface TypeDeclaration {
  module: ModuleState;
  node: Node;
}

/** What a type from outside the project means, such as `PrismaClient`; set by frameworks. */
export type ExternalType = (request: string, name: string) => Value | undefined;
/** What a container gives for a constructor parameter; set by frameworks with dependency injection. */
export type Injector = (parameter: Node, module: ModuleState) => Value | undefined;

const WRAPPERS = new Set([
  'Promise',
  'Readonly',
  'Partial',
  'Required',
  'Omit',
  'Pick',
  'Awaited',
  'NonNullable',
  'Exclude',
  'Extract',
  'DeepPartial',
  'Mocked',
]);
const LISTS = new Set(['Array', 'ReadonlyArray', 'Set', 'Iterable']);
const MAPS = new Set(['Record', 'Map', 'ReadonlyMap', 'WeakMap']);

/** `value`, or what its declared type gives when it is not known. */
export function typedValue(
  vm: Machine,
  frame: Frame,
  value: Value,
  annotation: Node | null | undefined,
): Value {
  if (annotation === null || annotation === undefined) return value;
  for (const member of members(value)) {
    if (member.kind === 'unknown') continue;
    if (member.kind === 'literal' && (member.value === null || member.value === undefined)) continue;
    if (member.kind === 'host' && member.host.type === 'external.result') continue;
    return value;
  }
  if (!members(value).some((member) => member.kind === 'unknown' || member.kind === 'host')) return value;
  const typed = typeValue(vm, frame.module, annotation, frame);
  // A type tells what a value is once there is one; whether there is one, nobody knows.
  return typed === undefined ? value : joinAll([typed, UNDEFINED]);
}

export function typeValue(
  vm: Machine,
  module: ModuleState,
  type: Node,
  frame?: Frame,
  depth = 0,
): Value | undefined {
  if (depth > 4) return undefined;
  const inner = (node: Node): Value | undefined => typeValue(vm, module, node, frame, depth + 1);
  switch (type.type) {
    case 'TSTypeAnnotation':
      return inner(type.typeAnnotation);
    case 'TSUnionType':
    case 'TSIntersectionType': {
      const parts = type.types.flatMap((item) => inner(item) ?? []);
      return parts.length === 0 ? undefined : joinAll(parts);
    }
    case 'TSArrayType': {
      const item = inner(type.elementType);
      return item === undefined ? undefined : siteOf(vm, module).site(type, () => array([item], true));
    }
    case 'TSTypeOperator':
      return type.operator === 'readonly' ? inner(type.typeAnnotation) : undefined;
    case 'TSTypeQuery':
      if (type.exprName.type !== 'Identifier') return undefined;
      return evaluate(vm, frame ?? vm.frame(vm.evaluateModule(module)), type.exprName);
    case 'TSTypeLiteral':
      return typedMembers(vm, module, type, type.members, depth);
    case 'TSTypeReference': {
      const parameters = type.typeArguments?.params ?? [];
      if (type.typeName.type === 'TSQualifiedName') {
        const { left, right } = type.typeName;
        if (left.type !== 'Identifier') return undefined;
        const binding = module.imports.get(left.name);
        return binding === undefined
          ? undefined
          : external(vm, module, binding.request, `${left.name}.${right.name}`);
      }
      if (type.typeName.type !== 'Identifier') return undefined;
      const { name } = type.typeName;
      const declared = findType(vm, module, name);
      if (declared !== undefined) return declaredValue(vm, declared, depth);
      const first = parameters[0];
      if (WRAPPERS.has(name) && first !== undefined) return inner(first);
      if (LISTS.has(name) && first !== undefined) {
        const item = inner(first);
        return item === undefined ? undefined : siteOf(vm, module).site(type, () => array([item], true));
      }
      if (MAPS.has(name) && parameters[1] !== undefined) {
        const item = inner(parameters[1]);
        if (item === undefined) return undefined;
        const made = siteOf(vm, module).site<ObjectValue>(type, () => object(true));
        made.rest.value = item;
        return made;
      }
      const binding = module.imports.get(name);
      return binding === undefined ? undefined : external(vm, module, binding.request, binding.imported);
    }
    case 'TSImportType':
      return undefined;
    default:
      return undefined;
  }
}

function external(vm: Machine, module: ModuleState, request: string, name: string): Value | undefined {
  const resolved = vm.resolver.resolve(module.source.path, request);
  const from = resolved.kind === 'external' ? resolved.name : request;
  for (const lookup of vm.externalTypes) {
    const value = lookup(from, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function siteOf(vm: Machine, module: ModuleState): import('./env.ts').Env {
  return vm.evaluateModule(module).env;
}

function typedMembers(
  vm: Machine,
  module: ModuleState,
  owner: Node,
  list: readonly Node[],
  depth: number,
): Value | undefined {
  const typed: [string, Value][] = [];
  for (const member of list) {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier' || !member.typeAnnotation)
      continue;
    const value = typeValue(vm, module, member.typeAnnotation, undefined, depth + 1);
    if (value !== undefined) typed.push([member.key.name, value]);
  }
  if (typed.length === 0) return undefined;
  const made = siteOf(vm, module).site<ObjectValue>(owner, () => object(true));
  for (const [name, value] of typed) if (!made.props.has(name)) made.props.set(name, cell(value));
  return made;
}

function declaredValue(vm: Machine, { module, node }: TypeDeclaration, depth: number): Value | undefined {
  if (node.type === 'ClassDeclaration') {
    const cls = classValue(vm, module, node);
    return cls === undefined ? undefined : instanceOf(vm, cls);
  }
  if (node.type === 'TSTypeAliasDeclaration')
    return typeValue(vm, module, node.typeAnnotation, undefined, depth + 1);
  if (node.type === 'TSInterfaceDeclaration') {
    const implementers = hierarchy(vm).get(node) ?? [];
    const instances = implementers.slice(0, 6).flatMap((item) => {
      const cls = classValue(vm, item.module, item.node as Class);
      return cls === undefined ? [] : [instanceOf(vm, cls)];
    });
    return instances.length > 0 ? joinAll(instances) : typedMembers(vm, module, node, node.body.body, depth);
  }
  return undefined;
}

function classValue(vm: Machine, module: ModuleState, node: Class): ClassValue | undefined {
  const { env } = vm.evaluateModule(module);
  const value = node.id === null ? undefined : env.own(node.id.name)?.value;
  return value?.kind === 'class' ? value : undefined;
}

const declarations = new WeakMap<ModuleState, Map<string, Node>>();

/** The declaration that a type's name means in a module, through imports and re-exports. */
export function findType(
  vm: Machine,
  module: ModuleState,
  name: string,
  depth = 0,
): TypeDeclaration | undefined {
  const local = declarationsOf(module).get(name);
  if (local !== undefined) return { module, node: local };
  const binding = module.imports.get(name);
  if (binding === undefined || depth > 12) return undefined;
  const target = resolveImport(vm, module, binding.request);
  if (target === undefined) return undefined;
  return findExportedType(vm, target, binding.imported, depth + 1);
}

function findExportedType(
  vm: Machine,
  module: ModuleState,
  name: string,
  depth: number,
): TypeDeclaration | undefined {
  if (depth > 12) return undefined;
  const exported = module.exports.get(name);
  if (exported?.kind === 'local') return findType(vm, module, exported.local, depth + 1);
  if (exported?.kind === 'from') {
    const target = resolveImport(vm, module, exported.request);
    return target === undefined ? undefined : findExportedType(vm, target, exported.imported, depth + 1);
  }
  for (const request of module.stars) {
    const target = resolveImport(vm, module, request);
    const found = target === undefined ? undefined : findExportedType(vm, target, name, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function declarationsOf(module: ModuleState): Map<string, Node> {
  let found = declarations.get(module);
  if (found === undefined) {
    found = new Map();
    for (const statement of module.source.program.body) {
      const node: Node | null =
        statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
          ? statement.declaration
          : statement;
      if (node === null) continue;
      if (
        (node.type === 'ClassDeclaration' ||
          node.type === 'TSInterfaceDeclaration' ||
          node.type === 'TSTypeAliasDeclaration') &&
        node.id !== null
      ) {
        found.set(node.id.name, node);
      }
    }
    declarations.set(module, found);
  }
  return found;
}

/** Classes by what they extend or implement. */
function hierarchy(vm: Machine): Map<Node, TypeDeclaration[]> {
  const known = vm.extras.get('hierarchy') as Map<Node, TypeDeclaration[]> | undefined;
  if (known !== undefined) return known;
  const tree = new Map<Node, TypeDeclaration[]>();
  vm.extras.set('hierarchy', tree);
  for (const module of vm.modules.values()) {
    for (const node of declarationsOf(module).values()) {
      if (node.type !== 'ClassDeclaration') continue;
      const parents: Node[] = (node.implements ?? []).map((item) => item.expression);
      if (node.superClass !== null) parents.push(node.superClass);
      for (const parent of parents) {
        const declared = parent.type === 'Identifier' ? findType(vm, module, parent.name) : undefined;
        if (declared === undefined || declared.node === node) continue;
        const list = tree.get(declared.node) ?? [];
        list.push({ module, node });
        tree.set(declared.node, list);
      }
    }
  }
  return tree;
}

/** An object of the class: one that the project makes, or else one made with arguments by their declared types. */
export function instanceOf(vm: Machine, cls: ClassValue): Value {
  if (cls.instances.length > 0) return joinAll(cls.instances.slice(0, 6));
  if (cls.node.abstract === true) {
    const below = (hierarchy(vm).get(cls.node) ?? []).slice(0, 6).flatMap(({ module, node }) => {
      const sub = classValue(vm, module, node as Class);
      return sub === undefined || sub === cls ? [] : [instanceOf(vm, sub)];
    });
    if (below.length > 0) return joinAll(below);
  }
  const invocation = vm.evaluateModule(cls.module);
  const frame = vm.frame(invocation);
  const made: Instance = {
    kind: 'instance',
    id: newId(),
    cls,
    fields: new Map(),
    base: undefined,
    rest: cell(),
  };
  cls.instances.push(made);
  constructClass(vm, cls, made, injectedArguments(vm, cls), { node: cls.node, frame });
  return made;
}

function injectedArguments(vm: Machine, cls: ClassValue): Value[] {
  const inject = vm.extras.get('injector') as Injector | undefined;
  for (let at: Value | undefined = cls; at?.kind === 'class'; at = at.parent) {
    const builder = at.methods.get('constructor');
    if (builder === undefined) continue;
    const { module } = at;
    return builder.node.params.map((parameter) => {
      const injected = inject?.(parameter, module);
      if (injected !== undefined) return injected;
      const pattern = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
      const named = pattern.type === 'AssignmentPattern' ? pattern.left : pattern;
      const annotation = 'typeAnnotation' in named ? named.typeAnnotation : undefined;
      return (annotation ? typeValue(vm, module, annotation) : undefined) ?? UNKNOWN;
    });
  }
  return [];
}

/** Value of a field that is only declared, by its type; containers fill such fields. */
export function fieldType(vm: Machine, cls: ClassValue, key: string): Value | undefined {
  for (let at: Value | undefined = cls; at?.kind === 'class'; at = at.parent) {
    for (const element of at.node.body.body) {
      if (element.type !== 'PropertyDefinition' || element.computed || element.static) continue;
      const name =
        element.key.type === 'PrivateIdentifier'
          ? `#${element.key.name}`
          : element.key.type === 'Identifier'
            ? element.key.name
            : '';
      if (name !== key) continue;
      const inject = vm.extras.get('injector') as Injector | undefined;
      const injected = element.decorators.length > 0 ? inject?.(element, at.module) : undefined;
      if (injected !== undefined) return injected;
      const typed = element.typeAnnotation ? typeValue(vm, at.module, element.typeAnnotation) : undefined;
      return typed === undefined ? undefined : joinAll([typed, UNDEFINED]);
    }
  }
  return undefined;
}
