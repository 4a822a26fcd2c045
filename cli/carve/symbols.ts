/** The symbols of a project as one graph: who mentions whom across files, and which symbol a function lies in. */
import { isBuiltin } from 'node:module';
import { resolveImport } from '../analysis/interpret/imports.ts';
import type { Invocation } from '../analysis/interpret/invocation.ts';
import type { Machine } from '../analysis/interpret/machine.ts';
import type { ModuleState } from '../analysis/interpret/modules.ts';
import type { Mention, ModuleSymbol, SymbolTable } from '../analysis/symbols/table.ts';
import { commonExport } from './slice/common-js.ts';

export interface ProjectSymbol {
  id: string;
  module: ModuleState;
  symbol: ModuleSymbol;
}

export interface Reference {
  to: ProjectSymbol;
  mention: Mention;
}

export class SymbolGraph {
  readonly all: ProjectSymbol[] = [];
  readonly #vm: Machine;
  readonly #tables: ReadonlyMap<string, SymbolTable>;
  readonly #bySymbol = new Map<ModuleSymbol, ProjectSymbol>();
  readonly #references = new Map<ProjectSymbol, Reference[]>();
  readonly #packages = new Map<ProjectSymbol, Set<string>>();
  readonly #users = new Map<ProjectSymbol, Set<ProjectSymbol>>();

  constructor(vm: Machine, tables: ReadonlyMap<string, SymbolTable>) {
    this.#vm = vm;
    this.#tables = tables;
    for (const table of tables.values()) {
      const { module, symbols } = table;
      const used = new Map<string, number>();
      for (const symbol of symbols) {
        const name = nameOf(symbol, table);
        const times = (used.get(name) ?? 0) + 1;
        used.set(name, times);
        const entry = {
          id: `${module.source.name}#${name}${times === 1 || symbol.names.length > 0 ? '' : `~${times}`}`,
          module,
          symbol,
        };
        this.all.push(entry);
        this.#bySymbol.set(symbol, entry);
      }
    }
    for (const entry of this.all) {
      for (const { to } of this.references(entry)) {
        const users = this.#users.get(to) ?? new Set();
        users.add(entry);
        this.#users.set(to, users);
      }
    }
  }

  /** The top-level symbol whose text holds what an invocation runs. */
  of(invocation: Invocation): ProjectSymbol | undefined {
    const { func, module } = invocation;
    return func === undefined ? undefined : this.at(func.module ?? module, func.node.start);
  }

  at(module: ModuleState, offset: number): ProjectSymbol | undefined {
    const symbol = this.#tables
      .get(module.source.path)
      ?.symbols.find((item) => item.start <= offset && offset < item.end);
    return symbol === undefined ? undefined : this.#bySymbol.get(symbol);
  }

  users(entry: ProjectSymbol): ReadonlySet<ProjectSymbol> {
    return this.#users.get(entry) ?? new Set();
  }

