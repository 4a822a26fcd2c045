import { keepBefore, smallestExamples } from './cluster.ts';
import type {
  CoverageCell,
  DifferenceCluster,
  DropReason,
  EvidenceDelta,
  EvidenceSummary,
  Funnel,
  ShadowLatencyCell,
  TrafficCell,
} from './evidence.ts';
import { mergeHistograms } from './histogram.ts';

/** What deltas and summaries have in common: everything that was counted. */
export type EvidenceBody = Omit<EvidenceDelta, 'run' | 'edge'>;

export interface EvidenceLimits {
  clusters: number;
  examples: number;
  notices: number;
}

export const EVIDENCE_LIMITS: EvidenceLimits = { clusters: 2_000, examples: 3, notices: 100 };

/** Notices beyond the limit are counted under this name. */
const OTHER_NOTICES = '\uFFFF(others)';

export function emptyFunnel(): Funnel {
  return {
    eligible: 0,
    sampled: 0,
    sent: 0,
    completed: 0,
    compared: 0,
    equal: 0,
    mismatched: 0,
    probes: 0,
    probesDiffering: 0,
    dropped: {},
  };
}

export function emptyEvidence(): EvidenceBody {
  return {
    from: '',
    to: '',
    funnel: {},
    coverage: [],
    clusters: [],
    clustersOmitted: 0,
    traffic: [],
    shadowLatency: [],
    rulesHidden: {},
    notices: {},
    redactions: 0,
  };
}

/** Adds parts together. Associative and commutative, also where tables are full, so edges and stores may merge in any order. */
export function mergeEvidence(
  parts: readonly EvidenceBody[],
  limits: EvidenceLimits = EVIDENCE_LIMITS,
): EvidenceBody {
  const merged = emptyEvidence();
  for (const part of parts) {
    merged.from = earliest(merged.from, part.from);
    merged.to = latest(merged.to, part.to);
    for (const [route, funnel] of Object.entries(part.funnel)) {
      merged.funnel[route] = mergeFunnels(merged.funnel[route] ?? emptyFunnel(), funnel);
    }
    merged.clustersOmitted += part.clustersOmitted;
    merged.redactions += part.redactions;
    addCounts(merged.rulesHidden, part.rulesHidden);
    addCounts(merged.notices, part.notices);
  }
  merged.funnel = Object.fromEntries(Object.entries(merged.funnel).sort(byKey));
  merged.coverage = mergeCells(
    parts.flatMap((part) => part.coverage),
    coverageKey,
    mergeCoverage,
  );
  merged.traffic = mergeCells(
    parts.flatMap((part) => part.traffic),
    targetKey,
    mergeTraffic,
  );
  merged.shadowLatency = mergeCells(
    parts.flatMap((part) => part.shadowLatency),
    targetKey,
    mergeLatency,
  );
  const clusters = mergeCells(
    parts.flatMap((part) =>
      part.clusters.map((cluster) => ({
        ...cluster,
        examples: smallestExamples(cluster.examples, limits.examples),
      })),
    ),
    (cluster) => cluster.id,
    (a, b) => mergeClusters(a, b, limits.examples),
  ).sort(keepBefore);
  merged.clusters = clusters.slice(0, limits.clusters);
  for (const lost of clusters.slice(limits.clusters)) merged.clustersOmitted += lost.seen;
  merged.rulesHidden = Object.fromEntries(Object.entries(merged.rulesHidden).sort(byKey));
  merged.notices = boundNotices(merged.notices, limits.notices);
  return merged;
}

/** Merges what edges reported of one capability into what is read: the given runs only, `runs` telling of all that are stored. */
export function summarise(
  capability: string,
  deltas: readonly EvidenceDelta[],
  filter: { epoch?: number; serviceVersion?: string } = {},
  limits: EvidenceLimits = EVIDENCE_LIMITS,
): EvidenceSummary {
  const own = deltas.filter((delta) => delta.run.capability === capability);
  const epoch =
    filter.epoch ??
    own.reduce<number | null>((newest, { run }) => Math.max(newest ?? run.epoch, run.epoch), null);
  const chosen = own.filter(
    ({ run }) =>
      run.epoch === epoch &&
      (filter.serviceVersion === undefined || run.serviceVersion === filter.serviceVersion),
  );
  return {
    ...mergeEvidence(chosen, limits),
    capability,
    epoch,
    serviceVersions: [...new Set(chosen.map(({ run }) => run.serviceVersion))].sort(),
    runs: runsOf(own),
  };
}

