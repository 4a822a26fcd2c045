/** From a slice to the files that are taken and the description of the service that everything else is made from. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { ModuleState } from '../../analysis/interpret/modules.ts';
import type { DeepAnalysis } from '../../analysis/pipeline.ts';
import type { ModuleSymbol } from '../../analysis/symbols/table.ts';
import { eachChild, type Node } from '../../analysis/syntax/ast.ts';
import { type Decision, decisionFor } from '../decisions.ts';
import { isClient, runsOf } from '../fates.ts';
import type { CarvePlan, RemotePort } from '../model.ts';
import { type PlannedCarve, planWithSlice } from '../plan.ts';
import type { IdentitySpec, OutputFile, PortSpec, ServiceSpec } from '../service/spec.ts';
import type { ProjectSymbol } from '../symbols.ts';
import { assetsOf, isText } from './assets.ts';
import { commonExport } from './common-js.ts';
import { emitModule, type Piece } from './emit.ts';
import { environmentOf } from './environment.ts';
import type { TakenModule } from './liveness.ts';
import { portForm } from './port-form.ts';
import type { Slice } from './slice.ts';

/** What makes the text that stands in the place of a function that stays in the monolith. */
export interface StubMaker {
  port(
    port: PortSpec,
    spec: ServiceSpec,
    indent: string,
    /** Names that the file has. */
    names: ReadonlySet<string>,
  ): { text: string; imports: { request: string; names: string[] }[] };
  identity(
    identity: IdentitySpec,
    spec: ServiceSpec,
    indent: string,
  ): { text: string; imports: { request: string; names: string[] }[] };
}

export interface ServiceSlice {
  spec: ServiceSpec;
  plan: CarvePlan;
  /** The taken files, with what `stubs` puts in the place of functions that stay. */
  files(stubs: StubMaker): OutputFile[];
}

/**
 * Slices a capability out. The files are complete where no refusal is open.
 *
 * @throws StranglerError as `planCarve`
 */
export function sliceService(
  deep: DeepAnalysis,
  capability: string,
  decisions: ReadonlyMap<string, Decision>,
): ServiceSlice {
  const planned = planWithSlice(deep, capability, decisions);
  const { slice, plan } = planned;
  const layout = layoutOf(slice);
  const toPath = (file: string): string => relative(layout.base, join(deep.root, file)).split(sep).join('/');
  const portSymbols = new Map<string, ProjectSymbol>();
  const ports = portSpecs(planned, portSymbols, toPath);
  const identities = identitySpecs(planned, decisions, toPath);
  const spec = specOf(
    planned,
    layout,
    toPath,
    ports,
    identities.map((item) => item.spec),
  );
  return {
    spec,
    plan,
    files: (stubs) => takenFiles({ planned, layout, toPath, ports, portSymbols, identities, spec, stubs }),
  };
}

interface Taking {
  planned: PlannedCarve;
  layout: ServiceSpec['layout'];
  toPath: (file: string) => string;
  ports: readonly PortSpec[];
  portSymbols: ReadonlyMap<string, ProjectSymbol>;
  identities: ReturnType<typeof identitySpecs>;
  spec: ServiceSpec;
  stubs: StubMaker;
}

