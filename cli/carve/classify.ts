/** Decides for every symbol whether it moves, is copied, is called remotely, or stays. */
import type { Invocation } from '../analysis/interpret/invocation.ts';
import type { RunEntry, ServedRoute } from '../analysis/interpret/run.ts';
import { members } from '../analysis/interpret/values.ts';
import type { DeepAnalysis } from '../analysis/pipeline.ts';
import { Behaviour, type Reach } from './behaviour.ts';
import { type ProjectSymbol, SymbolGraph } from './symbols.ts';

export type Fate = 'moved' | 'copied' | 'client' | 'middleware' | 'remote' | 'stays';

export interface Scope {
  deep: DeepAnalysis;
  graph: SymbolGraph;
  behaviour: Behaviour;
  owned: ReadonlySet<string>;
  routes: ServedRoute[];
  otherRoutes: ServedRoute[];
  entries: RunEntry[];
  inside: Reach;
  outside: Reach;
  /** Evaluations at which the capability's code leaves it: only foreign models lie behind them. */
  exits: Set<Invocation>;
  fates: Map<ProjectSymbol, { fate: Fate; why: string }>;
}

export function classify(
  deep: DeepAnalysis,
  routeKeys: ReadonlySet<string>,
  owned: ReadonlySet<string>,
): Scope {
  const graph = new SymbolGraph(deep.run.vm, deep.tables);
  const behaviour = new Behaviour(deep, graph);
  const isOwn = (route: ServedRoute): boolean => routeKeys.has(`${route.method} ${route.path.text}`);
  const routes = deep.run.routes.filter(isOwn);
  const otherRoutes = deep.run.routes.filter((route) => !isOwn(route));
  const entries = deep.run.entries.filter((entry) => {
    const touched = behaviour.deep(entry.invocation);
    return touched.length > 0 && touched.every((touch) => owned.has(touch.model));
  });
  const roots = [...routes.flatMap((route) => route.handled), ...entries.map((entry) => entry.invocation)];
  const rootSymbols = new Set(roots.flatMap((root) => graph.of(root) ?? []));
  const exits = new Set<Invocation>();
  const inside = behaviour.reach(roots, (invocation) => {
    const symbol = graph.of(invocation);
    const touched = behaviour.deep(invocation);
    const foreign = touched.length > 0 && touched.every((touch) => !owned.has(touch.model));
    const leaves = foreign && !roots.includes(invocation) && symbol !== undefined && !rootSymbols.has(symbol);
    if (leaves) exits.add(invocation);
    return leaves;
  });
  const others = deep.run.entries.filter((entry) => !entries.includes(entry));
  const outside = behaviour.reach([
    ...otherRoutes.flatMap((route) => [...route.handled, ...route.ownInvocations]),
    ...others.map((entry) => entry.invocation),
  ]);
  const scope: Scope = {
    deep,
    graph,
    behaviour,
    owned,
    routes,
    otherRoutes,
    entries,
    inside,
    outside,
    exits,
    fates: new Map(),
  };
  settle(scope);
  return scope;
}

function settle(scope: Scope): void {
  const { graph, routes, inside, exits, fates, entries } = scope;
  const beyond = new Set([...exits].flatMap((invocation) => graph.of(invocation) ?? []));
  const registrations = new Set(
    [...routes.map((route) => route.place), ...entries.map((entry) => entry.place)].flatMap(
      (place) => graph.at(place.module, place.node.start) ?? [],
    ),
  );
  // Code that works on the capability's own models belongs to it, whoever calls it today.
  const atHome = graph.all.filter((symbol) => belongs(scope, symbol) === 'inside');
  const reached = [...inside.symbols].filter(
    (symbol) => !beyond.has(symbol) && belongs(scope, symbol) !== 'outside',
  );
  const starts = new Set([...atHome, ...reached, ...registrations]);
  // First what may go along, by what is mentioned; then what of it is also needed where it was.
  const along = new Set<ProjectSymbol>();
  const stack = [...starts];
  while (stack.length > 0) {
    const symbol = stack.pop();
    if (symbol === undefined || along.has(symbol)) continue;
    along.add(symbol);
    if (isClient(symbol)) continue;
    for (const { to } of graph.references(symbol)) if (!stopsAt(scope, to, starts)) stack.push(to);
  }
  for (const symbol of along) fates.set(symbol, fateOf(scope, symbol, along, starts, registrations));
  for (const symbol of beyond) {
    if (fates.get(symbol)?.fate === 'moved') continue;
    fates.set(symbol, {
      fate: 'remote',
      why: 'works on models that stay in the monolith; the service calls it',
    });
  }
  for (const route of routes) {
    for (const invocation of [...route.ownInvocations, ...route.inheritedInvocations]) {
      const symbol = graph.of(invocation);
      if (symbol === undefined || fates.has(symbol)) continue;
      fates.set(symbol, {
        fate: 'middleware',
        why: `runs before ${route.method} ${route.path.text}; copied with its order kept`,
      });
      for (const { to } of graph.references(symbol)) {
        if (!fates.has(to) && !stopsAt(scope, to, starts))
          fates.set(to, {
            fate: isClient(to) ? 'client' : 'copied',
            why: `the middleware ${symbol.id} needs it`,
          });
      }
    }
  }
  for (const symbol of graph.all) {
    if (!fates.has(symbol)) fates.set(symbol, { fate: 'stays', why: 'nothing of the capability reaches it' });
  }
}

