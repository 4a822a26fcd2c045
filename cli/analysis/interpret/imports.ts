import { readFileSync, statSync } from 'node:fs';
import type { Node } from '../syntax/ast.ts';
import { getProperty } from './access.ts';
import { externalModule } from './externals.ts';
import type { Frame } from './frame.ts';
import { host, type Site } from './host.ts';
import type { Machine } from './machine.ts';
import type { ImportBinding, ModuleState } from './modules.ts';
import { callNamespace } from './namespace-call.ts';
import { array, object } from './patterns.ts';
import { cell, literal, type ObjectValue, type Primitive, UNDEFINED, UNKNOWN, type Value } from './values.ts';

const JSON_LIMIT = 64 * 1024;

/** The project's module that a request leads to, if any. */
export function resolveImport(vm: Machine, from: ModuleState, request: string): ModuleState | undefined {
  const found = vm.resolver.resolve(from.source.path, request);
  return found.kind === 'file' ? vm.modules.get(found.path) : undefined;
}

/** Value of an imported name. */
export function importedValue(vm: Machine, from: ModuleState, binding: ImportBinding, site: Site): Value {
  return exportedBy(vm, from, binding.request, binding.imported, site, binding.node);
}

function exportedBy(
  vm: Machine,
  from: ModuleState,
  request: string,
  name: string,
  site: Site,
  node: Node,
): Value {
  const found = vm.resolver.resolve(from.source.path, request);
  const module = found.kind === 'file' ? vm.modules.get(found.path) : undefined;
  const content = (): Value => {
    if (module === undefined)
      return found.kind === 'file' && found.path.endsWith('.json')
        ? jsonModule(vm, found.path, name)
        : UNKNOWN;
    return name === '*' ? moduleNamespace(module) : (exportValue(vm, module, name, site) ?? UNKNOWN);
  };
  if (found.kind === 'file' && module?.source.generated === undefined) return content();
  const generated = vm.externals.get('generated')?.(`${from.source.path}\0${request}`);
  if (generated !== undefined && generated !== UNKNOWN) {
    return name === '*' || name === 'default' ? generated : getProperty(vm, generated, name, site);
  }
  if (found.kind === 'file') return content();
  if (found.kind === 'missing') {
    vm.unsettled('missing-module', { module: from, node }, `${request} is not in the tree`);
    return UNKNOWN;
  }
  const outside = externalModule(vm, found.name);
  return name === '*' || name === 'default' ? outside : getProperty(vm, outside, name, site);
}

/** Value of a module's export; undefined where there is none of that name. */
export function exportValue(
  vm: Machine,
  module: ModuleState,
  name: string,
  site: Site,
  seen = new Set<ModuleState>(),
): Value | undefined {
  if (seen.has(module)) return undefined;
  seen.add(module);
  const { env } = vm.evaluateModule(module);
  const exported = module.exports.get(name);
  if (exported?.kind === 'local') {
    const held = env.own(exported.local);
    if (held !== undefined) {
      vm.read(held, site.frame);
      return held.value ?? UNKNOWN;
    }
    const binding = module.imports.get(exported.local);
    return binding === undefined ? UNKNOWN : importedValue(vm, module, binding, site);
  }
  if (exported?.kind === 'from') {
    return exportedBy(vm, module, exported.request, exported.imported, site, exported.node);
  }
  const common = commonExports(vm, module, site.frame);
  if (common !== undefined)
    return name === 'default' ? defaultOf(vm, common, site) : getProperty(vm, common, name, site);
  for (const request of module.stars) {
    const target = vm.resolver.resolve(module.source.path, request);
    if (target.kind === 'file') {
      const next = vm.modules.get(target.path);
      const value = next === undefined ? undefined : exportValue(vm, next, name, site, seen);
      if (value !== undefined) return value;
    } else {
      const value = exportedBy(vm, module, request, name, site, module.source.program);
      if (value !== UNKNOWN) return value;
    }
  }
  return undefined;
}

function defaultOf(vm: Machine, common: Value, site: Site): Value {
  if (common.kind === 'object' && common.props.get('__esModule')?.value !== undefined) {
    return getProperty(vm, common, 'default', site);
  }
  return common;
}

/** Value of `module.exports`, for a module that uses it. */
function commonExports(vm: Machine, module: ModuleState, frame: Frame): Value | undefined {
  const held = module.commonjs?.props.get('exports');
  if (held?.value === undefined || module.source.esm) return undefined;
  vm.read(held, frame);
  return held.value;
}

/** What `require` gives. */
export function requireModule(vm: Machine, from: ModuleState, request: string, site: Site): Value {
  const found = vm.resolver.resolve(from.source.path, request);
  if (found.kind === 'file') {
    const module = vm.modules.get(found.path);
    if (module !== undefined && !module.source.esm) {
      vm.evaluateModule(module);
      return commonExports(vm, module, site.frame) ?? UNKNOWN;
    }
  }
  return exportedBy(vm, from, request, '*', site, site.node);
}

/** The namespace object of a module. */
export function moduleNamespace(module: ModuleState): Value {
  module.namespace ??= host({
    type: 'namespace',
    get: (machine, key, site) => exportValue(machine, module, key, site) ?? UNDEFINED,
    // `import x from 'cjs'` and `import * as x` are both called in practice.
    call: (machine, call) => {
      const value = exportValue(machine, module, 'default', call.site);
      return value === undefined ? UNKNOWN : callNamespace(machine, value, call.args, call.site);
    },
  });
  return module.namespace;
}

function jsonModule(vm: Machine, path: string, name: string): Value {
  let value = vm.extras.get(`json:${path}`) as Value | undefined;
  if (value === undefined) {
    value = UNKNOWN;
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true && statSync(path).size <= JSON_LIMIT) {
      try {
        value = fromJson(JSON.parse(readFileSync(path, 'utf8')) as unknown);
      } catch {
        // A JSON file that does not parse has no value that code could have used either.
        value = UNKNOWN;
      }
    }
    vm.extras.set(`json:${path}`, value);
  }
  if (name === '*' || name === 'default' || value.kind !== 'object') return value;
  return value.props.get(name)?.value ?? UNKNOWN;
}

function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return array(json.map(fromJson), false);
  if (typeof json === 'object' && json !== null) {
    const made: ObjectValue = object(false);
    for (const [key, value] of Object.entries(json)) made.props.set(key, cell(fromJson(value)));
    return made;
  }
  return literal(json as Primitive);
}
