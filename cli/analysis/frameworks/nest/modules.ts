/** Nest modules: which controllers are served, under which prefixes, and what stands behind each injection token. */
import { callValue } from '../../interpret/calls.ts';
import { evaluate } from '../../interpret/expressions.ts';
import type { Machine } from '../../interpret/machine.ts';
import type { ModuleState } from '../../interpret/modules.ts';
import { findType, type Injector, instanceOf, typeValue } from '../../interpret/types.ts';
import { type ClassValue, joinAll, members, strings, UNKNOWN, type Value } from '../../interpret/values.ts';
import type { Node } from '../../syntax/ast.ts';
import { property } from '../fastify/instance.ts';
import { flatten, type PathText, pathsOf } from '../routes.ts';
import { argumentValue, decoratorsOf } from './decorators.ts';

export interface NestModules {
  /** Controllers by class, with the prefixes that RouterModule gives their module. */
  controllers: Map<ClassValue, PathText[]>;
  /** By token: modules may each provide their own, and which one counts depends on where it is injected. */
  providers: Map<string, Value[]>;
  /** Guards and interceptors that hold for all routes. */
  global: Value[];
}

/** Reads every class with `@Module`; called once all modules were evaluated. */
export function nestModules(vm: Machine): NestModules {
  const known = vm.extras.get('nest.modules') as NestModules | undefined;
  if (known !== undefined) return known;
  const result: NestModules = { controllers: new Map(), providers: new Map(), global: [] };
  vm.extras.set('nest.modules', result);
  const prefixes = new Map<ClassValue, PathText[]>();
  const seen = new Set<Value>();
  const read = (metadata: Value, owner: ClassValue): void => {
    for (const provider of listed(metadata, 'providers')) addProvider(result, provider);
    for (const imported of listed(metadata, 'imports')) visit(resolveForward(vm, imported, owner));
    for (const controller of listed(metadata, 'controllers')) {
      if (controller.kind === 'class' && !result.controllers.has(controller))
        result.controllers.set(controller, prefixes.get(owner) ?? []);
    }
  };
  const visit = (value: Value): void => {
    for (const item of members(value)) {
      if (seen.has(item)) continue;
      seen.add(item);
      if (item.kind === 'class') {
        const decorator = decoratorsOf(item.module, item.node).find((use) => use.name === 'Module');
        const [metadata] = decorator?.args ?? [];
        if (metadata !== undefined) read(argumentValue(vm, item, metadata), item);
      } else if (item.kind === 'object') {
        // A dynamic module: `{ module, imports, controllers, providers }`.
        const owner = item.props.get('module')?.value;
        if (owner?.kind === 'class') {
          read(item, owner);
          visit(owner);
        }
      }
    }
  };
  const modules = vm.classes.filter((cls) =>
    decoratorsOf(cls.module, cls.node).some((use) => use.name === 'Module'),
  );
  for (const cls of modules) routerModule(vm, cls, prefixes);
  for (const cls of modules) visit(cls);
  return result;
}

function listed(metadata: Value, key: string): Value[] {
  const list = property(metadata, key);
  return list === undefined ? [] : flatten([list]).flatMap((item) => [...members(item)]);
}

function resolveForward(vm: Machine, value: Value, owner: ClassValue): Value {
  return value.kind === 'function'
    ? callValue(vm, value, undefined, [], {
        node: owner.node,
        frame: vm.frame(vm.evaluateModule(owner.module)),
      })
    : value;
}

/** `RouterModule.register([{ path, module, children }])` as it is written in a module's imports. */
function routerModule(vm: Machine, cls: ClassValue, prefixes: Map<ClassValue, PathText[]>): void {
  const [metadata] = decoratorsOf(cls.module, cls.node).find((use) => use.name === 'Module')?.args ?? [];
  if (metadata?.type !== 'ObjectExpression') return;
  for (const entry of metadata.properties) {
    if (entry.type !== 'Property' || entry.value.type !== 'ArrayExpression') continue;
    for (const element of entry.value.elements) {
      if (element?.type !== 'CallExpression' || element.callee.type !== 'MemberExpression') continue;
      if (element.callee.object.type !== 'Identifier' || element.callee.object.name !== 'RouterModule')
        continue;
      const [tree] = element.arguments;
      if (tree !== undefined)
        branch(vm, argumentValue(vm, cls, tree), [{ text: '', certain: true }], prefixes, {
          module: cls.module,
          node: element,
        });
    }
  }
}

