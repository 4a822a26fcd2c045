import { innermost } from '../frameworks/routes.ts';
import type { Invocation } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import type { RunEntry, ServedRoute } from '../interpret/run.ts';
import type { Entry, ModelUse, Route } from '../model.ts';
import { distinctiveSegment } from '../suggest/units.ts';
import type { Node } from '../syntax/ast.ts';
import { beside, reach } from './reach.ts';
import { byUse, modelUses, type RawReader, spot } from './uses.ts';

/** Routes as the result shows them, each once, in order of path and method. */
export function routesOf(
  vm: Machine,
  raw: RawReader,
  served: readonly ServedRoute[],
): { route: Route; served: ServedRoute }[] {
  const found = new Map<string, { route: Route; served: ServedRoute }>();
  const everywhere = sharedMiddleware(served);
  for (const item of served) {
    const place = spot(vm, item.place);
    const func = item.handled[0]?.func;
    const handler = func === undefined ? undefined : innermost(func);
    const at = handler === undefined ? place : spot(vm, { module: handler.module, node: handler.node });
    const handled = reach(item.handled);
    const shared = (invocation: Invocation): boolean =>
      invocation.func !== undefined && everywhere.has(invocation.func.node);
    const before = reach(item.ownInvocations.filter((invocation) => !shared(invocation)));
    const ambient = [...item.inheritedInvocations, ...item.ownInvocations.filter(shared)];
    const around = reach(ambient);
    const own = modelUses(vm, raw, handled, 'handler');
    const named = modelUses(vm, raw, before, 'middleware').filter(
      (use) => !own.some((other) => other.name === use.name && other.access === use.access),
    );
    const key = `${item.method} ${item.path.text} ${at.file}:${at.line}`;
    if (found.has(key)) continue;
    if (handler === undefined) {
      vm.unsettled(
        'unknown-handler',
        item.place,
        `the handler of ${item.method} ${item.path.text} can't be seen: ${vm.text(item.place.module, item.place.node, 80)}`,
      );
    }
    if (!item.path.certain) {
      vm.unsettled(
        'computed-path',
        item.place,
        `a part of the path ${item.path.text} is known only at run time`,
      );
    }
    const asking = beside('authentication', [handled, before, around]);
    const inherited = modelUses(vm, raw, reach([...ambient, ...asking]), 'middleware');
    found.set(key, {
      served: item,
      route: {
        method: item.method,
        path: item.path.text,
        ...at,
        handler: handler?.name === undefined || handler.name === '' ? '(anonymous)' : handler.name,
        registered: place,
        framework: item.framework,
        models: [...own, ...named].sort(byUse),
        inherited,
        listeners: modelUses(vm, raw, reach(beside('event', [handled])), 'handler'),
        certain: item.path.certain,
      },
    });
  }
  return [...found.values()].sort(
    (a, b) => compare(a.route.path, b.route.path) || compare(a.route.method, b.route.method),
  );
}

/**
 * Middleware that is named on routes of more than one part of the URL space, such as a check of who is logged in: it holds
 * for the application as if it were registered for all of it.
 */
function sharedMiddleware(served: readonly ServedRoute[]): Set<Node> {
  const segment = distinctiveSegment(served.map((item) => item.path.text));
  const parts = new Map<Node, Set<string>>();
  for (const item of served) {
    for (const { func } of item.ownInvocations) {
      if (func === undefined) continue;
      parts.set(func.node, (parts.get(func.node) ?? new Set()).add(segment(item.path.text)));
    }
  }
  return new Set([...parts].filter(([, segments]) => segments.size > 1).map(([node]) => node));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Kinds that are of interest although they touch no model. */
const SCHEDULED = new Set(['job', 'queue', 'event', 'socket', 'interval', 'message', 'graphql', 'command']);

/** Jobs and listeners. Callbacks handed to packages count only where they touch a model. */
export function entriesOf(
  vm: Machine,
  raw: RawReader,
  entries: readonly RunEntry[],
): { entry: Entry; run: RunEntry }[] {
  const found = new Map<string, { entry: Entry; run: RunEntry }>();
  for (const run of entries) {
    const uses: ModelUse[] = modelUses(vm, raw, reach([run.invocation]), 'handler');
    if (uses.length === 0 && !SCHEDULED.has(run.kind)) continue;
    const place = spot(vm, run.place);
    const key = `${place.file}:${place.line}:${run.label}`;
    if (!found.has(key))
      found.set(key, { run, entry: { kind: run.kind, label: run.label, ...place, models: uses } });
  }
  return [...found.values()].sort(
    (a, b) => compare(a.entry.file, b.entry.file) || a.entry.line - b.entry.line,
  );
}
