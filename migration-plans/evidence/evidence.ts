import type { DifferenceKind } from '../compare/answer.ts';
import type { Target } from '../revision/revision.ts';

/**
 * What edges measure. Everything here is additive: deltas of several edges and times merge by addition (counts), minimum and
 * maximum (times) and bounded reservoirs (examples). Whether a difference is noise is decided when evidence is read, never when
 * it is written, so that the decision can be explained and made again.
 */

/** One run: what was compared with what. Reports lay runs side by side. */
export interface RunKey {
  capability: string;
  /** Epoch of the capability's state: a new shadow phase begins a new run. */
  epoch: number;
  /** Version that the service's instances registered with; `unknown` if none. */
  serviceVersion: string;
}

/** Upper bounds in milliseconds of the latency histogram buckets; a last one holds everything beyond. */
export const LATENCY_BUCKETS_MS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10_000,
  30_000,
] as const;

export interface Histogram {
  /** One count per bucket of LATENCY_BUCKETS_MS, plus the last. */
  buckets: number[];
  count: number;
  sumMs: number;
}

/** Why a mirrored request was lost before it could be compared. */
export const DROP_REASONS = [
  'queue-full',
  'queue-bytes',
  'expired',
  'breaker-open',
  'no-endpoint',
  'client-aborted',
  'monolith-failed',
  'body-too-large',
  'compare-failed',
  'changed-meanwhile',
  'unconfirmed',
  'sandbox-is-live',
  'state-diverged',
  'shutdown',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Both targets had answered; what was lost is the comparison. */
export const LOST_AFTER_ANSWERS: ReadonlySet<DropReason> = new Set([
  'compare-failed',
  'changed-meanwhile',
  'unconfirmed',
  'state-diverged',
]);

/** From requests seen to answers compared, per route. */
export interface Funnel {
  eligible: number;
  sampled: number;
  sent: number;
  completed: number;
  compared: number;
  equal: number;
  mismatched: number;
  /** Noise probes compared (monolith against monolith), and how many of them differed. */
  probes: number;
  probesDiffering: number;
  dropped: Partial<Record<DropReason, number>>;
}

/** A cell of the coverage table. */
export interface CoverageCell {
  route: string;
  method: string;
  /** Of the monolith's answer: `2xx`, `3xx`, `4xx`, `5xx`. */
  statusClass: string;
  compared: number;
  mismatched: number;
}

/** Differences that are the same in kind, counted in both lanes. */
export interface DifferenceCluster {
  /** Stable hash of route, path, kind and shape. */
  id: string;
  route: string;
  path: string;
  kind: DifferenceKind;
  shape: string;
  /** Comparisons monolith ↔ service in which it occurred. */
  seen: number;
  /** Noise probes monolith ↔ monolith in which it occurred. */
  noiseSeen: number;
  firstSeen: string;
  lastSeen: string;
  /** Redacted, smallest first, at most a few. */
  examples: DifferenceExample[];
}

/** A redacted example of a difference, kept small enough to be read. */
export interface DifferenceExample {
  at: string;
  /** ISO time of the request. */
  time: string;
  method: string;
  /** Redacted path and query. */
  url: string;
  traceId: string | undefined;
  left: string | undefined;
  right: string | undefined;
  /** Redacted excerpts of both answers around the difference, or the whole if small. */
  leftBody: string | undefined;
  rightBody: string | undefined;
  /** Size of what is stored, in bytes: reservoirs keep the smallest. */
  bytes: number;
}

/** What users got, per route and target. */
export interface TrafficCell {
  route: string;
  target: Target;
  requests: number;
  /** 5xx answers, connect errors and time limits, also those that a fallback hid from the user. */
  failures: number;
  /** Answered by the monolith after the service had failed. */
  fallbacks: number;
  latency: Histogram;
}

/** Latency of mirrored requests. The service's is taken by a thread that gives way to the users', so it may be longer than theirs would be. */
export interface ShadowLatencyCell {
  route: string;
  target: Target;
  latency: Histogram;
  failures: number;
}

/** What one edge measured since it last reported. */
export interface EvidenceDelta {
  run: RunKey;
  edge: string;
  from: string;
  to: string;
  funnel: Record<string, Funnel>;
  coverage: CoverageCell[];
  clusters: DifferenceCluster[];
  /** Differences that found no room in the bounded cluster table; they still count as mismatches. */
  clustersOmitted: number;
  traffic: TrafficCell[];
  shadowLatency: ShadowLatencyCell[];
  /** Rule id → differences hidden. */
  rulesHidden: Record<string, number>;
  notices: Record<string, number>;
  redactions: number;
}

export interface EvidenceFilter {
  capability: string;
  /** Only this run; default: the newest epoch, all service versions. */
  epoch?: number;
  serviceVersion?: string;
}

/** Merged over edges and time. `runs` lists every run that is stored, newest first. */
export interface EvidenceSummary extends Omit<EvidenceDelta, 'edge' | 'run'> {
  capability: string;
  epoch: number | null;
  serviceVersions: string[];
  runs: { epoch: number; serviceVersion: string; from: string; to: string; compared: number }[];
}

/** QA's decision. */
export type Verdict = 'go' | 'no-go' | 'insufficient-evidence';
