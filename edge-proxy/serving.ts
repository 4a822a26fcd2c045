import type { CompiledRoute, RoutingTable } from '../migration-plans/routing/table.ts';
import type { Upstream } from './forward/port.ts';
import type { Meters, RouteMeters } from './telemetry/meters.ts';

/** A compiled route with everything that answering needs, looked up once a revision and not once a request. */
export interface ServedRoute {
  readonly compiled: CompiledRoute;
  readonly service: Upstream;
  readonly meters: RouteMeters;
  /** What the monolith answers may be mirrored: reads, and writes where there is a sandbox for them. */
  readonly mirrored: boolean;
}

/** What an edge serves from. Immutable: a new revision replaces it as a whole, requests in flight keep theirs. */
export interface Serving {
  readonly table: RoutingTable;
  /** By `CompiledRoute.index`. */
  readonly routes: readonly ServedRoute[];
}

/** Routes that are joined in one step. */
const ROUTES_A_STEP = 500;

/**
 * Joins a table with the services and counters of this edge, in steps, so that requests are answered between them.
 * `upstreamFor` must answer the same object for the same key.
 */
export function* serveSteps(
  table: RoutingTable,
  meters: Meters,
  upstreamFor: (route: CompiledRoute) => Upstream,
): Generator<void, Serving> {
  const generation = meters.nextGeneration();
  const routes: ServedRoute[] = [];
  for (const compiled of table.routes) {
    routes.push({
      compiled,
      service: upstreamFor(compiled),
      meters: generation.metersOf(compiled),
      mirrored: isMirrored(compiled),
    });
    if (routes.length % ROUTES_A_STEP === 0) yield;
  }
  generation.commit();
  return { table, routes };
}

function isMirrored({ route, state, plan, sandboxKey }: CompiledRoute): boolean {
  const comparing = state.phase === 'shadow' || state.phase === 'canary';
  const mirrorable = route.effect === 'read' || sandboxKey !== undefined;
  return comparing && route.shadow && mirrorable && (route.sampleBp ?? plan.shadow.sampleBp) > 0;
}
