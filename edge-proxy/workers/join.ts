import { AggregatorRegistry } from 'prom-client';
import type { Health, Stage } from '../lifecycle/stages.ts';

/** Health of a machine from that of its workers; undefined: the worker does not answer. Ready while somebody serves. */
export function joinHealth(stage: Stage, workers: readonly (Health | undefined)[]): Health {
  const reasons = new Set<string>();
  let ready = 0;
  for (const health of workers) {
    if (health?.ok) ready += 1;
    for (const reason of health?.reasons ?? []) reasons.add(reason);
  }
  if (ready < workers.length)
    reasons.add(`${workers.length - ready} of ${workers.length} workers are not ready`);
  return { ok: stage === 'ready' && ready > 0, stage, reasons: [...reasons] };
}

/** Metrics of all workers as one: counters add up, gauges as each of them says. Prometheus text format. */
export async function joinMetrics(workers: readonly object[][], own: string): Promise<string> {
  const joined = AggregatorRegistry.aggregate(workers as unknown as object[]);
  return `${await joined.metrics()}${own}`;
}
