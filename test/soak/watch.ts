import { readdirSync } from 'node:fs';
import { residentBytes } from '../bench/proxy/processes.ts';

/** What was seen of the edge at one moment; with workers, of all of them together. */
export interface Sample {
  /** Seconds since the soak began. */
  at: number;
  residentBytes: number;
  /** Open file descriptors: sockets above all. */
  handles: number;
  /** p99 of the event loop's delay since the sample before. Milliseconds. */
  lagMs: number;
  /** The same of the soak's own process, which suffers from the same machine. */
  ownLagMs: number;
  shadowQueued: number;
  shadowBytes: number;
  shadowDropped: number;
  shadowCompared: number;
  /** Connections of clients. */
  connections: number;
  revision: number;
}

export async function look(
  at: number,
  pids: readonly number[],
  adminUrl: string,
  ownLagMs: number,
): Promise<Sample> {
  const metrics = parseMetrics(await (await fetch(`${adminUrl}/metrics`)).text());
  const sum = (name: string): number => (metrics.get(name) ?? []).reduce((total, value) => total + value, 0);
  return {
    at,
    ownLagMs,
    residentBytes: pids.reduce((total, pid) => total + residentBytes(pid), 0),
    handles: pids.reduce((total, pid) => total + readdirSync(`/proc/${pid}/fd`).length, 0),
    lagMs: Math.max(0, ...(metrics.get('nodejs_eventloop_lag_p99_seconds') ?? [0])) * 1_000,
    shadowQueued: sum('strangler_shadow_queued'),
    shadowBytes: sum('strangler_shadow_bytes_held'),
    shadowDropped: sum('strangler_shadow_dropped_total'),
    shadowCompared: sum('strangler_shadow_compared_total'),
    connections: sum('strangler_connections'),
    revision: Math.max(0, ...(metrics.get('strangler_revision') ?? [0])),
  };
}

/** Values by metric name, labels left aside (Prometheus text format). */
function parseMetrics(text: string): Map<string, number[]> {
  const metrics = new Map<string, number[]>();
  for (const [, name = '', value] of text.matchAll(/^([a-z0-9_]+)(?:\{[^}]*\})? (\S+)$/gm)) {
    const values = metrics.get(name) ?? [];
    values.push(Number(value));
    metrics.set(name, values);
  }
  return metrics;
}
