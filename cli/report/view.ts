import type { Verdict } from '../../migration-plans/evidence/evidence.ts';
import type { GateFinding } from '../../migration-plans/revision/revision.ts';

/** Everything that a report says, ready to be shown: each rendering (HTML, JSON, JUnit, Markdown) reads this and nothing else. */
export interface ReportView {
  formatVersion: 1;
  capability: string;
  description: string;
  generatedAt: string;
  revision: number | null;
  phase: string;
  run: { epoch: number | null; serviceVersions: string[]; from: string | null; to: string | null };
  verdict: { value: Verdict; rule: string; message: string };
  findings: GateFinding[];
  compared: number;
  /** Answers that differ beyond noise: at least so many. */
  mismatched: number;
  /** Answers that differ in anything, noise included. */
  differing: number;
  coverage: CoverageRow[];
  /** Writes mirrored to the sandbox. Undefined: the plan names none. */
  writes: { message: string; rows: WriteRow[] } | undefined;
  funnel: {
    stages: { label: string; count: number; hint: string }[];
    losses: { reason: string; words: string; count: number }[];
  };
  clusters: ClusterView[];
  /** Against earlier runs: which differences are new, have come back, are gone, come and go. Undefined: there is no earlier run. */
  change: ChangeRow[] | undefined;
  /** Differences that found no room in the bounded tables of the edges; they count as mismatches all the same. */
  clustersOmitted: number;
  noise: ClusterView[];
  /** The noise summed up by what causes it. */
  noiseCauses: NoiseCause[];
  rules: RuleRow[];
  latency: LatencyRow[];
  errors: ErrorRow[];
  runs: {
    epoch: number;
    serviceVersion: string;
    from: string;
    to: string;
    compared: number;
    present: boolean;
  }[];
  notices: { text: string; count: number }[];
  redactions: number;
}

export interface CoverageRow {
  route: string;
  method: string;
  /** `—`: the route was never compared. */
  statusClass: string;
  compared: number;
  mismatched: number;
  state: 'untested' | 'thin' | 'tested' | 'not mirrored';
  /** Why it is never compared. */
  note: string | undefined;
}

export interface ChangeRow {
  id: string;
  /** `new`, `regressed`, `persisting`, `fixed`, `flaky`. */
  status: string;
  title: string;
  /** Share of answers in each run, oldest first, this one last; undefined: its route was not compared then. */
  shares: (number | undefined)[];
}

export interface NoiseCause {
  cause: string;
  words: string;
  fields: number;
  /** The field that differs most often, and in which share of probes. */
  example: { route: string; path: string; share: number };
}

export interface WriteRow {
  route: string;
  sent: number;
  compared: number;
  /** Equal but for what each side makes up itself. */
  equal: number;
  differing: number;
  /** The sandbox's data had parted from the monolith's: says nothing. */
  diverged: number;
}

export type Severity = 'critical' | 'high' | 'medium' | 'low';

export interface ClusterView {
  id: string;
  /** In plain words: `price` became text in 3.1 % of `GET /orders/:id`. */
  title: string;
  route: string;
  path: string;
  /** `write`: seen in the sandbox. */
  lane: 'read' | 'write';
  kind: string;
  shape: string;
  severity: Severity;
  /** `difference`; `rare`: of form, in few answers; `unsettled`: too few noise probes to tell. */
  state: 'difference' | 'rare' | 'unsettled' | 'noise';
  seen: number;
  /** Share of the route's comparisons, with its 95 % interval; 0–1. */
  share: number;
  shareLow: number;
  shareHigh: number;
  noiseSeen: number;
  noiseShare: number;
  /** Why it is, or is not, taken for noise. */
  why: string;
  firstSeen: string;
  lastSeen: string;
  /** Against earlier runs, as in `change`; undefined: not known. */
  change: string | undefined;
  /** The command that accepts this difference by a rule in the plan. */
  accept: string;
  examples: ExampleView[];
}

export interface ExampleView {
  at: string;
  time: string;
  method: string;
  url: string;
  traceId: string | undefined;
  left: string | undefined;
  right: string | undefined;
  leftBody: string | undefined;
  rightBody: string | undefined;
  /** Undefined for a write: nobody should send one to the monolith by a click. */
  curlMonolith: string | undefined;
  curlService: string | undefined;
}

export interface RuleRow {
  id: string;
  at: string;
  does: string;
  reason: string;
  owner: string;
  expires: string | undefined;
  hidden: number;
  state: 'active' | 'hides nothing' | 'expired';
}

export interface LatencyRow {
  route: string;
  monolith: Quantiles;
  service: Quantiles;
}

/** Milliseconds; undefined: nothing measured. */
export interface Quantiles {
  count: number;
  p50: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
}

export interface ErrorRow {
  route: string;
  monolith: { requests: number; failures: number };
  service: { requests: number; failures: number };
}
