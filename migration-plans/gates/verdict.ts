import { type ClassifiedCluster, classify } from '../evidence/classify.ts';
import { isOperational } from '../evidence/cluster.ts';
import type { EvidenceSummary, Funnel, Verdict } from '../evidence/evidence.ts';
import { splitLanes } from '../evidence/lanes.ts';
import { emptyFunnel } from '../evidence/merge.ts';
import { percent } from '../evidence/wording.ts';
import type { Plan, PlanRoute } from '../plan/plan.ts';
import type { GateFinding } from '../revision/revision.ts';
import { atLeast, atMost, bpWords, toBp } from './finding.ts';
import { compareLatency, type LatencyComparison } from './latency.ts';
import { newcombe, wilson, Z99_9 } from './statistics.ts';

export interface RouteCoverage {
  route: string;
  /** Writes are compared in the plan's sandbox, and none is required. */
  effect: 'read' | 'write';
  compared: number;
  required: number;
  /** Cells by method and status class of the monolith's answers, as seen. */
  seen: { method: string; statusClass: string; compared: number; mismatched: number }[];
  /** Why it is never compared; undefined: it is, or will be. */
  notMirrored: string | undefined;
}

export interface Judgement {
  verdict: Verdict;
  /** The rule that decided, such as `canary.maxMismatchBp`; `all` for go. */
  rule: string;
  /** In plain words: why, and what would change it. */
  message: string;
  /** Every rule with its figures, the deciding one first. */
  findings: GateFinding[];
  /** Ranked. */
  clusters: ClassifiedCluster[];
  /** Untested routes first. */
  coverage: RouteCoverage[];
  /** All routes added up. */
  funnel: Funnel;
  noise: { probes: number; differing: number; clusters: number };
  mismatch: { compared: number; certain: number; lowerBp: number; upperBp: number };
  latency: LatencyComparison | undefined;
  errors: { monolith: { failures: number; of: number }; service: { failures: number; of: number } };
  /** Mirrored writes. Undefined: the plan names no sandbox. */
  writes: WriteJudgement | undefined;
}

/** What is known of writes. Only a difference in form decides; that there is none does not make a verdict. */
export interface WriteJudgement {
  /** In plain words. */
  message: string;
  /** Ranked. */
  clusters: ClassifiedCluster[];
  funnel: Funnel;
  /** Compared only by saying that the sandbox's data have parted from the monolith's. */
  diverged: number;
}

/** More of what was sampled may not be lost before it was compared: what is lost is not lost by chance. */
const MAX_LOSS = 0.5;

/**
 * QA's decision about a capability in shadow: is the service ready to answer users? No-go as soon as there is certainty, go only when
 * every requirement is met, else not enough evidence. No data is never go.
 */
export function judge(plan: Plan, measured: EvidenceSummary): Judgement {
  const { reads: summary, writes: written } = splitLanes(plan, measured);
  const writes = judgeWrites(plan, written);
  const clusters = classify(summary);
  const funnel = totalFunnel(summary);
  const coverage = coverageOf(plan, measured);
  const mismatch = mismatchOf(summary, clusters, funnel.compared);
  const errors = errorsOf(summary);
  const latency = compareLatency(
    summary.shadowLatency.filter((cell) => cell.target === 'monolith').map((cell) => cell.latency),
    summary.shadowLatency.filter((cell) => cell.target === 'service').map((cell) => cell.latency),
  );
  const refusing = [
    structuralFinding(clusters),
    mismatchFinding(plan, summary, clusters, mismatch),
    errorFinding(plan, errors),
    ...(writes === undefined ? [] : [sandboxFinding(writes)]),
  ];
  const wanting = evidenceFindings(plan, summary, clusters, coverage, funnel, mismatch);
  const advice = latencyFinding(plan, latency);
  const against = refusing.find((finding) => !finding.met);
  const lacking = wanting.find((finding) => !finding.met);
  const deciding = against ?? lacking;
  const all = [...refusing, ...wanting, ...(advice === undefined ? [] : [advice])];
  return {
    verdict: against !== undefined ? 'no-go' : lacking !== undefined ? 'insufficient-evidence' : 'go',
    rule: deciding?.rule ?? 'all',
    message: deciding?.message ?? goMessage(plan, funnel, mismatch, writes),
    findings: deciding === undefined ? all : [deciding, ...all.filter((finding) => finding !== deciding)],
    clusters,
    coverage,
    funnel,
    noise: {
      probes: funnel.probes,
      differing: funnel.probesDiffering,
      clusters: clusters.filter((cluster) => cluster.class === 'noise').length,
    },
    mismatch,
    latency,
    errors,
    writes,
  };
}

