import type { EvidenceDelta, TrafficCell } from '../../migration-plans/evidence/evidence.ts';
import { emptyEvidence } from '../../migration-plans/evidence/merge.ts';
import type { Target } from '../../migration-plans/revision/revision.ts';
import { LatencyCell } from './latency.ts';

/** One target's share of a route's evidence. */
class TargetTraffic {
  requests = 0;
  failures = 0;
  fallbacks = 0;
  readonly latency = new LatencyCell();
}

/** What users got on one route during one run (capability and epoch), since it was last taken. */
export class TrafficMeter {
  readonly capability: string;
  readonly epoch: number;
  readonly route: string;
  #monolith: TargetTraffic | undefined;
  #service: TargetTraffic | undefined;

  constructor(capability: string, epoch: number, route: string) {
    this.capability = capability;
    this.epoch = epoch;
    this.route = route;
  }

  /**
   * Counts a request for the target that it was meant for: what a fallback hid from the user is still that target's failure, and the
   * time includes it. `bucket` -1: no time, because the client left before the answer.
   */
  record(target: Target, failed: boolean, fellBack: boolean, bucket: number, ms: number): void {
    let traffic: TargetTraffic;
    if (target === 'monolith') traffic = this.#monolith ??= new TargetTraffic();
    else traffic = this.#service ??= new TargetTraffic();
    traffic.requests += 1;
    if (failed) traffic.failures += 1;
    if (fellBack) traffic.fallbacks += 1;
    if (bucket >= 0) traffic.latency.record(bucket, ms);
  }

  isEmpty(): boolean {
    return (this.#monolith?.requests ?? 0) + (this.#service?.requests ?? 0) === 0;
  }

  /** What was recorded since the last call, which it forgets. */
  take(): TrafficCell[] {
    const cells: TrafficCell[] = [];
    for (const target of ['monolith', 'service'] as const) {
      const traffic = target === 'monolith' ? this.#monolith : this.#service;
      if (!traffic || traffic.requests === 0) continue;
      const { requests, failures, fallbacks } = traffic;
      cells.push({
        route: this.route,
        target,
        requests,
        failures,
        fallbacks,
        latency: traffic.latency.take(),
      });
      traffic.requests = 0;
      traffic.failures = 0;
      traffic.fallbacks = 0;
    }
    return cells;
  }
}

/** Turns what the meters counted into one delta per run. Takes from the meters: call it only to hand the result on. */
export function takeTrafficEvidence(
  meters: readonly TrafficMeter[],
  context: { edge: string; from: string; to: string; serviceVersion(capability: string): string },
): EvidenceDelta[] {
  const runs = new Map<string, EvidenceDelta>();
  for (const meter of meters) {
    const cells = meter.take();
    if (cells.length === 0) continue;
    const key = `${meter.capability}\n${meter.epoch}`;
    let delta = runs.get(key);
    if (!delta) {
      const { edge, from, to } = context;
      const serviceVersion = context.serviceVersion(meter.capability);
      const run = { capability: meter.capability, epoch: meter.epoch, serviceVersion };
      delta = { ...emptyEvidence(), run, edge, from, to };
      runs.set(key, delta);
    }
    delta.traffic.push(...cells);
  }
  return [...runs.values()];
}