/** All runs, newest first. */
export function runsOf(deltas: readonly EvidenceDelta[]): EvidenceSummary['runs'] {
  const runs = new Map<string, EvidenceSummary['runs'][number]>();
  for (const { run, from, to, funnel } of deltas) {
    const key = `${run.epoch} ${run.serviceVersion}`;
    const compared = Object.values(funnel).reduce((sum, cell) => sum + cell.compared, 0);
    const known = runs.get(key);
    runs.set(key, {
      epoch: run.epoch,
      serviceVersion: run.serviceVersion,
      from: known === undefined ? from : earliest(known.from, from),
      to: latest(known?.to ?? '', to),
      compared: compared + (known?.compared ?? 0),
    });
  }
  return [...runs.values()].sort((a, b) => b.epoch - a.epoch || (a.to < b.to ? 1 : a.to > b.to ? -1 : 0));
}

function mergeFunnels(a: Funnel, b: Funnel): Funnel {
  const dropped: Partial<Record<DropReason, number>> = { ...a.dropped };
  for (const [reason, count] of Object.entries(b.dropped) as [DropReason, number][]) {
    dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  return {
    eligible: a.eligible + b.eligible,
    sampled: a.sampled + b.sampled,
    sent: a.sent + b.sent,
    completed: a.completed + b.completed,
    compared: a.compared + b.compared,
    equal: a.equal + b.equal,
    mismatched: a.mismatched + b.mismatched,
    probes: a.probes + b.probes,
    probesDiffering: a.probesDiffering + b.probesDiffering,
    dropped,
  };
}

function mergeClusters(a: DifferenceCluster, b: DifferenceCluster, examples: number): DifferenceCluster {
  return {
    ...a,
    seen: a.seen + b.seen,
    noiseSeen: a.noiseSeen + b.noiseSeen,
    firstSeen: earliest(a.firstSeen, b.firstSeen),
    lastSeen: latest(a.lastSeen, b.lastSeen),
    examples: smallestExamples([...a.examples, ...b.examples], examples),
  };
}

function mergeCoverage(a: CoverageCell, b: CoverageCell): CoverageCell {
  return { ...a, compared: a.compared + b.compared, mismatched: a.mismatched + b.mismatched };
}

function mergeTraffic(a: TrafficCell, b: TrafficCell): TrafficCell {
  return {
    ...a,
    requests: a.requests + b.requests,
    failures: a.failures + b.failures,
    fallbacks: a.fallbacks + b.fallbacks,
    latency: mergeHistograms(a.latency, b.latency),
  };
}

function mergeLatency(a: ShadowLatencyCell, b: ShadowLatencyCell): ShadowLatencyCell {
  return { ...a, failures: a.failures + b.failures, latency: mergeHistograms(a.latency, b.latency) };
}

function mergeCells<T>(cells: readonly T[], keyOf: (cell: T) => string, merge: (a: T, b: T) => T): T[] {
  const merged = new Map<string, T>();
  for (const cell of cells) {
    const key = keyOf(cell);
    const known = merged.get(key);
    merged.set(key, known === undefined ? cell : merge(known, cell));
  }
  return [...merged].sort(byKey).map(([, cell]) => cell);
}

/** The first names in code unit order are kept, so that it does not matter in which order parts came. */
function boundNotices(notices: Record<string, number>, limit: number): Record<string, number> {
  const entries = Object.entries(notices)
    .filter(([name]) => name !== OTHER_NOTICES)
    .sort(byKey);
  const lost = entries.slice(limit).reduce((sum, [, count]) => sum + count, notices[OTHER_NOTICES] ?? 0);
  const kept = Object.fromEntries(entries.slice(0, limit));
  return lost > 0 ? { ...kept, [OTHER_NOTICES]: lost } : kept;
}

function addCounts(to: Record<string, number>, from: Record<string, number>): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function coverageKey(cell: CoverageCell): string {
  return JSON.stringify([cell.route, cell.method, cell.statusClass]);
}

function targetKey(cell: { route: string; target: string }): string {
  return JSON.stringify([cell.route, cell.target]);
}

function latest(a: string, b: string): string {
  return b > a ? b : a;
}

/** Empty: nothing yet. */
function earliest(a: string, b: string): string {
  if (a === '') return b;
  return b === '' || a < b ? a : b;
}