/** Clusters that show another answer, whatever its rate: their form differs, or they certainly differ. */
export function isFinding(cluster: ClassifiedCluster): boolean {
  return cluster.class === 'difference' || cluster.class === 'rare';
}

function structuralFinding(clusters: readonly ClassifiedCluster[]): GateFinding {
  const found = clusters.filter(
    (entry) =>
      isFinding(entry) &&
      (entry.structural || entry.cluster.kind === 'relation') &&
      !isOperational(entry.cluster),
  );
  const first = found[0];
  return atMost(
    'shadow.structural',
    0,
    found.length,
    first === undefined
      ? 'No answer of the service differs in form from the monolith’s.'
      : `${first.description}${found.length > 1 ? `, and ${found.length - 1} more differences in form` : ''}. Fix the service, or accept each with a rule and a reason.`,
  );
}

/** Certain, that is by the lower bound; on any single route, since a small route's users count as well. */
function mismatchFinding(
  plan: Plan,
  summary: EvidenceSummary,
  clusters: readonly ClassifiedCluster[],
  mismatch: Judgement['mismatch'],
): GateFinding {
  const limit = plan.gates.canary.maxMismatchBp;
  const worst = clusters
    .filter((entry) => isFinding(entry) && !isOperational(entry.cluster))
    .reduce<ClassifiedCluster | undefined>(
      (a, b) => (a === undefined || b.certainShare > a.certainShare ? b : a),
      undefined,
    );
  const seen = Math.max(mismatch.lowerBp, worst === undefined ? 0 : toBp(worst.certainShare));
  const compared = summary.funnel[worst?.cluster.route ?? '']?.compared ?? mismatch.compared;
  return atMost(
    'canary.maxMismatchBp',
    limit,
    seen,
    worst === undefined || seen <= limit
      ? `Certainly differing beyond noise: ${bpWords(seen)} of the answers; ${bpWords(limit)} are allowed.`
      : `${worst.description} (${worst.cluster.seen} of ${compared}): certainly ${bpWords(seen)} differ beyond noise, ${bpWords(limit)} are allowed. Fix the service, or accept the difference with a rule and a reason.`,
  );
}

function errorFinding(plan: Plan, errors: Judgement['errors']): GateFinding {
  const { monolith, service } = errors;
  const excess = newcombe(service.failures, service.of, monolith.failures, monolith.of, Z99_9);
  const limit = plan.gates.cutover.maxErrorBp;
  return atMost(
    'shadow.errors',
    limit,
    service.of === 0 ? 0 : toBp(Math.max(0, excess.lower)),
    `The service failed ${service.failures} of ${service.of} mirrored requests, the monolith ${monolith.failures} of ${monolith.of}; certainly ${bpWords(toBp(Math.max(0, excess.lower)))} more, ${bpWords(limit)} are allowed.`,
  );
}

