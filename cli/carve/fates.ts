/** What happens to every symbol of the monolith, and why: read off a slice. */

import { members } from '../analysis/interpret/values.ts';
import { eachChild, type Node } from '../analysis/syntax/ast.ts';
import { commonExport, requiredNames } from './slice/common-js.ts';
import type { Contribution, Contributions } from './slice/contributions.ts';
import { portForm } from './slice/port-form.ts';
import type { Slice } from './slice/slice.ts';
import type { ProjectSymbol } from './symbols.ts';

export type Fate = 'moved' | 'copied' | 'client' | 'middleware' | 'remote' | 'stays';

export interface Fated {
  fate: Fate;
  why: string;
  /** A copy of something that the monolith goes on running itself. */
  staysToo?: true;
}

export function fatesOf(slice: Slice): Map<ProjectSymbol, Fated> {
  const { graph, taken, ports } = slice;
  const fates = new Map<ProjectSymbol, Fated>();
  const staying = stillNeeded(slice);
  const registrations = new Set(
    slice.routes.flatMap((route) => graph.at(route.place.module, route.place.node.start) ?? []),
  );
  const middleware = new Map<ProjectSymbol, string>();
  for (const route of slice.routes) {
    for (const invocation of [...route.ownInvocations, ...route.inheritedInvocations]) {
      const symbol = graph.of(invocation);
      if (symbol !== undefined && !middleware.has(symbol))
        middleware.set(symbol, `${route.method} ${route.path.text}`);
    }
  }
  const handlers = new Set(
    slice.routes.flatMap((route) => route.handled.flatMap((item) => graph.of(item) ?? [])),
  );
  for (const symbol of taken) {
    const user = staying.get(symbol);
    const shared = user !== undefined;
    const before = middleware.get(symbol);
    const models = ownModels(slice, symbol);
    if (isClient(symbol))
      fates.set(symbol, {
        fate: 'client',
        why: 'the Prisma client; the service gets one for its own tables',
      });
    else if (
      before !== undefined &&
      !handlers.has(symbol) &&
      !registrations.has(symbol) &&
      !composes(slice, symbol)
    )
      fates.set(symbol, { fate: 'middleware', why: `runs before ${before}; copied with its order kept` });
    else if (models.length > 0 && models.every((model) => slice.owned.has(model)))
      fates.set(symbol, { fate: 'moved', why: `works on ${models.join(', ')}` });
    else if (registrations.has(symbol) && !shared)
      fates.set(symbol, { fate: 'moved', why: 'registers routes of the capability' });
    else if (composes(slice, symbol))
      fates.set(symbol, {
        fate: 'copied',
        why: 'puts the application together; what only serves others is left out',
      });
    else if (!shared)
      fates.set(symbol, {
        fate: 'moved',
        why: handlers.has(symbol) ? 'answers requests of the capability' : 'only the capability uses it',
      });
    else
      fates.set(symbol, {
        fate: 'copied',
        why:
          symbol.symbol.names.length === 0 ? 'the monolith goes on loading it too' : `${user.id} uses it too`,
      });
  }
  for (const [symbol, fated] of fates)
    if (staying.has(symbol) && !composes(slice, symbol) && ['copied', 'middleware'].includes(fated.fate))
      fates.set(symbol, { ...fated, staysToo: true });
  for (const symbol of ports)
    fates.set(symbol, { fate: 'remote', why: 'stays in the monolith; the service calls it' });
  for (const symbol of graph.all)
    if (!fates.has(symbol)) fates.set(symbol, { fate: 'stays', why: 'nothing of the capability needs it' });
  return fates;
}

/**
 * What the monolith goes on needing once the capability's own registrations are gone, each with somebody who needs it: all
 * that staying code and the shared composition mention, not going through what only makes the capability's routes.
 */
