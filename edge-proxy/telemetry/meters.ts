import type { Target } from '../../migration-plans/revision/revision.ts';
import { DECISION_REASONS, type DecisionReason } from '../../migration-plans/routing/decision.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';
import type { ForwardFailure } from '../forward/port.ts';
import {
  ANSWERERS,
  answererIndex,
  FAILURES,
  failureIndex,
  METHODS,
  reasonIndex,
  STATUS_CLASSES,
  statusClassIndex,
} from './labels.ts';
import { LatencyCell } from './latency.ts';
import { TrafficMeter } from './traffic.ts';

const OUTCOMES = STATUS_CLASSES.length + FAILURES.length;

/** Counters of one capability in one phase. Plain typed arrays: a request costs additions and no allocation. */
export class PhaseMeter {
  readonly capability: string;
  readonly phase: string;
  /** By target (monolith, service) and reason. */
  readonly decisions = new Float64Array(2 * DECISION_REASONS.length);
  /** By target (monolith, service) as decided. */
  readonly inFlight = new Int32Array(2);
  /** By target and outcome: status classes, then failures. */
  readonly attempts = new Float64Array(2 * OUTCOMES);
  fallbacks = 0;
  retries = 0;
  requestBytes = 0;
  responseBytes = 0;

  constructor(capability: string, phase: string) {
    this.capability = capability;
    this.phase = phase;
  }

  countDecision(target: Target, reason: DecisionReason): void {
    this.decisions[answererIndex(target) * DECISION_REASONS.length + reasonIndex(reason)]! += 1;
  }

  countAttempt(target: Target, status: number, failure: ForwardFailure | undefined): void {
    // An answer that was given up for its status tells more by that status than by having been given up.
    const byStatus = failure === undefined || status >= 500;
    const outcome = byStatus ? statusClassIndex(status) : STATUS_CLASSES.length + failureIndex(failure);
    this.attempts[answererIndex(target) * OUTCOMES + outcome]! += 1;
  }
}

/** Meters of ended runs that are still read, and for how many empty deliveries. */
const MAX_RETIRED = 10_000;
const MAX_EMPTY_TAKES = 60;

const CELLS = METHODS.length * ANSWERERS.length * STATUS_CLASSES.length;

/** What is counted per plan route. Cells are made when first used, so that ten thousand quiet routes cost little. */
export class RouteMeter {
  readonly capability: string;
  readonly route: string;
  readonly cells: (LatencyCell | undefined)[] = [];

  constructor(capability: string, route: string) {
    this.capability = capability;
    this.route = route;
  }

  record(method: number, answerer: number, statusClass: number, bucket: number, ms: number): void {
    const index = (method * ANSWERERS.length + answerer) * STATUS_CLASSES.length + statusClass;
    let cell = this.cells[index];
    if (cell === undefined) {
      if (this.cells.length === 0) this.cells.length = CELLS;
      cell = new LatencyCell();
      this.cells[index] = cell;
    }
    cell.record(bucket, ms);
  }
}

/** Everything that one route of one routing table counts into. */
export interface RouteMeters {
  readonly route: RouteMeter;
  readonly phase: PhaseMeter;
  /** Undefined: unclaimed, no evidence is kept. */
  readonly traffic: TrafficMeter | undefined;
}

/** The counters for a table that is about to be served. */
export interface MeterGeneration {
  metersOf(route: CompiledRoute): RouteMeters;
  /** From here on these are the counters that are read; those of routes that are gone are forgotten. */
  commit(): void;
}

export const UNCLAIMED = 'unclaimed';
export const NO_CAPABILITY = 'none';
export const OTHER_ROUTE = 'other';

/**
 * Owns all counters of the hot path. Counters outlive the table they were made for as long as a newer table has the same route,
 * so that a change of revision resets nothing; what no table names any more is forgotten.
 */
