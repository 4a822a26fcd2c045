/**
 * What of the monolith's text the service needs: from its roots along every mention, import and `require`, export by export,
 * so that a module of which one function is used gives that function and not the rest.
 */
import { resolveImport } from '../../analysis/interpret/imports.ts';
import type { Machine } from '../../analysis/interpret/machine.ts';
import type { ImportBinding, ModuleState } from '../../analysis/interpret/modules.ts';
import type { Mention, ModuleSymbol, SymbolTable } from '../../analysis/symbols/table.ts';
import { eachChild, type Node, unwrap } from '../../analysis/syntax/ast.ts';
import { commonExport, type Exported, requestOf, requiredNames } from './common-js.ts';
import { type Cut, isCut } from './cuts.ts';

/** What of one module is taken. */
export interface TakenModule {
  module: ModuleState;
  symbols: Set<ModuleSymbol>;
  /** Local names of imports, and of `const { a } = require()`, that are mentioned. */
  imported: Set<string>;
  /** Names that others ask of it, for `export { … }` and `module.exports = { … }`. */
  exported: Set<string>;
  /** Everything that it exports is asked for. */
  whole: boolean;
}

export interface LivenessRules {
  vm: Machine;
  tables: ReadonlyMap<string, SymbolTable>;
  cuts: (module: ModuleState) => readonly Cut[];
  /** Symbols that are replaced by a call over the network: only what their signature mentions is followed. */
  isPort: (module: ModuleState, symbol: ModuleSymbol) => boolean;
  /** Modules that an import for its effects alone brings in, but that only serve others. */
  isForeign: (module: ModuleState) => boolean;
}

export class Liveness {
  readonly taken = new Map<ModuleState, TakenModule>();
  readonly ports = new Map<ModuleSymbol, ModuleState>();
  /** Packages by the module that imports them. */
  readonly packages = new Set<string>();
  /** Files of the tree that are no modules, such as JSON, absolute. */
  readonly assets = new Set<string>();
  readonly #rules: LivenessRules;
  readonly #queue: (() => void)[] = [];

  constructor(rules: LivenessRules) {
    this.#rules = rules;
  }

