import {
  type DropReason,
  type EvidenceDelta,
  type Funnel,
  LOST_AFTER_ANSWERS,
  type RunKey,
} from '../../migration-plans/evidence/evidence.ts';
import { emptyEvidence, emptyFunnel, mergeEvidence } from '../../migration-plans/evidence/merge.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';

type Stage = 'eligible' | 'sampled' | 'sent';

/**
 * Counts what happens to mirrored requests before they are compared; from there on the worker counts. Cheap enough for the
 * hot path: one map look-up and one addition.
 */
export class FunnelCounters {
  readonly #edge: string;
  readonly #wallClock: () => number;
  /** Version of a service's instances, as evidence names it. */
  readonly #versionOf: (serviceKey: string) => string;
  #from: string;
  #byRoute = new Map<CompiledRoute, Funnel>();
  readonly droppedTotal: Partial<Record<DropReason, number>> = {};
  sent = 0;
  compared = 0;

  constructor(edge: string, wallClock: () => number, versionOf: (serviceKey: string) => string) {
    this.#edge = edge;
    this.#wallClock = wallClock;
    this.#versionOf = versionOf;
    this.#from = new Date(wallClock()).toISOString();
  }

  count(route: CompiledRoute, stage: Stage): void {
    this.#funnel(route)[stage] += 1;
    if (stage === 'sent') this.sent += 1;
  }

  drop(route: CompiledRoute, reason: DropReason): void {
    const funnel = this.#funnel(route);
    funnel.dropped[reason] = (funnel.dropped[reason] ?? 0) + 1;
    if (LOST_AFTER_ANSWERS.has(reason)) funnel.completed += 1;
    this.droppedTotal[reason] = (this.droppedTotal[reason] ?? 0) + 1;
  }

  /** One delta per run, and starts again from nothing. */
  drain(): EvidenceDelta[] {
    const from = this.#from;
    const to = new Date(this.#wallClock()).toISOString();
    const deltas = new Map<string, EvidenceDelta>();
    for (const [route, funnel] of this.#byRoute) {
      const run: RunKey = {
        capability: route.capability,
        epoch: route.state.epoch,
        serviceVersion: this.#versionOf(mirrorKey(route)),
      };
      const key = JSON.stringify(run);
      const counted = { ...emptyEvidence(), from, to, funnel: { [route.route.id]: funnel } };
      // Two revisions of one route may have been in use since the last drain: merged, not replaced.
      const body = mergeEvidence([deltas.get(key) ?? emptyEvidence(), counted]);
      deltas.set(key, { ...body, run, edge: this.#edge });
    }
    this.#byRoute = new Map();
    this.#from = to;
    return [...deltas.values()];
  }

  #funnel(route: CompiledRoute): Funnel {
    let funnel = this.#byRoute.get(route);
    if (funnel === undefined) {
      funnel = emptyFunnel();
      this.#byRoute.set(route, funnel);
    }
    return funnel;
  }
}

/** Who gets the copy of a request on this route: the service, or for writes the sandbox. */
export function mirrorKey({ route, serviceKey, sandboxKey }: CompiledRoute): string {
  return route.effect === 'write' ? (sandboxKey ?? serviceKey) : serviceKey;
}
