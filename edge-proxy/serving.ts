import type { CompiledRoute, RoutingTable } from '../migration-plans/routing/table.ts';
import type { Upstream } from './forward/port.ts';
import type { Meters, RouteMeters } from './telemetry/meters.ts';

/** A compiled route with everything that answering needs, looked up once a revision and not once a request. */
export interface ServedRoute {
  readonly compiled: CompiledRoute;
  readonly service: Upstream;
  readonly meters: RouteMeters;
  /** Reads that the monolith answers may be mirrored. */
  readonly mirrored: boolean;
}

/** What an edge serves from. Immutable: a new revision replaces it as a whole, requests in flight keep theirs. */
export interface Serving {
  readonly table: RoutingTable;
  /** By `CompiledRoute.index`. */
  readonly routes: readonly ServedRoute[];
}

/** Joins a table with the services and counters of this edge. `upstreamFor` must answer the same object for the same key. */
export function serve(
  table: RoutingTable,
  meters: Meters,
  upstreamFor: (route: CompiledRoute) => Upstream,
): Serving {
  const counted = meters.forTable(table);
  const routes = table.routes.map((compiled, index) => ({
    compiled,
    service: upstreamFor(compiled),
    meters: counted[index]!,
    mirrored: isMirrored(compiled),
  }));
  return { table, routes };
}

function isMirrored({ route, state, plan }: CompiledRoute): boolean {
  const comparing = state.phase === 'shadow' || state.phase === 'canary';
  return comparing && route.shadow && route.effect === 'read' && plan.shadow.sampleBp > 0;
}
