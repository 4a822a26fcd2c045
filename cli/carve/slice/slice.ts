/** Slices a monolith: which of its text a capability needs to run by itself, and what lies over the border. */
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { resolveImport } from '../../analysis/interpret/imports.ts';
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import type { Machine } from '../../analysis/interpret/machine.ts';
import type { ModuleState } from '../../analysis/interpret/modules.ts';
import type { RunEntry, ServedRoute } from '../../analysis/interpret/run.ts';
import { type Host, members, type Value } from '../../analysis/interpret/values.ts';
import type { DeepAnalysis } from '../../analysis/pipeline.ts';
import type { ModuleSymbol } from '../../analysis/symbols/table.ts';
import { eachChild, isCallable, type Node } from '../../analysis/syntax/ast.ts';
import { Behaviour, type ModelTouch } from '../behaviour.ts';
import { type ProjectSymbol, SymbolGraph } from '../symbols.ts';
import { type Application, findApplication, isListen } from './application.ts';
import { requiredNames } from './common-js.ts';
import { type Contributions, contributionsOf } from './contributions.ts';
import { type Cut, cutsOf, isCut, isForeign, merge } from './cuts.ts';
import { Liveness } from './liveness.ts';
import { portForm, unserialisable } from './port-form.ts';

/** What was decided about symbols, by id (`file#name`). */
export interface SliceChoices {
  /** Functions that stay in the monolith and are called, whatever they touch. */
  remote: ReadonlySet<string>;
  /** Functions that come along with their queries on foreign tables, although they could be called. */
  along: (id: string) => boolean;
  /** Statements, as `file:line`, that are left out. */
  without: ReadonlySet<string>;
  /** Middleware that asks the monolith instead of looking things up. */
  asks: ReadonlySet<Node>;
}

export interface Slice {
  deep: DeepAnalysis;
  graph: SymbolGraph;
  behaviour: Behaviour;
  owned: ReadonlySet<string>;
  routes: ServedRoute[];
  otherRoutes: ServedRoute[];
  app: Application;
  contributions: Contributions;
  live: Liveness;
  cutsOf: (module: ModuleState) => readonly Cut[];
  /** Taken symbols, without those that are called instead. */
  taken: Set<ProjectSymbol>;
  ports: Set<ProjectSymbol>;
  /** Evaluations by the symbol whose text they run. */
  invocations: ReadonlyMap<ProjectSymbol, Invocation[]>;
  /** Jobs and listeners that only work on the capability's models. */
  entries: RunEntry[];
}

