import type { Plan, PlanRoute } from '../plan/plan.ts';
import type { CapabilityState } from '../revision/revision.ts';

/** A claimed route with all that deciding needs, resolved when the revision is compiled. */
export interface CompiledRoute {
  /** Dense index within the table, for arrays of counters. */
  readonly index: number;
  readonly capability: string;
  readonly plan: Plan;
  readonly route: PlanRoute;
  readonly state: CapabilityState;
  /** Names of the cookies that a decision may look for, put together once. */
  readonly cookies: DecisionCookies;
  /** `namespace/service` in Cloud Map. */
  readonly serviceKey: string;
  /** Where mirrored writes go, `namespace/service`. Absent: nowhere, because the plan names no sandbox or names a live service. */
  readonly sandboxKey?: string;
}

export interface DecisionCookies {
  readonly override: string;
  readonly wrote: string;
  readonly sticky: string;
}

/** What the routes of one capability have in common. */
export interface CompiledCapability {
  readonly state: CapabilityState;
  readonly serviceKey: string;
  readonly sandboxKey?: string;
  /** How many of the table's routes are its own; never 0. */
  readonly routes: number;
}

/** Immutable. Compiled from a revision off the hot path and swapped as a whole. */
export interface RoutingTable {
  /** Null: no revision was ever applied. */
  readonly revision: number | null;
  readonly digest: string | null;
  readonly routes: readonly CompiledRoute[];
  /** By name, those that claim something. For whoever wants to know of all of them without walking through every route. */
  readonly capabilities: ReadonlyMap<string, CompiledCapability>;
  /**
   * The claim for a request, by method and undecoded path (query ignored); undefined: no plan claims it, so it is the monolith's.
   * Cost depends on the number of path segments, not on the number of plans. Never throws, whatever the bytes.
   */
  match(method: string, url: string): CompiledRoute | undefined;
}