function stillNeeded(slice: Slice): Map<ProjectSymbol, ProjectSymbol> {
  const found = new Map<ProjectSymbol, ProjectSymbol>();
  const stack = slice.graph.all.filter((symbol) => !slice.taken.has(symbol) || composes(slice, symbol));
  const loaded = new Set<ProjectSymbol['module']>();
  const need = (to: ProjectSymbol, user: ProjectSymbol): void => {
    if (to === user || found.has(to) || !slice.taken.has(to) || onlyOwn(slice, to)) return;
    found.set(to, user);
    // A list of exports names what others may ask for, not what they do.
    if (to.symbol.kind !== 'export' && commonExport(to.symbol.node)?.kind !== 'list') stack.push(to);
  };
  for (let user = stack.pop(); user !== undefined; user = stack.pop()) {
    for (const { to } of slice.graph.references(user)) need(to, user);
    if (loaded.has(user.module)) continue;
    loaded.add(user.module);
    // Whoever loads a module runs its statements and goes through its exports; `exports.f = () => …` does nothing by itself.
    for (const entry of slice.graph.all)
      if (entry.module === user.module && entry.symbol.names.length === 0 && portForm(entry) === undefined)
        need(entry, user);
  }
  return found;
}

/** Whether only routes of the capability are registered through it. */
function onlyOwn(slice: Slice, symbol: ProjectSymbol): boolean {
  const entries = contributionsIn(slice, symbol);
  return entries.length > 0 && entries.every((entry) => entry.own.size > 0 && entry.foreign.size === 0);
}

/** Whether foreign routes are registered through it as well. */
function composes(slice: Slice, symbol: ProjectSymbol): boolean {
  return contributionsIn(slice, symbol).some((entry) => entry.foreign.size > 0);
}

const known = new WeakMap<Contributions, Map<ProjectSymbol, Contribution[]>>();

/** What the evaluations of a symbol lead to; for what runs when its module is loaded, the calls of its own text. */
function contributionsIn({ contributions, invocations }: Slice, symbol: ProjectSymbol): Contribution[] {
  let bySymbol = known.get(contributions);
  if (bySymbol === undefined) {
    bySymbol = new Map();
    known.set(contributions, bySymbol);
  }
  let found = bySymbol.get(symbol);
  if (found === undefined) {
    const { byInvocation, byCall } = contributions;
    const entries = (invocations.get(symbol) ?? []).flatMap((run) => byInvocation.get(run) ?? []);
    const walk = (node: Node): void => {
      const entry = byCall.get(node);
      if (entry !== undefined) entries.push(entry);
      eachChild(node, walk);
    };
    const { kind } = symbol.symbol;
    if (kind === 'statement' || kind === 'variable' || kind === 'export') walk(symbol.symbol.node);
    found = entries;
    bySymbol.set(symbol, found);
  }
  return found;
}

/** Models that a symbol's own text queries, without what was left out of it. */
export function ownModels(slice: Slice, symbol: ProjectSymbol): string[] {
  return [
    ...new Set(runsOf(slice, symbol).flatMap((run) => slice.behaviour.own(run).map((touch) => touch.model))),
  ].sort();
}

/** Evaluations of a symbol's text that is taken. */
export function runsOf(slice: Slice, symbol: ProjectSymbol) {
  const cuts = slice.cutsOf(symbol.module);
  return (slice.invocations.get(symbol) ?? []).filter(
    (run) =>
      run.func === undefined ||
      !cuts.some(
        (cut) => cut.start <= (run.func?.node.start ?? -1) && (run.func?.node.start ?? -1) < cut.end,
      ),
  );
}

export function isClient({ module, symbol }: ProjectSymbol): boolean {
  if (requiredNames(symbol.node) !== undefined) return false;
  return symbol.names.some((name) =>
    members(module.invocation?.env.own(name)?.value ?? { kind: 'unknown', id: 0 }).some(
      (item) =>
        (item.kind === 'host' && item.host.type === 'prisma.client') ||
        (item.kind === 'instance' && item.base?.kind === 'host' && item.base.host.type === 'prisma.client'),
    ),
  );
}
