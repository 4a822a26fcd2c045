import type { DropReason, EvidenceDelta, Funnel, RunKey } from '../../migration-plans/evidence/evidence.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';

type Stage = 'eligible' | 'sampled' | 'sent' | 'completed';

/**
 * Counts what happens to mirrored requests before they are compared; from the comparison on the worker counts. Cheap enough for the
 * hot path: one map look-up and one addition.
 */
export class FunnelCounters {
  readonly #edge: string;
  readonly #wallClock: () => number;
  #from: string;
  #byRoute = new Map<CompiledRoute, { funnel: Funnel; version: string | undefined }>();
  readonly #versions = new Map<string, string>();
  readonly droppedTotal: Partial<Record<DropReason, number>> = {};
  sent = 0;
  compared = 0;

  constructor(edge: string, wallClock: () => number) {
    this.#edge = edge;
    this.#wallClock = wallClock;
    this.#from = new Date(wallClock()).toISOString();
  }

  /** `version`: the service's, known from the moment an instance is chosen. */
  count(route: CompiledRoute, stage: Stage, version?: string): void {
    const entry = this.#entry(route);
    entry.funnel[stage] += 1;
    if (version !== undefined && entry.version !== version) {
      entry.version = version;
      if (this.#versions.size >= 1024) this.#versions.clear();
      this.#versions.set(route.serviceKey, version);
    }
    if (stage === 'sent') this.sent += 1;
  }

  drop(route: CompiledRoute, reason: DropReason): void {
    const { dropped } = this.#entry(route).funnel;
    dropped[reason] = (dropped[reason] ?? 0) + 1;
    this.droppedTotal[reason] = (this.droppedTotal[reason] ?? 0) + 1;
  }

  /** One delta per run, and starts again from nothing. */
  drain(): EvidenceDelta[] {
    const to = new Date(this.#wallClock()).toISOString();
    const deltas = new Map<string, EvidenceDelta>();
    for (const [route, { funnel, version }] of this.#byRoute) {
      const run: RunKey = {
        capability: route.capability,
        epoch: route.state.epoch,
        serviceVersion: version ?? this.#versions.get(route.serviceKey) ?? 'unknown',
      };
      const key = JSON.stringify(run);
      let delta = deltas.get(key);
      if (delta === undefined) {
        delta = emptyDelta(run, this.#edge, this.#from, to);
        deltas.set(key, delta);
      }
      // Two revisions of one route may have been in use since the last drain.
      const earlier = delta.funnel[route.route.id];
      delta.funnel[route.route.id] = earlier === undefined ? funnel : addFunnels(earlier, funnel);
    }
    this.#byRoute = new Map();
    this.#from = to;
    return [...deltas.values()];
  }

  #entry(route: CompiledRoute): { funnel: Funnel; version: string | undefined } {
    let entry = this.#byRoute.get(route);
    if (entry === undefined) {
      entry = { funnel: emptyFunnel(), version: undefined };
      this.#byRoute.set(route, entry);
    }
    return entry;
  }
}