/** @throws StranglerError `CARVE_NO_APPLICATION` */
export function sliceOf(
  deep: DeepAnalysis,
  routeKeys: ReadonlySet<string>,
  owned: ReadonlySet<string>,
  choices: SliceChoices,
): Slice {
  const { vm } = deep.run;
  const graph = new SymbolGraph(vm, deep.tables);
  const behaviour = new Behaviour(deep, graph);
  const isOwn = (route: ServedRoute): boolean => routeKeys.has(`${route.method} ${route.path.text}`);
  const routes = deep.run.routes.filter(isOwn);
  const otherRoutes = deep.run.routes.filter((route) => !isOwn(route));
  const contributions = contributionsOf(deep.run.routes, isOwn);
  const touches = (invocation: Invocation): ModelTouch[] => behaviour.deep(invocation);
  const isForeignTouch = (list: ModelTouch[]): boolean =>
    list.length > 0 && list.every((touch) => !owned.has(touch.model));
  const entries = deep.run.entries.filter((entry) => {
    const list = touches(entry.invocation);
    return list.length > 0 && list.every((touch) => owned.has(touch.model));
  });
  const foreignEntries = new Set(
    deep.run.entries
      .filter((entry) => isForeignTouch(touches(entry.invocation)) || isJob(entry, owned, touches))
      .map((entry) => entry.place.node),
  );
  const app = findApplication(vm, deep.tables, applicationOf(vm, routes));
  const invocations = indexInvocations(deep, graph);
  const cutCache = new Map<ModuleState, Cut[]>();
  const cuts = (module: ModuleState): readonly Cut[] => {
    let known = cutCache.get(module);
    if (known === undefined) {
      const statements = new Map<Node, string>();
      for (const node of startsIn(module)) statements.set(node, 'the service has a start of its own');
      for (const node of app.starts) statements.set(node, 'the service has a start of its own');
      for (const statement of module.source.program.body)
        if (choices.without.has(`${module.source.name}:${vm.line(module, statement)}`))
          statements.set(statement, 'left out by decision');
      known = cutsOf(module, {
        contributions: contributions.byCall,
        contributionOf: (name) => {
          const target = importedModule(vm, module, name);
          return target?.invocation && contributions.byInvocation.get(target.invocation);
        },
        foreignEntries,
        statements,
      });
      if (module === app.module) known = merge([...app.edits, ...known]);
      const asked = [...choices.asks].filter((node) => contains(module, node));
      known = merge([
        ...asked.map(({ start, end }) => ({ start, end, replacement: '', why: 'asks the monolith' })),
        ...known,
      ]);
      cutCache.set(module, known);
    }
    return known;
  };
  const rootSymbols = new Set(
    routes.flatMap((route) =>
      [...route.handled, ...route.ownInvocations, ...route.inheritedInvocations].flatMap(
        (item) => graph.of(item) ?? [],
      ),
    ),
  );
  const portCache = new Map<ProjectSymbol, boolean>();
  const isPort = (symbol: ProjectSymbol): boolean => {
    let known = portCache.get(symbol);
    if (known === undefined) {
      const runs = invocations.get(symbol) ?? [];
      const foreign =
        runs.some((run) => touches(run).length > 0) &&
        runs.every((run) => {
          const list = touches(run);
          return list.length === 0 || isForeignTouch(list);
        });
      const form = portForm(symbol);
      // Code that only passes on, and is handed a request, comes along: what it calls can stay.
      const passesOn =
        runs.every((run) => behaviour.own(run).length === 0) &&
        runs.some((run) => run.func?.node === form?.func && unserialisable(run) !== undefined);
      known =
        form !== undefined &&
        !runs.some((run) => run.boot) &&
        (choices.remote.has(symbol.id) ||
          (foreign && !passesOn && !rootSymbols.has(symbol) && !choices.along(symbol.id)));
      portCache.set(symbol, known);
    }
    return known;
  };
  const bySymbol = new Map<ModuleSymbol, ProjectSymbol>(graph.all.map((item) => [item.symbol, item]));
  const live = new Liveness({
    vm,
    tables: deep.tables,
    cuts,
    isPort: (_module, symbol) => {
      const entry = bySymbol.get(symbol);
      return entry !== undefined && isPort(entry);
    },
    isForeign: (module) =>
      module.invocation !== undefined && isForeign(contributions.byInvocation.get(module.invocation)),
  });
  takeApplication(deep, app, live);
  live.settle();
  takeWhatStarts({ deep, graph, live, cuts, contributions });
  const taken = new Set<ProjectSymbol>();
  const ports = new Set<ProjectSymbol>();
  for (const module of live.taken.values()) {
    for (const symbol of module.symbols) {
      const entry = bySymbol.get(symbol);
      if (entry === undefined) continue;
      if (live.ports.has(symbol)) ports.add(entry);
      else taken.add(entry);
    }
  }
  return {
    deep,
    graph,
    behaviour,
    owned,
    routes,
    otherRoutes,
    app,
    contributions,
    live,
    cutsOf: cuts,
    taken,
    ports,
    invocations,
    entries,
  };
}

/** The file that a name comes from, by `import` or `require`. */
function importedModule(vm: Machine, module: ModuleState, name: string): ModuleState | undefined {
  const request =
    module.imports.get(name)?.request ??
    module.source.program.body
      .flatMap((node) => requiredNames(node) ?? [])
      .find((item) => item.local === name)?.request;
  return request === undefined ? undefined : resolveImport(vm, module, request);
}

function contains(module: ModuleState, node: Node): boolean {
  let found = false;
  const walk = (at: Node): void => {
    if (at === node) found = true;
    else if (!found && at.start <= node.start && node.end <= at.end) eachChild(at, walk);
  };
  walk(module.source.program);
  return found;
}

/** Jobs stay where they run today, unless they only work on what moves. */
function isJob(
  entry: RunEntry,
  owned: ReadonlySet<string>,
  touches: (invocation: Invocation) => ModelTouch[],
): boolean {
  return (
    ['job', 'interval', 'queue', 'command'].includes(entry.kind) &&
    !touches(entry.invocation).every((touch) => owned.has(touch.model))
  );
}