export class Meters {
  readonly unclaimed: RouteMeters = {
    route: new RouteMeter(NO_CAPABILITY, UNCLAIMED),
    phase: new PhaseMeter(NO_CAPABILITY, NO_CAPABILITY),
    traffic: undefined,
  };
  readonly #maxRoutes: number;
  #routes = new Map<string, RouteMeter>();
  #phases = new Map<string, PhaseMeter>();
  #traffic = new Map<string, TrafficMeter>();
  #retired = new Map<string, { meter: TrafficMeter; emptyTakes: number }>();

  /** `maxRoutes`: plan routes with label values of their own; those beyond share `other` per capability. */
  constructor(maxRoutes = 1_000) {
    this.#maxRoutes = maxRoutes;
  }

  /** Begins to count for another table; nothing changes before `commit`. */
  nextGeneration(): MeterGeneration {
    const routes = new Map<string, RouteMeter>();
    const phases = new Map<string, PhaseMeter>();
    const traffic = new Map<string, TrafficMeter>();
    return {
      metersOf: (compiled) => ({
        route: this.#routeMeter(compiled, routes),
        phase: this.#phaseMeter(compiled, phases),
        traffic: this.#trafficMeter(compiled, traffic),
      }),
      commit: () => this.#commit(routes, phases, traffic),
    };
  }

  #commit(
    routes: Map<string, RouteMeter>,
    phases: Map<string, PhaseMeter>,
    traffic: Map<string, TrafficMeter>,
  ): void {
    // Phases that ended are kept while requests are in flight in them: their gauges must come back to zero.
    for (const [key, phase] of this.#phases) {
      if (!phases.has(key) && phase.inFlight.some((count) => count !== 0)) phases.set(key, phase);
    }
    // Requests still in flight on the old table belong to its run: its meters are read for some time after the change.
    for (const [key, meter] of this.#traffic) {
      if (!traffic.has(key)) this.#retired.set(key, { meter, emptyTakes: 0 });
    }
    for (const key of this.#retired.keys()) {
      if (traffic.has(key) || this.#retired.size > MAX_RETIRED) this.#retired.delete(key);
    }
    this.#routes = routes;
    this.#phases = phases;
    this.#traffic = traffic;
  }

  routes(): RouteMeter[] {
    return [this.unclaimed.route, ...this.#routes.values()];
  }

  phases(): PhaseMeter[] {
    return [this.unclaimed.phase, ...this.#phases.values()];
  }

  /** All meters that may hold evidence. Called once per delivery: those of ended runs go when they stayed empty for long. */
  traffic(): TrafficMeter[] {
    const meters = [...this.#traffic.values()];
    for (const [key, retired] of this.#retired) {
      if (!retired.meter.isEmpty()) retired.emptyTakes = 0;
      else if (++retired.emptyTakes > MAX_EMPTY_TAKES) this.#retired.delete(key);
      meters.push(retired.meter);
    }
    return meters;
  }

  #routeMeter(compiled: CompiledRoute, into: Map<string, RouteMeter>): RouteMeter {
    const { capability } = compiled;
    const own = `${capability}\n${compiled.route.id}`;
    const found = into.get(own);
    if (found) return found;
    const key = into.size < this.#maxRoutes ? own : `${capability}\n${OTHER_ROUTE}`;
    const meter =
      into.get(key) ??
      this.#routes.get(key) ??
      new RouteMeter(capability, key === own ? compiled.route.id : OTHER_ROUTE);
    into.set(key, meter);
    return meter;
  }

  #phaseMeter(compiled: CompiledRoute, into: Map<string, PhaseMeter>): PhaseMeter {
    const { capability, state } = compiled;
    const key = `${capability}\n${state.phase}`;
    const meter = into.get(key) ?? this.#phases.get(key) ?? new PhaseMeter(capability, state.phase);
    into.set(key, meter);
    return meter;
  }

  #trafficMeter(compiled: CompiledRoute, into: Map<string, TrafficMeter>): TrafficMeter {
    const { capability, state, route } = compiled;
    const key = `${capability}\n${state.epoch}\n${route.id}`;
    const meter =
      into.get(key) ??
      this.#traffic.get(key) ??
      this.#retired.get(key)?.meter ??
      new TrafficMeter(capability, state.epoch, route.id);
    into.set(key, meter);
    return meter;
  }
}