  /** Symbols that one mentions, through imports and re-exports. */
  references(entry: ProjectSymbol): Reference[] {
    const known = this.#references.get(entry);
    if (known !== undefined) return known;
    const found: Reference[] = [];
    const table = this.#tables.get(entry.module.source.path);
    for (const mention of entry.symbol.mentions) {
      const local = table?.byName.get(mention.name);
      if (local !== undefined) {
        const to = this.#bySymbol.get(local);
        if (to !== undefined && to !== entry) found.push({ to, mention });
        continue;
      }
      const binding = entry.module.imports.get(mention.name);
      if (binding === undefined) continue;
      const resolved = this.#vm.resolver.resolve(entry.module.source.path, binding.request);
      if (resolved.kind === 'external') {
        const packages = this.#packages.get(entry) ?? new Set();
        packages.add(packageName(resolved.name));
        this.#packages.set(entry, packages);
      }
      const typeOnly = mention.typeOnly || binding.typeOnly;
      for (const to of this.#imported(entry.module, binding.request, binding.imported))
        found.push({ to, mention: { ...mention, typeOnly } });
    }
    found.push(...this.#required(entry));
    this.#references.set(entry, found);
    return found;
  }

  /** `const { a } = require('./b')` mentions the statement of the other file that exports `a`. */
  #required(entry: ProjectSymbol): Reference[] {
    const { node } = entry.symbol;
    if (node.type !== 'VariableDeclaration') return [];
    const found: Reference[] = [];
    for (const { id, init } of node.declarations) {
      const call = init?.type === 'MemberExpression' ? init.object : init;
      if (
        call?.type !== 'CallExpression' ||
        call.callee.type !== 'Identifier' ||
        call.callee.name !== 'require'
      )
        continue;
      const [request] = call.arguments;
      if (request?.type !== 'Literal' || typeof request.value !== 'string') continue;
      const resolved = this.#vm.resolver.resolve(entry.module.source.path, request.value);
      if (resolved.kind === 'external') {
        const packages = this.#packages.get(entry) ?? new Set();
        this.#packages.set(entry, packages.add(packageName(resolved.name)));
      }
      if (resolved.kind !== 'file' || id.type !== 'ObjectPattern') continue;
      const wanted = new Set(
        id.properties.flatMap((item) =>
          item.type === 'Property' && item.key.type === 'Identifier' ? [item.key.name] : [],
        ),
      );
      for (const symbol of this.#tables.get(resolved.path)?.symbols ?? []) {
        const to = this.#bySymbol.get(symbol);
        const name = exportedName(symbol);
        if (to === undefined || name === undefined || (name !== '*' && !wanted.has(name))) continue;
        found.push({
          to,
          mention: {
            name,
            how: 'read',
            line: entry.symbol.line,
            start: node.start,
            deferred: false,
            typeOnly: false,
          },
        });
      }
    }
    return found;
  }

  packagesOf(entry: ProjectSymbol): ReadonlySet<string> {
    this.references(entry);
    return this.#packages.get(entry) ?? new Set();
  }

  #imported(from: ModuleState, request: string, name: string, depth = 0): ProjectSymbol[] {
    const module = resolveImport(this.#vm, from, request);
    return module === undefined || depth > 12 ? [] : this.#exported(module, name, depth);
  }

  #exported(module: ModuleState, name: string, depth: number): ProjectSymbol[] {
    const table = this.#tables.get(module.source.path);
    if (name === '*') {
      const names = [...module.exports.keys()];
      return [...new Set(names.flatMap((item) => this.#exported(module, item, depth + 1)))];
    }
    const exported = module.exports.get(name);
    if (exported?.kind === 'local') {
      const local = table?.byName.get(exported.local);
      const entry = local === undefined ? undefined : this.#bySymbol.get(local);
      if (entry !== undefined) return [entry];
      const binding = module.imports.get(exported.local);
      return binding === undefined
        ? []
        : this.#imported(module, binding.request, binding.imported, depth + 1);
    }
    if (exported?.kind === 'from')
      return this.#imported(module, exported.request, exported.imported, depth + 1);
    for (const request of module.stars) {
      const found = this.#imported(module, request, name, depth + 1);
      if (found.length > 0) return found;
    }
    if (!module.source.esm) return this.#common(table);
    return [];
  }

  /** What CommonJS exports is decided when it runs: a module is taken as a whole. */
  #common(table: SymbolTable | undefined): ProjectSymbol[] {
    return (table?.symbols ?? []).flatMap((symbol) => this.#bySymbol.get(symbol) ?? []);
  }
}

/** Name that a CommonJS statement exports; `*` for `module.exports = …`. */
function exportedName({ node }: ModuleSymbol): string | undefined {
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'AssignmentExpression')
    return undefined;
  const { left } = node.expression;
  if (left.type !== 'MemberExpression' || left.computed || left.property.type !== 'Identifier')
    return undefined;
  const { object, property } = left;
  if (object.type === 'Identifier' && object.name === 'exports') return property.name;
  if (object.type === 'Identifier' && object.name === 'module')
    return property.name === 'exports' ? '*' : undefined;
  const whole =
    object.type === 'MemberExpression' &&
    object.object.type === 'Identifier' &&
    object.object.name === 'module';
  return whole ? property.name : undefined;
}

function packageName(request: string): string {
  const parts = request.split('/');
  return isBuiltin(request) ? '' : parts.slice(0, request.startsWith('@') ? 2 : 1).join('/');
}

/** What tells a symbol from others of its file, also after lines have shifted: decisions are kept by it. */
function nameOf({ names, node, kind, start, end }: ModuleSymbol, { module, byName }: SymbolTable): string {
  const [name] = names;
  if (name !== undefined) return name === '*default*' ? 'default' : name;
  const exported = commonExport(node);
  if (exported?.kind === 'one' && !byName.has(exported.name)) return exported.name;
  if (exported !== undefined) return exported.kind === 'one' ? `exports.${exported.name}` : 'module.exports';
  const text = module.source.text.slice(start, Math.min(end, start + 120));
  return `${kind}:${text
    .replace(/[^\w.]+/g, '-')
    .slice(0, 40)
    .replace(/-+$/, '')}`;
}