function evidenceFindings(
  plan: Plan,
  summary: EvidenceSummary,
  clusters: readonly ClassifiedCluster[],
  coverage: readonly RouteCoverage[],
  funnel: Funnel,
  mismatch: Judgement['mismatch'],
): GateFinding[] {
  const { minCompared, minComparedPerRoute, maxMismatchBp } = plan.gates.canary;
  const mirrored = coverage.filter((cell) => cell.notMirrored === undefined && cell.effect === 'read');
  const least = mirrored[0];
  const needed = Math.max(1, minCompared);
  const unsettled = clusters.filter((entry) => entry.class === 'unsettled' && unsettledMatters(entry, plan));
  const lost = Object.values(funnel.dropped).reduce((sum, count) => sum + count, 0);
  return [
    atLeast(
      'canary.minCompared',
      needed,
      funnel.compared,
      `${funnel.compared} answers were compared, ${needed} are required${funnel.compared < needed ? `: ${needed - funnel.compared} more` : ''}.`,
    ),
    atLeast(
      'canary.minComparedPerRoute',
      minComparedPerRoute,
      least?.compared ?? 0,
      least === undefined
        ? 'No route of the plan is mirrored, so nothing can be compared.'
        : least.compared >= minComparedPerRoute
          ? `Every mirrored route was compared at least ${minComparedPerRoute} times.`
          : `${mirrored.filter((cell) => cell.compared < minComparedPerRoute).length} of ${mirrored.length} mirrored routes were compared fewer than ${minComparedPerRoute} times; \`${least.route}\` ${least.compared} times. Send traffic to them, or lower the requirement.`,
    ),
    atMost(
      'shadow.unsettled',
      0,
      unsettled.length,
      unsettled.length === 0
        ? 'Every difference that matters was told from noise.'
        : `${unsettled[0]!.description}: ${unsettled[0]!.why} More noise probes settle ${unsettled.length === 1 ? 'it' : `this and ${unsettled.length - 1} more`}.`,
    ),
    atMost(
      'canary.mismatchBound',
      maxMismatchBp,
      funnel.compared === 0 ? null : mismatch.upperBp,
      `At most ${bpWords(mismatch.upperBp)} of the answers differ beyond noise (upper bound, 95 %), ${bpWords(maxMismatchBp)} are allowed${
        mismatch.upperBp > maxMismatchBp ? `; ${moreNeeded(mismatch, maxMismatchBp)}` : ''
      }.`,
    ),
    atMost(
      'shadow.clustersOmitted',
      0,
      summary.clustersOmitted,
      `${summary.clustersOmitted} differences found no room in the table of clusters and could not be judged.`,
    ),
    atMost(
      'shadow.losses',
      MAX_LOSS,
      funnel.sampled === 0 ? 0 : lost / funnel.sampled,
      `${lost} of ${funnel.sampled} sampled requests (${percent(funnel.sampled === 0 ? 0 : lost / funnel.sampled)}) were lost before they were compared; at most ${percent(MAX_LOSS)} may be.`,
    ),
  ];
}

/**
 * An unsettled difference in form always matters; one in content only if it could pass what is allowed. A relation of a noisy value
 * that breaks now and then breaks by chance: only one that certainly breaks more often than is allowed says something.
 */
function unsettledMatters(entry: ClassifiedCluster, plan: Plan): boolean {
  const limit = plan.gates.canary.maxMismatchBp;
  if (entry.cluster.kind === 'relation') return toBp(entry.service.lower) > limit;
  return entry.structural || toBp(entry.service.upper) > limit;
}

function moreNeeded(mismatch: Judgement['mismatch'], limitBp: number): string {
  if (mismatch.certain > 0 || limitBp <= 0) return 'compare more, or settle what differs';
  // Wilson's upper bound for no difference among n is z²/(n + z²).
  const zz = 1.959964 ** 2;
  const n = Math.ceil((zz * (1 - limitBp / 10_000)) / (limitBp / 10_000));
  return `${Math.max(1, n - mismatch.compared)} more answers without a difference would show it`;
}

function latencyFinding(plan: Plan, latency: LatencyComparison | undefined): GateFinding | undefined {
  if (latency === undefined) return undefined;
  const limit = plan.gates.cutover.maxLatencyRatio;
  const { ratio, monolith, service } = latency;
  return atMost(
    'shadow.latency',
    limit,
    ratio.lower,
    `p95 of the service ${Math.round(service.p95)} ms, of the monolith ${Math.round(monolith.p95)} ms: certainly ${ratio.lower.toFixed(2)} times, ${limit} times are allowed at cutover. Does not decide here.`,
  );
}

/** How many answers differ beyond noise: at least as many as the largest finding, at most as many as all together. */
function mismatchOf(
  summary: EvidenceSummary,
  clusters: readonly ClassifiedCluster[],
  compared: number,
): Judgement['mismatch'] {
  const counted = clusters.filter(
    (entry) =>
      (isFinding(entry) || entry.class === 'unsettled') &&
      !isOperational(entry.cluster) &&
      entry.cluster.kind !== 'relation',
  );
  const beyond = (entry: ClassifiedCluster) =>
    Math.max(
      0,
      entry.cluster.noiseSeen === 0 ? entry.cluster.seen : entry.excess.estimate * entry.service.of,
    );
  const mismatched = Object.values(summary.funnel).reduce((sum, funnel) => sum + funnel.mismatched, 0);
  const most = Math.min(
    mismatched,
    counted.reduce((sum, entry) => sum + beyond(entry), 0),
  );
  const certain = counted
    .filter(isFinding)
    .reduce((largest, entry) => Math.max(largest, entry.certainShare * entry.service.of), 0);
  return {
    compared,
    certain: Math.round(certain),
    lowerBp: compared === 0 ? 0 : toBp(certain / compared),
    upperBp: toBp(wilson(most, compared).upper),
  };
}