  /** Follows everything that was asked for so far. */
  settle(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) next();
  }

  module(module: ModuleState): TakenModule {
    let taken = this.taken.get(module);
    if (taken === undefined) {
      taken = { module, symbols: new Set(), imported: new Set(), exported: new Set(), whole: false };
      this.taken.set(module, taken);
      this.#queue.push(() => this.#effects(module));
    }
    return taken;
  }

  /** What runs when a module is loaded. */
  #effects(module: ModuleState): void {
    const table = this.#table(module);
    const cuts = this.#rules.cuts(module);
    for (const symbol of table?.symbols ?? []) {
      if (symbol.kind !== 'statement' || isCut(cuts, symbol.start)) continue;
      if (symbol.node.type === 'EmptyStatement' || commonExport(symbol.node) !== undefined) continue;
      const request = requestOf(symbol.node);
      if (request !== undefined) {
        if (!this.#effectImport(module, request)) continue;
        this.module(module).symbols.add(symbol);
        continue;
      }
      this.symbol(module, symbol);
    }
    for (const statement of module.source.program.body) {
      if (statement.type === 'ImportDeclaration' && statement.specifiers.length === 0)
        this.#effectImport(module, statement.source.value);
    }
  }

  /** Whether an import without names is kept; its module comes along then. */
  #effectImport(module: ModuleState, request: string): boolean {
    const target = resolveImport(this.#rules.vm, module, request);
    if (target === undefined) {
      this.#outside(module, request);
      return true;
    }
    if (this.#rules.isForeign(target)) return false;
    this.module(target);
    return true;
  }

  keepsEffectImport(module: ModuleState, request: string): boolean {
    const target = resolveImport(this.#rules.vm, module, request);
    return target === undefined || !this.#rules.isForeign(target);
  }

  symbol(module: ModuleState, symbol: ModuleSymbol): void {
    const taken = this.module(module);
    if (taken.symbols.has(symbol)) return;
    taken.symbols.add(symbol);
    if (this.#rules.isPort(module, symbol)) {
      this.ports.set(symbol, module);
      this.#queue.push(() => this.#signature(module, symbol));
      return;
    }
    this.#queue.push(() => {
      const cuts = this.#rules.cuts(module);
      for (const mention of symbol.mentions) {
        if (isCut(cuts, mention.start)) continue;
        this.#mention(module, symbol, mention);
      }
      this.#inlineRequires(module, symbol.node, cuts);
    });
  }

  /** Types that the signature of a port mentions are needed by its stub. */
  #signature(module: ModuleState, symbol: ModuleSymbol): void {
    for (const mention of symbol.mentions) {
      if (!mention.typeOnly || !inSignature(symbol.node, mention.start)) continue;
      this.#mention(module, symbol, mention);
    }
  }

  #mention(module: ModuleState, from: ModuleSymbol, mention: Mention): void {
    const { name, member } = mention;
    const local = this.#table(module)?.byName.get(name);
    if (local !== undefined) {
      const required = requiredNames(local.node);
      if (required !== undefined) this.#required(module, local, name, member);
      else if (local !== from || mention.how === 'read') this.symbol(module, local);
      return;
    }
    const binding = module.imports.get(name);
    if (binding === undefined) return;
    this.module(module).imported.add(name);
    this.#imported(module, binding, member);
  }

  #imported(module: ModuleState, binding: ImportBinding, member: string | undefined): void {
    const target = resolveImport(this.#rules.vm, module, binding.request);
    if (target === undefined) {
      this.#outside(module, binding.request);
      return;
    }
    if (binding.imported === '*') this.exports(target, member);
    else if (binding.imported === 'default' && !target.source.esm) this.exports(target, member);
    else this.exports(target, binding.imported);
  }

  /** `const x = require('./x')`, `const { a, b: c } = require('./x')`, several of them in one declaration. */
  #required(module: ModuleState, symbol: ModuleSymbol, name: string, member: string | undefined): void {
    const taken = this.module(module);
    taken.symbols.add(symbol);
    taken.imported.add(name);
    for (const item of requiredNames(symbol.node) ?? []) {
      if (item.local !== name) continue;
      const target = resolveImport(this.#rules.vm, module, item.request);
      if (target === undefined) this.#outside(module, item.request);
      else this.exports(target, item.imported === '*' ? member : item.imported);
    }
  }

  /** `require('./x')` and `import('./x')` in the midst of code. */
  #inlineRequires(module: ModuleState, root: Node, cuts: readonly Cut[]): void {
    const walk = (node: Node): void => {
      if (isCut(cuts, node.start)) return;
      const request = requestOf(node);
      if (request !== undefined) {
        const target = resolveImport(this.#rules.vm, module, request);
        if (target === undefined) this.#outside(module, request);
        else this.exports(target, undefined);
      }
      eachChild(node, walk);
    };
    walk(root);
  }

  /** One export of a module, or, where no name is known, all of them. */
  exports(module: ModuleState, name: string | undefined, depth = 0): void {
    const taken = this.module(module);
    if (depth > 16) return;
    if (name === undefined) {
      if (taken.whole) return;
      taken.whole = true;
      for (const key of module.exports.keys()) this.exports(module, key, depth + 1);
      for (const request of module.stars) {
        this.#star(module, request);
        const target = resolveImport(this.#rules.vm, module, request);
        if (target === undefined) this.#outside(module, request);
        else this.exports(target, undefined, depth + 1);
      }
      for (const { symbol } of this.#commonExports(module)) this.symbol(module, symbol);
      return;
    }
    if (taken.exported.has(name)) return;
    taken.exported.add(name);
    const exported = module.exports.get(name);
    if (exported?.kind === 'local') {
      const local = this.#table(module)?.byName.get(exported.local);
      const binding = module.imports.get(exported.local);
      if (local !== undefined) this.symbol(module, local);
      else if (binding !== undefined) {
        taken.imported.add(exported.local);
        this.#imported(module, binding, undefined);
      }
      const list = this.#table(module)?.symbols.find(
        (item) => item.start <= exported.node.start && exported.node.end <= item.end,
      );
      // `export default x;` and `export { x }` are statements of their own.
      if (list !== undefined && list !== local) {
        if (list.node.type === 'ExportDefaultDeclaration') this.symbol(module, list);
        else taken.symbols.add(list);
      }
      return;
    }
    if (exported?.kind === 'from') {
      const target = resolveImport(this.#rules.vm, module, exported.request);
      if (target === undefined) this.#outside(module, exported.request);
      else
        this.exports(
          target,
          exported.imported === '*' || (exported.imported === 'default' && !target.source.esm)
            ? undefined
            : exported.imported,
          depth + 1,
        );
      const list = this.#table(module)?.symbols.find(
        (item) => item.start <= exported.node.start && exported.node.end <= item.end,
      );
      if (list !== undefined) taken.symbols.add(list);
      return;
    }
    const common = this.#commonExports(module);
    if (common.length > 0) {
      const named = common.filter((item) => item.names === undefined || item.names.has(name));
      for (const item of named.length > 0 ? named : common) this.#commonExport(module, item, name);
      return;
    }
    for (const request of module.stars) {
      const target = resolveImport(this.#rules.vm, module, request);
      if (target === undefined) {
        // What a package exports by that name can't be seen; the statement stays.
        this.#star(module, request);
        this.#outside(module, request);
        continue;
      }
      if (hasExport(this.#rules.vm, target, name)) {
        this.#star(module, request);
        this.exports(target, name, depth + 1);
        return;
      }
    }
    if (name === 'default' || name === '*') this.exports(module, undefined, depth + 1);
  }

  /** Keeps `export * from '…'`. */
  #star(module: ModuleState, request: string): void {
    for (const symbol of this.#table(module)?.symbols ?? []) {
      if (symbol.node.type === 'ExportAllDeclaration' && symbol.node.source.value === request)
        this.module(module).symbols.add(symbol);
    }
  }

  #commonExports(module: ModuleState): { symbol: ModuleSymbol; names: Set<string> | undefined }[] {
    if (module.source.esm) return [];
    return (this.#table(module)?.symbols ?? []).flatMap((symbol) => {
      const exported = commonExport(symbol.node);
      return exported === undefined ? [] : [{ symbol, names: namesOf(exported) }];
    });
  }

  /** One property of `module.exports = { … }`: only what that property mentions is followed. */
  #commonExport(
    module: ModuleState,
    { symbol }: { symbol: ModuleSymbol; names: Set<string> | undefined },
    name: string,
  ): void {
    const exported = commonExport(symbol.node);
    if (exported?.kind !== 'list') {
      this.symbol(module, symbol);
      return;
    }
    const taken = this.module(module);
    taken.symbols.add(symbol);
    const cuts = this.#rules.cuts(module);
    const [property] = exported.properties.filter((item) => item.key === name);
    const parts = property === undefined ? exported.properties : [property];
    for (const { node, key } of parts) {
      if (property === undefined) taken.exported.add(key);
      for (const mention of symbol.mentions) {
        if (mention.start < node.start || mention.start >= node.end || isCut(cuts, mention.start)) continue;
        this.#mention(module, symbol, mention);
      }
      this.#inlineRequires(module, node, cuts);
    }
  }

  #outside(module: ModuleState, request: string): void {
    const found = this.#rules.vm.resolver.resolve(module.source.path, request);
    if (found.kind === 'external') this.packages.add(found.name);
    else if (found.kind === 'file') this.assets.add(found.path);
  }

  #table(module: ModuleState): SymbolTable | undefined {
    return this.#rules.tables.get(module.source.path);
  }
}

function namesOf(exported: Exported): Set<string> | undefined {
  if (exported.kind === 'one') return new Set([exported.name]);
  return exported.kind === 'list' ? new Set(exported.properties.map((item) => item.key)) : undefined;
}

function hasExport(vm: Machine, module: ModuleState, name: string, depth = 0): boolean {
  if (module.exports.has(name)) return true;
  return (
    depth < 8 &&
    module.stars.some((request) => {
      const target = resolveImport(vm, module, request);
      return target !== undefined && hasExport(vm, target, name, depth + 1);
    })
  );
}

/** Whether an offset lies in the parameters or the declared result of a function, not in its body. */
function inSignature(node: Node, offset: number): boolean {
  let body: Node | null | undefined;
  const find = (at: Node): void => {
    if (body !== undefined) return;
    const inner = unwrap(at);
    if (
      inner.type === 'FunctionDeclaration' ||
      inner.type === 'FunctionExpression' ||
      inner.type === 'ArrowFunctionExpression'
    )
      body = inner.body;
    else eachChild(inner, find);
  };
  find(node);
  return body === null || body === undefined || offset < body.start;
}