/** Symbols behind which only foreign models lie are called, not taken along. */
function stopsAt(scope: Scope, symbol: ProjectSymbol, starts: ReadonlySet<ProjectSymbol>): boolean {
  if (starts.has(symbol)) return false;
  if (belongs(scope, symbol) === 'outside') return true;
  const touched = invocationsOf(scope, symbol).flatMap((invocation) => scope.behaviour.deep(invocation));
  return touched.length > 0 && touched.every((touch) => !scope.owned.has(touch.model));
}

function fateOf(
  scope: Scope,
  symbol: ProjectSymbol,
  along: ReadonlySet<ProjectSymbol>,
  starts: ReadonlySet<ProjectSymbol>,
  registrations: ReadonlySet<ProjectSymbol>,
): { fate: Fate; why: string } {
  if (isClient(symbol))
    return { fate: 'client', why: 'the Prisma client; the service gets one for its own tables' };
  const { kind } = symbol.symbol;
  const outsideUser = [...scope.graph.users(symbol)].find((user) => !along.has(user));
  const served = scope.outside.symbols.has(symbol);
  if (registrations.has(symbol)) return { fate: 'moved', why: 'registers routes of the capability' };
  if (belongs(scope, symbol) === 'inside')
    return { fate: 'moved', why: `works on ${ownedTouched(scope, symbol).join(', ')}` };
  if (isRouter(symbol)) return { fate: 'moved', why: 'the router of the capability’s routes' };
  if (kind === 'type' || kind === 'enum') {
    return outsideUser === undefined
      ? { fate: 'moved', why: 'only the capability mentions it' }
      : { fate: 'copied', why: `a ${kind} that ${outsideUser.id} mentions too` };
  }
  if (served || outsideUser !== undefined) {
    const by = outsideUser?.id ?? 'other routes';
    if (starts.has(symbol) && !served && kind !== 'variable' && kind !== 'function')
      return { fate: 'moved', why: 'only the capability’s requests reach it' };
    return { fate: 'copied', why: `pure code that ${by} uses too` };
  }
  return { fate: 'moved', why: 'only the capability reaches it' };
}

export function invocationsOf(scope: Scope, symbol: ProjectSymbol): Invocation[] {
  let index = scope.deep.run.vm.extras.get('carve.invocations') as
    | Map<ProjectSymbol, Invocation[]>
    | undefined;
  if (index === undefined) {
    index = new Map();
    scope.deep.run.vm.extras.set('carve.invocations', index);
    for (const invocation of scope.deep.run.vm.invocations()) {
      const owner = scope.graph.of(invocation);
      if (owner === undefined) continue;
      const list = index.get(owner) ?? [];
      list.push(invocation);
      index.set(owner, list);
    }
  }
  return index.get(symbol) ?? [];
}

function ownTouches(scope: Scope, symbol: ProjectSymbol): { inside: Set<string>; outside: Set<string> } {
  const inside = new Set<string>();
  const outside = new Set<string>();
  for (const invocation of invocationsOf(scope, symbol)) {
    for (const { model, access } of scope.behaviour.own(invocation))
      (scope.owned.has(model) ? inside : outside).add(`${model}:${access}`);
  }
  return { inside, outside };
}

function ownedTouched(scope: Scope, symbol: ProjectSymbol): string[] {
  return [...new Set([...ownTouches(scope, symbol).inside].map((touch) => touch.split(':')[0] ?? ''))].sort();
}

/** Where a symbol's own queries say that it is at home; neither for code without queries. */
function belongs(scope: Scope, symbol: ProjectSymbol): 'inside' | 'outside' | 'neither' {
  const { inside, outside } = ownTouches(scope, symbol);
  if (inside.size === 0 && outside.size === 0) return 'neither';
  if (outside.size === 0) return 'inside';
  if (inside.size === 0) return 'outside';
  // Code with queries on both sides goes where most of them are; whoever else reaches it decides a tie.
  if (inside.size !== outside.size) return inside.size > outside.size ? 'inside' : 'outside';
  return scope.outside.symbols.has(symbol) ? 'outside' : 'inside';
}

function isClient({ module, symbol }: ProjectSymbol): boolean {
  return symbol.names.some((name) =>
    members(module.invocation?.env.own(name)?.value ?? { kind: 'unknown', id: 0 }).some(
      (item) =>
        (item.kind === 'host' && item.host.type === 'prisma.client') ||
        (item.kind === 'instance' && item.base?.kind === 'host' && item.base.host.type === 'prisma.client'),
    ),
  );
}

function isRouter({ module, symbol }: ProjectSymbol): boolean {
  return symbol.names.some((name) => {
    const held = module.invocation?.env.own(name)?.value;
    return (
      held !== undefined &&
      members(held).some(
        (item) =>
          item.kind === 'host' &&
          (item.host.type === 'express.router' || item.host.type === 'fastify.router'),
      )
    );
  });
}
