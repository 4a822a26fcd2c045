import { atOnce } from '../in-steps.ts';
import type { Plan, PlanRoute, PlanService } from '../plan/plan.ts';
import type { Revision } from '../revision/revision.ts';
import { overrideCookie } from './override.ts';
import { pinCookie } from './pin.ts';
import { PathTree } from './radix.ts';
import type { CompiledCapability, CompiledRoute, DecisionCookies, RoutingTable } from './table.ts';
import { intersect, parseTemplate, type Template } from './template.ts';

export interface CompileOptions {
  /** Cloud Map namespace of services whose plan names none. */
  namespace: string;
}

/** The table of an edge that has no revision: everything is the monolith's. */
export const EMPTY_TABLE: RoutingTable = {
  revision: null,
  digest: null,
  routes: [],
  capabilities: new Map(),
  match: () => undefined,
};

/**
 * Compiles a revision into the immutable table that edges serve from. Pure; meant to run off the hot path.
 * Templates that cannot be parsed claim nothing (loading refuses them, so this is only reached by a revision of a stranger):
 * unknown means monolith. Two claims of the same requests: the capability first in alphabetical order has them.
 */
export function compileTable(revision: Revision, options: CompileOptions): RoutingTable {
  return atOnce(compileSteps(revision, options));
}

/** `compileTable` in steps of one capability, so that an edge can answer requests between them. */
export function* compileSteps(revision: Revision, options: CompileOptions): Generator<void, RoutingTable> {
  const tree = new PathTree<CompiledRoute>();
  const routes: CompiledRoute[] = [];
  const capabilities = new Map<string, CompiledCapability>();
  const live = new Set(Object.values(revision.plans).map(({ service }) => keyOf(service, options)));
  for (const capability of Object.keys(revision.plans).sort()) {
    const plan = revision.plans[capability]!;
    const state = revision.states[capability];
    if (state === undefined) continue;
    const serviceKey = keyOf(plan.service, options);
    const sandbox = sandboxKey(plan, live, options);
    const exceptions = parsed(plan.except ?? []);
    const common = { state, serviceKey, ...(sandbox === undefined ? {} : { sandboxKey: sandbox }) };
    const cookies = decisionCookies(capability);
    const before = routes.length;
    for (const { template, entry: route } of parsed(plan.routes)) {
      const compiled: CompiledRoute = {
        index: routes.length,
        capability,
        plan,
        route,
        cookies,
        ...common,
      };
      routes.push(compiled);
      tree.claim(template, route.methods, compiled, capability);
      for (const { template: exception, entry } of exceptions) {
        const both = intersect(template, exception);
        if (both !== undefined) tree.except(both, entry.methods, capability);
      }
    }
    const count = routes.length - before;
    if (count > 0) capabilities.set(capability, { ...common, routes: count });
    yield;
  }
  return {
    revision: revision.number,
    digest: revision.digest,
    routes,
    capabilities,
    match: (method, url) => tree.match(method, url),
  };
}

export function decisionCookies(capability: string): DecisionCookies {
  return {
    override: overrideCookie(capability),
    wrote: pinCookie('wrote', capability),
    sticky: pinCookie('sticky', capability),
  };
}

function keyOf({ name, namespace }: PlanService, options: CompileOptions): string {
  return `${namespace ?? options.namespace}/${name}`;
}

/**
 * Validating plans warns of a sandbox that is a live service, but only here is the namespace known for certain: mirrored writes to
 * one would change users' data, so there is none then.
 */
function sandboxKey(plan: Plan, live: ReadonlySet<string>, options: CompileOptions): string | undefined {
  if (plan.shadow.sandbox === undefined) return undefined;
  const key = keyOf(plan.shadow.sandbox.service, options);
  return live.has(key) ? undefined : key;
}

function parsed<E extends Pick<PlanRoute, 'methods' | 'template'>>(
  entries: readonly E[],
): { template: Template; entry: E }[] {
  return entries.flatMap((entry) => {
    const result = parseTemplate(entry.template);
    return 'template' in result ? [{ template: result.template, entry }] : [];
  });
}