function branch(
  vm: Machine,
  tree: Value,
  bases: PathText[],
  prefixes: Map<ClassValue, PathText[]>,
  place: { module: ModuleState; node: Node },
): void {
  for (const item of flatten([tree])) {
    if (item.kind === 'class') prefixes.set(item, bases);
    if (item.kind !== 'object') continue;
    const path = item.props.get('path')?.value;
    const own = path === undefined ? [{ text: '', certain: true }] : pathsOf(vm, path, place);
    const paths = bases.flatMap((base) =>
      own.map((part) => ({
        text: `${base.text}/${part.text}`.replace(/\/+/g, '/'),
        certain: base.certain && part.certain,
      })),
    );
    const target = item.props.get('module')?.value;
    if (target?.kind === 'class') prefixes.set(target, paths);
    const children = item.props.get('children')?.value;
    if (children !== undefined) branch(vm, children, paths, prefixes, place);
  }
}

export function tokenKey(token: Value, text: string): string {
  const named = strings(token).values[0];
  if (named !== undefined) return `s:${named}`;
  return token.kind === 'class' ? `c:${token.id}` : `n:${text}`;
}

function addProvider(result: NestModules, provider: Value): void {
  if (provider.kind !== 'object') return;
  const token = provider.props.get('provide');
  if (token?.value === undefined) return;
  const text =
    token.node?.type === 'Property' && token.node.value.type === 'Identifier' ? token.node.value.name : '';
  if (/^APP_(?:GUARD|INTERCEPTOR|PIPE)$/.test(text)) {
    const used = provider.props.get('useClass')?.value;
    if (used !== undefined) result.global.push(used);
    return;
  }
  const key = tokenKey(token.value, text);
  result.providers.set(key, [...(result.providers.get(key) ?? []), provider]);
}

/** What a container injects for a parameter or a field. */
export function nestInjector(vm: Machine): Injector {
  return (parameter, module) => {
    const pattern = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
    const uses = [
      ...decoratorsOf(module, parameter),
      ...(pattern === parameter ? [] : decoratorsOf(module, pattern)),
    ];
    const named = pattern.type === 'AssignmentPattern' ? pattern.left : pattern;
    const annotation =
      'typeAnnotation' in named ? (named.typeAnnotation as Node | null | undefined) : undefined;
    const explicit = uses.find((use) => ['Inject', 'inject'].includes(use.name));
    const { providers } = nestModules(vm);
    const [token] = explicit?.args ?? [];
    if (token !== undefined) {
      const frame = vm.frame(vm.evaluateModule(module));
      const { value, text } = evaluateToken(vm, frame, token);
      const provider = providers.get(tokenKey(value, text));
      if (provider !== undefined) return anyProvided(vm, provider, module);
      if (value.kind === 'class') return instanceOf(vm, value);
      return annotation ? typeValue(vm, module, annotation) : undefined;
    }
    if (annotation?.type === 'TSTypeAnnotation' && annotation.typeAnnotation.type === 'TSTypeReference') {
      const { typeName } = annotation.typeAnnotation;
      const declared = typeName.type === 'Identifier' ? findType(vm, module, typeName.name) : undefined;
      if (declared?.node.type === 'ClassDeclaration') {
        const cls = vm.classes.find((item) => item.node === declared.node);
        const provider = cls === undefined ? undefined : providers.get(`c:${cls.id}`);
        if (provider !== undefined) return anyProvided(vm, provider, module);
      }
    }
    return undefined;
  };
}

function evaluateToken(
  vm: Machine,
  frame: import('../../interpret/frame.ts').Frame,
  node: Node,
): { value: Value; text: string } {
  const value = evaluate(vm, frame, node);
  if (value.kind === 'function') {
    const inner = callValue(vm, value, undefined, [], { node, frame });
    return { value: inner, text: '' };
  }
  return { value, text: node.type === 'Identifier' ? node.name : vm.text(frame.module, node) };
}

function anyProvided(vm: Machine, providers: readonly Value[], module: ModuleState): Value | undefined {
  const found = providers.flatMap((provider) => provided(vm, provider, module) ?? []);
  return found.length === 0 ? undefined : joinAll(found);
}

function provided(vm: Machine, provider: Value, module: ModuleState): Value | undefined {
  const site = { node: module.source.program, frame: vm.frame(vm.evaluateModule(module)) };
  const used = property(provider, 'useClass') ?? property(provider, 'useExisting');
  if (used?.kind === 'class') return instanceOf(vm, used);
  const value = property(provider, 'useValue');
  if (value !== undefined) return value;
  const factory = property(provider, 'useFactory');
  if (factory === undefined) return undefined;
  const wanted = property(provider, 'inject');
  const args =
    wanted === undefined
      ? []
      : flatten([wanted]).map((item) => (item.kind === 'class' ? instanceOf(vm, item) : UNKNOWN));
  return callValue(vm, factory, undefined, args, site);
}