/** The application that serves most of the routes. */
function applicationOf(vm: Machine, routes: readonly ServedRoute[]): Host {
  const counts = new Map<Host, number>();
  for (const route of routes) {
    for (const item of members(route.app ?? ({ kind: 'unknown', id: 0 } as Value)))
      if (item.kind === 'host') counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  if (first !== undefined) return first[0];
  const [route] = routes;
  const nest = route?.framework.startsWith('nest') === true;
  throw new StranglerError(
    nest ? 'CARVE_NEST' : 'CARVE_NO_APPLICATION',
    nest
      ? 'the capability is served by NestJS, which carve can’t take apart'
      : 'no application was found that serves these routes',
    {
      exitCode: EXIT.usage,
      ...(route !== undefined && {
        place: { file: route.place.module.source.name, line: vm.line(route.place.module, route.place.node) },
      }),
      remedy: 'NestJS is analysed only: see `strangler analyze`. Express and Fastify can be carved.',
    },
  );
}

function indexInvocations(deep: DeepAnalysis, graph: SymbolGraph): Map<ProjectSymbol, Invocation[]> {
  const index = new Map<ProjectSymbol, Invocation[]>();
  for (const invocation of deep.run.vm.invocations()) {
    const owner = graph.of(invocation);
    if (owner === undefined) continue;
    const list = index.get(owner);
    if (list === undefined) index.set(owner, [invocation]);
    else list.push(invocation);
  }
  return index;
}

/** Statements at the top of a module, and those of functions, that make the application listen. */
function startsIn(module: ModuleState): Node[] {
  const found: Node[] = [];
  const walk = (node: Node, statement: Node | undefined): void => {
    if (isListen(node)) {
      if (statement !== undefined) found.push(statement);
      return;
    }
    const own =
      node.type === 'ExpressionStatement' || node.type === 'VariableDeclaration'
        ? node
        : isCallable(node)
          ? undefined
          : statement;
    eachChild(node, (child) => walk(child, own));
  };
  walk(module.source.program, undefined);
  return found;
}

function takeApplication(deep: DeepAnalysis, app: Application, live: Liveness): void {
  const table = deep.tables.get(app.module.source.path);
  for (const name of app.needs) {
    const symbol = table?.byName.get(name);
    if (symbol !== undefined) live.symbol(app.module, symbol);
  }
  if (app.needs.length === 0 || app.module.exports.has(app.exported))
    live.exports(app.module, app.exported === 'module.exports' ? undefined : app.exported);
}

/**
 * Modules that no import names, such as those that are loaded from a folder: whatever runs while the application starts,
 * from a call that is taken, comes along unless it only registers foreign routes.
 */
function takeWhatStarts({
  deep,
  graph,
  live,
  cuts,
  contributions,
}: {
  deep: DeepAnalysis;
  graph: SymbolGraph;
  live: Liveness;
  cuts: (module: ModuleState) => readonly Cut[];
  contributions: Contributions;
}): void {
  const seen = new Set<Invocation>();
  const read = new Set<ModuleState>();
  for (let grew = true; grew; ) {
    grew = false;
    for (const module of [...live.taken.keys()]) {
      if (read.has(module)) continue;
      read.add(module);
      grew = true;
      // `const routes = app.get('/x', …)`: nobody mentions the variable, and the route is there all the same.
      for (const symbol of deep.tables.get(module.source.path)?.symbols ?? [])
        if (symbol.kind === 'variable' && registersOwn(symbol.node, contributions, cuts(module)))
          live.symbol(module, symbol);
      live.settle();
    }
    for (const invocation of deep.run.vm.invocations()) {
      if (!invocation.boot || seen.has(invocation)) continue;
      const module = invocation.func?.module ?? invocation.module;
      const own = live.taken.get(module);
      const symbol = graph.of(invocation);
      const isTaken =
        invocation.func === undefined
          ? own !== undefined
          : symbol !== undefined && own?.symbols.has(symbol.symbol);
      if (isTaken !== true) continue;
      seen.add(invocation);
      grew = true;
      for (const call of invocation.calls.values()) {
        const { place, callee } = call;
        if (isCut(cuts(place.module), place.node.start) || !callee.boot) continue;
        if (isForeign(contributions.byInvocation.get(callee))) continue;
        const target = graph.of(callee);
        if (target === undefined || live.taken.get(target.module)?.symbols.has(target.symbol)) continue;
        const isLoaded = live.taken.has(target.module);
        if (isLoaded && target.symbol.kind !== 'statement') continue;
        live.symbol(target.module, target.symbol);
        // Whoever loads it by its path asks for exports whose names can't be seen.
        if (!isLoaded) live.exports(target.module, undefined);
      }
      live.settle();
    }
  }
}

/** Whether evaluating a declaration, without calling what it holds, registers routes of the capability. */
function registersOwn(node: Node, contributions: Contributions, cuts: readonly Cut[]): boolean {
  if (isCallable(node) || isCut(cuts, node.start)) return false;
  if ((contributions.byCall.get(node)?.own.size ?? 0) > 0) return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= registersOwn(child, contributions, cuts);
  });
  return found;
}