function errorsOf(summary: EvidenceSummary): Judgement['errors'] {
  const errors = { monolith: { failures: 0, of: 0 }, service: { failures: 0, of: 0 } };
  for (const cell of summary.shadowLatency) {
    errors[cell.target].failures += cell.failures;
    errors[cell.target].of += cell.latency.count;
  }
  return errors;
}

export function totalFunnel(summary: Pick<EvidenceSummary, 'funnel'>): Funnel {
  const total = emptyFunnel();
  for (const funnel of Object.values(summary.funnel)) {
    for (const key of [
      'eligible',
      'sampled',
      'sent',
      'completed',
      'compared',
      'equal',
      'mismatched',
      'probes',
      'probesDiffering',
    ] as const) {
      total[key] += funnel[key];
    }
    for (const [reason, count] of Object.entries(funnel.dropped) as [keyof Funnel['dropped'], number][]) {
      total.dropped[reason] = (total.dropped[reason] ?? 0) + count;
    }
  }
  return total;
}

function coverageOf(plan: Plan, summary: EvidenceSummary): RouteCoverage[] {
  return plan.routes
    .map((route) => ({
      route: route.id,
      compared: summary.funnel[route.id]?.compared ?? 0,
      effect: route.effect,
      required: route.effect === 'read' ? plan.gates.canary.minComparedPerRoute : 1,
      seen: summary.coverage
        .filter((cell) => cell.route === route.id)
        .map(({ method, statusClass, compared, mismatched }) => ({
          method,
          statusClass,
          compared,
          mismatched,
        })),
      notMirrored: whyNotMirrored(route, plan),
    }))
    .sort((a, b) => a.compared - b.compared || (a.route < b.route ? -1 : 1));
}

function whyNotMirrored(route: PlanRoute, plan: Plan): string | undefined {
  if (!route.shadow || route.sampleBp === 0) return 'the plan excludes it from shadow traffic';
  return route.effect === 'write' && plan.shadow.sandbox === undefined
    ? 'it writes, and the plan names no sandbox'
    : undefined;
}

function goMessage(
  plan: Plan,
  funnel: Funnel,
  mismatch: Judgement['mismatch'],
  writes: WriteJudgement | undefined,
): string {
  const reads = `${funnel.compared} answers of ${plan.capability} were compared on all mirrored routes; at most ${bpWords(mismatch.upperBp)} of them differ beyond noise (upper bound, 95 %), and none in form.`;
  return writes === undefined ? reads : `${reads} ${writes.message}`;
}

function judgeWrites(plan: Plan, summary: EvidenceSummary): WriteJudgement | undefined {
  if (plan.shadow.sandbox === undefined) return undefined;
  const clusters = classify(summary, { probed: false });
  const funnel = totalFunnel(summary);
  const diverged = funnel.dropped['state-diverged'] ?? 0;
  const findings = clusters.filter((entry) => isFinding(entry) && !isOperational(entry.cluster)).length;
  const apart =
    diverged === 0
      ? ''
      : ` ${diverged} more say nothing, because the sandbox’s data have parted from the monolith’s.`;
  const message =
    funnel.compared === 0
      ? `Writes: none was compared in the sandbox, so nothing is known of them.${apart}`
      : `Writes: ${funnel.compared} were compared in the sandbox, ${findings === 0 ? 'none differs in form' : `with ${findings} differences in form`}; in content ${funnel.equal} agree.${apart}`;
  return { message, clusters, funnel, diverged };
}

/** A write that is answered in another form is as wrong as a read; a sandbox that is down, or knows other things, is not. */
function sandboxFinding({ clusters, message }: WriteJudgement): GateFinding {
  const found = clusters.filter((entry) => isFinding(entry) && !isOperational(entry.cluster));
  const first = found[0];
  return atMost(
    'shadow.sandboxWrites',
    0,
    found.length,
    first === undefined
      ? message
      : `A mirrored write is answered in another form: ${first.description}${found.length > 1 ? `, and ${found.length - 1} more` : ''}. Fix the service, or accept each with a rule and a reason.`,
  );
}
