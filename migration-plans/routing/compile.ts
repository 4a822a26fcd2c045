import type { PlanRoute } from '../plan/plan.ts';
import type { Revision } from '../revision/revision.ts';
import { PathTree } from './radix.ts';
import type { CompiledRoute, RoutingTable } from './table.ts';
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
  match: () => undefined,
};

/**
 * Compiles a revision into the immutable table that edges serve from. Pure; meant to run off the hot path.
 * Templates that cannot be parsed claim nothing (loading refuses them, so this is only reached by a revision of a stranger):
 * unknown means monolith. Two claims of the same requests: the capability first in alphabetical order has them.
 */
export function compileTable(revision: Revision, options: CompileOptions): RoutingTable {
  const steps = compileSteps(revision, options);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** `compileTable` in steps of one capability, so that an edge can answer requests between them. */
export function* compileSteps(revision: Revision, options: CompileOptions): Generator<void, RoutingTable> {
  const tree = new PathTree<CompiledRoute>();
  const routes: CompiledRoute[] = [];
  for (const capability of Object.keys(revision.plans).sort()) {
    const plan = revision.plans[capability]!;
    const state = revision.states[capability];
    if (state === undefined) continue;
    const serviceKey = `${plan.service.namespace ?? options.namespace}/${plan.service.name}`;
    const exceptions = parsed(plan.except ?? []);
    for (const { template, entry: route } of parsed(plan.routes)) {
      const compiled: CompiledRoute = { index: routes.length, capability, plan, route, state, serviceKey };
      routes.push(compiled);
      tree.claim(template, route.methods, compiled, capability);
      for (const { template: exception, entry } of exceptions) {
        const common = intersect(template, exception);
        if (common !== undefined) tree.except(common, entry.methods, capability);
      }
    }
    yield;
  }
  return {
    revision: revision.number,
    digest: revision.digest,
    routes,
    match: (method, url) => tree.match(method, url),
  };
}

function parsed<E extends Pick<PlanRoute, 'methods' | 'template'>>(
  entries: readonly E[],
): { template: Template; entry: E }[] {
  return entries.flatMap((entry) => {
    const result = parseTemplate(entry.template);
    return 'template' in result ? [{ template: result.template, entry }] : [];
  });
}