/** The texts of the taken files, and what they read while they run. */
function takenFiles({
  planned,
  layout,
  toPath,
  ports,
  portSymbols,
  identities,
  spec,
  stubs,
}: Taking): OutputFile[] {
  const { slice } = planned;
  const { deep } = slice;
  const { assets } = assetsOf(slice.live.taken.values(), slice.cutsOf, layout.base);
  const files: OutputFile[] = [];
  for (const taken of slice.live.taken.values()) {
    const table = deep.tables.get(taken.module.source.path);
    if (table === undefined) continue;
    const head = new Map<string, Set<string>>();
    const need = (imports: readonly { request: string; names: string[] }[]): void => {
      for (const { request, names } of imports) {
        const known = head.get(request) ?? new Set();
        for (const name of names) known.add(name);
        head.set(request, known);
      }
    };
    const replaced = (symbol: ModuleSymbol): Piece[] => {
      const port = ports.find((item) => portSymbols.get(item.address)?.symbol === symbol);
      const entry = port === undefined ? undefined : portSymbols.get(port.address);
      const form = entry === undefined ? undefined : portForm(entry);
      if (port === undefined || form === undefined) return [];
      const stub = stubs.port(port, spec, indentAt(taken.module, form.func), namesIn(taken));
      need(stub.imports);
      return [{ start: form.func.start, end: form.func.end, text: stub.text }];
    };
    const asked = identities.filter((item) => item.module === taken.module);
    const cuts = slice.cutsOf(taken.module).map((cut) => {
      const item = asked.find(({ node }) => node.start === cut.start && node.end === cut.end);
      if (item === undefined) return cut;
      const stub = stubs.identity(item.spec, spec, indentAt(taken.module, item.node));
      need(stub.imports);
      return { ...cut, replacement: stub.text };
    });
    // Stubs are made before the file is put together, because they say what it has to import.
    const pieces = new Map([...taken.symbols].map((symbol) => [symbol, replaced(symbol)]));
    const text = emitModule(taken, table, {
      cuts,
      replaced: (symbol) => pieces.get(symbol) ?? [],
      keepsEffectImport: (request) => slice.live.keepsEffectImport(taken.module, request),
      head: [...head].map(([request, names]) => importLine(taken.module, request, [...names].sort())),
      tail: taken.module === slice.app.module ? slice.app.tail : [],
    });
    if (text.trim() !== '') files.push({ path: toPath(taken.module.source.name), text });
  }
  for (const path of slice.live.assets) {
    if (path.startsWith(layout.base + sep))
      files.push({ path: toPath(relative(deep.root, path)), text: readFileSync(path, 'utf8') });
  }
  for (const { path, bytes } of assets) {
    const target = relative(layout.base, path).split(sep).join('/');
    if (files.some((file) => file.path === target)) continue;
    files.push(
      isText(path, bytes)
        ? { path: target, text: Buffer.from(bytes).toString('utf8') }
        : { path: target, text: '', bytes },
    );
  }
  if (spec.language === 'ts') {
    for (const path of declarationFiles(join(layout.base, layout.packageDir)))
      files.push({
        path: relative(layout.base, path).split(sep).join('/'),
        text: readFileSync(path, 'utf8'),
      });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names that a taken file declares or imports. */
function namesIn(taken: TakenModule): Set<string> {
  return new Set([...taken.imported, ...[...taken.symbols].flatMap((symbol) => symbol.names)]);
}

function importLine(module: ModuleState, request: string, names: readonly string[]): string {
  const semicolon = /;\s*\n/.test(module.source.text.slice(0, 2000)) ? ';' : '';
  return module.source.esm
    ? `import { ${names.join(', ')} } from '${request}'${semicolon}`
    : `const { ${names.join(', ')} } = require('${request}')${semicolon}`;
}

function indentAt(module: ModuleState, node: Node): string {
  const { text } = module.source;
  const start = text.lastIndexOf('\n', node.start - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, node.start))?.[0] ?? '';
}

/** The package that the application lies in, or the whole repository where code of other packages is taken. */
function layoutOf(slice: Slice): ServiceSpec['layout'] {
  const { deep } = slice;
  const within = (path: string, folder: string): boolean => path.startsWith(folder + sep);
  const packages = [...deep.files.packages].sort((a, b) => b.dir.length - a.dir.length);
  const ownerOf = (path: string): string => packages.find((info) => within(path, info.dir))?.dir ?? deep.root;
  const home = ownerOf(slice.app.module.source.path);
  const paths = [...slice.live.taken.keys()].map((module) => module.source.path);
  const extension = extensionUsed(slice);
  if (paths.every((path) => within(path, home)) && deep.schemas.every((path) => within(path, home)))
    return { base: home, packageDir: '', otherPackages: [], importExtension: extension };
  const others = new Set([...paths, ...deep.schemas].map(ownerOf));
  others.delete(home);
  others.delete(deep.root);
  return {
    base: deep.root,
    packageDir: relative(deep.root, home).split(sep).join('/'),
    otherPackages: [...others].map((path) => relative(deep.root, path).split(sep).join('/')).sort(),
    importExtension: extension,
  };
}

/** How relative imports of the taken code end: the most frequent way. */
function extensionUsed(slice: Slice): '' | '.js' | '.ts' {
  const counts = new Map<'' | '.js' | '.ts', number>();
  for (const module of slice.live.taken.keys()) {
    for (const { request } of module.requests) {
      if (!request.startsWith('.')) continue;
      const end = request.endsWith('.ts') ? '.ts' : /\.[cm]?js$/.test(request) ? '.js' : '';
      counts.set(end, (counts.get(end) ?? 0) + 1);
    }
  }
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  return first?.[0] ?? (slice.app.module.source.esm ? '.js' : '');
}

function specOf(
  planned: PlannedCarve,
  layout: ServiceSpec['layout'],
  toPath: (file: string) => string,
  ports: PortSpec[],
  identity: IdentitySpec[],
): ServiceSpec {
  const { slice, plan } = planned;
  const { deep, app } = slice;
  const modules = [...slice.live.taken.values()];
  const typed = modules.some(({ module }) => /\.[cm]?tsx?$/.test(module.source.path));
  const framework = slice.routes.some((route) => route.framework === 'fastify') ? 'fastify' : 'express';
  return {
    capability: plan.capability,
    framework,
    language: typed ? 'ts' : 'js',
    modules: app.module.source.esm ? 'esm' : 'cjs',
    layout,
    app: {
      file: toPath(app.module.source.name),
      exported: app.exported,
      kind: app.kind,
      args: app.args,
      created: { ...app.created, file: toPath(app.created.file) },
    },
    routes: plan.routes.map((route) => ({ ...route, file: toPath(route.file) })),
    stage: 'shared-database',
    models: { owned: [...slice.owned].sort(), shared: sharedModels(slice) },
    allModels: deep.analysis.models,
    schemaFiles: deep.schemas,
    migrationFiles: deep.migrations,
    client: clientOf(slice, toPath),
    dependencies: plan.dependencies,
    ports,
    identity,
    errorClasses: errorClasses(slice, toPath),
    environment: environmentOf(deep.run.vm, modules, slice.cutsOf).map(({ name, place }) => ({
      name,
      place: { ...place, file: toPath(place.file) },
    })),
    plan,
  };
}

/** Foreign models that taken code queries. */
function sharedModels(slice: Slice): ServiceSpec['models']['shared'] {
  const found = new Map<string, Set<'read' | 'write'>>();
  for (const symbol of slice.taken) {
    for (const run of runsOf(slice, symbol)) {
      for (const { model, access } of slice.behaviour.own(run)) {
        if (slice.owned.has(model)) continue;
        const known = found.get(model) ?? new Set();
        known.add(access);
        found.set(model, known);
      }
    }
  }
  return [...found]
    .map(([name, access]) => ({ name, access: [...access].sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function clientOf(slice: Slice, toPath: (file: string) => string): ServiceSpec['client'] {
  for (const symbol of slice.taken) {
    if (!isClient(symbol)) continue;
    const name = symbol.symbol.names[0];
    const exported = name === undefined ? undefined : exportedName(symbol, name);
    if (exported !== undefined) return { file: toPath(symbol.module.source.name), exported };
  }
  return undefined;
}

/** Under which name a module exports a variable of its own. */
function exportedName({ module }: ProjectSymbol, name: string): string | undefined {
  for (const [exported, binding] of module.exports)
    if (binding.kind === 'local' && binding.local === name) return exported;
  if (module.source.esm) return undefined;
  for (const statement of module.source.program.body) {
    const exported = commonExport(statement);
    if (exported?.kind === 'whole' && exported.value.type === 'Identifier' && exported.value.name === name)
      return 'module.exports';
    if (exported?.kind === 'one' && exported.value.type === 'Identifier' && exported.value.name === name)
      return exported.name;
    if (exported?.kind === 'list') {
      const property = exported.properties.find(
        (item) => item.value.type === 'Identifier' && item.value.name === name,
      );
      if (property !== undefined) return property.key;
    }
  }
  return undefined;
}

function errorClasses(
  slice: Slice,
  toPath: (file: string) => string,
): NonNullable<ServiceSpec['errorClasses']> {
  return [...slice.taken].flatMap((symbol) => {
    const [name] = symbol.symbol.names;
    if (symbol.symbol.kind !== 'class' || name === undefined || !/(?:Error|Exception)$/.test(name)) return [];
    const exported = exportedName(symbol, name);
    return exported === undefined || exported.startsWith('module.')
      ? []
      : [{ name, file: toPath(symbol.module.source.name), exported }];
  });
}

function portSpecs(
  { crossing }: PlannedCarve,
  symbols: Map<string, ProjectSymbol>,
  toPath: (file: string) => string,
): PortSpec[] {
  const found = new Map<ProjectSymbol, RemotePort>();
  for (const { port, to } of crossing) if (port.direction === 'service-to-monolith') found.set(to, port);
  return [...found]
    .flatMap(([symbol, port]): PortSpec[] => {
      const form = portForm(symbol);
      if (form === undefined) return [];
      const { text } = symbol.module.source;
      const { func } = form;
      const address = `${toPath(port.file).replace(/\.[cm]?[jt]sx?$/, '')}.${form.name}`;
      symbols.set(address, symbol);
      const [first] = func.params;
      const last = func.params.at(-1);
      const typeParameters = func.typeParameters;
      const returns = func.returnType;
      return [
        {
          ...port,
          file: toPath(port.file),
          address,
          parameterText: first === undefined || last === undefined ? '' : text.slice(first.start, last.end),
          typeParameterText: typeParameters ? text.slice(typeParameters.start, typeParameters.end) : '',
          returnType: returns
            ? text.slice(returns.typeAnnotation.start, returns.typeAnnotation.end)
            : undefined,
          exported:
            form.form === 'method'
              ? form.name
              : (exportedName(symbol, symbol.symbol.names[0] ?? form.name) ?? form.name),
          // `exports.find = async () => …` is a function of its own, whatever it is assigned to.
          form: func.type === 'ArrowFunctionExpression' ? 'arrow' : 'function',
        },
      ];
    })
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** Middleware for which `ask-monolith` was chosen. */
function identitySpecs(
  { slice, refusals }: PlannedCarve,
  decisions: ReadonlyMap<string, Decision>,
  toPath: (file: string) => string,
): { spec: IdentitySpec; module: ModuleState; node: Node }[] {
  const chosen = refusals.filter(
    (refusal) =>
      refusal.kind === 'identity' &&
      refusal.asks !== undefined &&
      decisions.get(decisionFor(refusal.key, decisions, refusal.options) ?? '')?.choose === 'ask-monolith',
  );
  return chosen.flatMap((refusal) => {
    const func = refusal.asks?.func;
    if (func === undefined) return [];
    const node = func.node;
    const [request] = node.params;
    const name = request?.type === 'Identifier' ? request.name : 'request';
    const symbol = slice.graph.at(func.module, node.start);
    const own = symbol === undefined ? undefined : portForm(symbol);
    const isSymbol = own?.func === node;
    const framework = slice.routes.some((route) => route.framework === 'fastify') ? 'fastify' : 'express';
    const exported =
      symbol === undefined || !isSymbol ? undefined : (exportedName(symbol, own.name) ?? own.name);
    return [
      {
        module: func.module,
        node,
        spec: {
          name: func.name === '' ? basename(func.module.source.name).replace(/\.[^.]+$/, '') : func.name,
          file: toPath(func.module.source.name),
          line: refusal.line,
          framework,
          properties: assigned(node, name),
          headers: headersRead(node, name),
          form: node.type === 'ArrowFunctionExpression' ? 'arrow' : 'function',
          ...(exported !== undefined && { exported }),
        } satisfies IdentitySpec,
      },
    ];
  });
}

/** Properties that are set on a variable: `req.user = …`. */
function assigned(root: Node, variable: string): string[] {
  const found = new Set<string>();
  const walk = (node: Node): void => {
    if (
      node.type === 'AssignmentExpression' &&
      node.left.type === 'MemberExpression' &&
      node.left.object.type === 'Identifier' &&
      node.left.object.name === variable &&
      node.left.property.type === 'Identifier'
    )
      found.add(node.left.property.name);
    eachChild(node, walk);
  };
  walk(root);
  return [...found].sort();
}

/** Headers that are read beside cookie and authorization, in lower case. */
function headersRead(root: Node, variable: string): string[] {
  const found = new Set<string>();
  const walk = (node: Node): void => {
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { object, property } = node.callee;
      const [first] = node.arguments;
      if (
        object.type === 'Identifier' &&
        object.name === variable &&
        property.type === 'Identifier' &&
        /^(?:get|header)$/.test(property.name) &&
        first?.type === 'Literal'
      )
        found.add(String(first.value).toLowerCase());
    }
    if (
      node.type === 'MemberExpression' &&
      node.object.type === 'MemberExpression' &&
      node.object.property.type === 'Identifier' &&
      node.object.property.name === 'headers'
    ) {
      if (node.property.type === 'Identifier' && !node.computed) found.add(node.property.name.toLowerCase());
      else if (node.property.type === 'Literal') found.add(String(node.property.value).toLowerCase());
    }
    eachChild(node, walk);
  };
  walk(root);
  found.delete('cookie');
  found.delete('authorization');
  return [...found].sort();
}

/** Ambient declarations: they belong to whatever is compiled beside them. */
function declarationFiles(base: string): string[] {
  const found: string[] = [];
  const walk = (folder: string, depth: number): void => {
    if (depth > 6 || !existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (/^(?:node_modules|dist|build|generated|coverage|test|tests|__tests__)$|^\./.test(entry.name))
        continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path, depth + 1);
      else if (entry.isFile() && entry.name.endsWith('.d.ts') && !hasSibling(path)) found.push(path);
    }
  };
  walk(base, 0);
  return found.sort();
}

/** Declarations of a module beside them describe that module, which is taken or not. */
function hasSibling(path: string): boolean {
  const stem = basename(path).replace(/\.d\.ts$/, '');
  return ['.js', '.mjs', '.cjs'].some((end) => existsSync(join(dirname(path), stem + end)));
}
