import { isExpired } from '../../migration-plans/compare/rules.ts';
import { byRank, type ClassifiedCluster } from '../../migration-plans/evidence/classify.ts';
import type { DropReason, EvidenceSummary, Histogram } from '../../migration-plans/evidence/evidence.ts';
import { quantile } from '../../migration-plans/evidence/histogram.ts';
import { emptyFunnel } from '../../migration-plans/evidence/merge.ts';
import { layRuns } from '../../migration-plans/evidence/runs.ts';
import { isFinding, type Judgement, judge } from '../../migration-plans/gates/verdict.ts';
import type { CompareRule, Plan } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState } from '../../migration-plans/revision/revision.ts';
import { curlCommand } from './curl.ts';
import { noiseCauses } from './noise-causes.ts';
import type {
  ClusterView,
  CoverageRow,
  ErrorRow,
  LatencyRow,
  Quantiles,
  ReportView,
  RuleRow,
  WriteRow,
} from './view.ts';

export interface ReportInput {
  plan: Plan;
  state: CapabilityState;
  revision: number | null;
  summary: EvidenceSummary;
  /** Runs before this one that are stored, oldest first. */
  earlier: readonly EvidenceSummary[];
  /** Where the commands to copy send to. */
  origins: { monolith: string; service: string };
  now: Date;
}

/** What the report says, from what was measured. Pure: the same evidence gives the same report. */
export function buildReport(input: ReportInput): ReportView {
  const { plan, state, summary, now, origins } = input;
  const judgement = judge(plan, summary);
  const writing = new Set(judgement.writes?.clusters);
  const change = changeView(input);
  const view = (entry: ClassifiedCluster): ClusterView => ({
    ...clusterView(entry, writing.has(entry) ? 'write' : 'read', origins),
    change: change?.find(({ id }) => id === entry.cluster.id)?.status,
    accept: `npx strangler report ${plan.capability} accept ${entry.cluster.id} --reason "…"`,
  });
  const noise = judgement.clusters.filter((entry) => entry.class === 'noise');
  const differing = [...judgement.clusters, ...writing]
    .filter(({ class: kind }) => kind !== 'noise' && kind !== 'related')
    .sort(byRank);
  return {
    formatVersion: 1,
    capability: plan.capability,
    description: plan.description,
    generatedAt: now.toISOString(),
    revision: input.revision,
    phase: state.phase,
    run: {
      epoch: summary.epoch,
      serviceVersions: summary.serviceVersions,
      from: summary.from === '' ? null : summary.from,
      to: summary.to === '' ? null : summary.to,
    },
    verdict: { value: judgement.verdict, rule: judgement.rule, message: judgement.message },
    findings: judgement.findings,
    compared: judgement.funnel.compared,
    mismatched: mismatchedAtLeast(judgement),
    differing: judgement.funnel.mismatched,
    coverage: coverageRows(plan, judgement),
    writes: judgement.writes && { message: judgement.writes.message, rows: writeRows(plan, summary) },
    funnel: funnelView(judgement),
    clusters: differing.map(view),
    change,
    clustersOmitted: summary.clustersOmitted,
    noise: noise.map(view),
    noiseCauses: noiseCauses(noise),
    rules: plan.compare.rules.map((rule) => ruleRow(rule, summary.rulesHidden[rule.id] ?? 0, now)),
    latency: latencyRows(summary),
    errors: errorRows(summary),
    runs: summary.runs.map((run) => ({
      ...run,
      present: run.epoch === summary.epoch && summary.serviceVersions.includes(run.serviceVersion),
    })),
    notices: Object.entries(summary.notices).map(([text, count]) => ({ text, count })),
    redactions: summary.redactions,
  };
}

function clusterView(
  entry: ClassifiedCluster,
  lane: ClusterView['lane'],
  origins: ReportInput['origins'],
): Omit<ClusterView, 'change' | 'accept'> {
  const { cluster, service, noise } = entry;
  const curl = (origin: string, { method, url }: { method: string; url: string }) =>
    lane === 'read' ? curlCommand(origin, method, url) : undefined;
  return {
    id: cluster.id,
    title: entry.description,
    route: cluster.route,
    path: cluster.path,
    lane,
    kind: cluster.kind,
    shape: cluster.shape,
    severity: entry.severity,
    state: entry.class === 'related' ? 'noise' : entry.class,
    seen: cluster.seen,
    share: service.rate,
    shareLow: service.lower,
    shareHigh: service.upper,
    noiseSeen: cluster.noiseSeen,
    noiseShare: noise.rate,
    why: entry.why,
    firstSeen: cluster.firstSeen,
    lastSeen: cluster.lastSeen,
    examples: cluster.examples.map(({ bytes: _, ...example }) => ({
      ...example,
      curlMonolith: curl(origins.monolith, example),
      curlService: curl(origins.service, example),
    })),
  };
}

/** Answers that differ beyond noise: at least those of the most frequent finding, less what the monolith's own noise explains. */
function mismatchedAtLeast({ clusters }: Judgement): number {
  return clusters
    .filter(isFinding)
    .reduce(
      (most, { service, noise }) => Math.max(most, Math.round(service.seen - noise.rate * service.of)),
      0,
    );
}

/** Untested routes first, then thin ones; routes that are not mirrored on purpose last. */
function coverageRows(plan: Plan, { coverage }: Judgement): CoverageRow[] {
  const rows = coverage.flatMap((cell): CoverageRow[] => {
    const route = plan.routes.find(({ id }) => id === cell.route);
    if (cell.seen.length === 0) {
      const state = cell.notMirrored === undefined ? 'untested' : 'not mirrored';
      const method = route?.methods.join(', ') ?? '';
      return [
        {
          route: cell.route,
          method,
          statusClass: '—',
          compared: 0,
          mismatched: 0,
          state,
          note: cell.notMirrored,
        },
      ];
    }
    return cell.seen.map((seen) => ({
      route: cell.route,
      ...seen,
      state: seen.compared < cell.required ? 'thin' : 'tested',
      note: undefined,
    }));
  });
  const order = ['untested', 'thin', 'tested', 'not mirrored'];
  return rows.sort(
    (a, b) =>
      order.indexOf(a.state) - order.indexOf(b.state) ||
      a.compared - b.compared ||
      (a.route < b.route ? -1 : 1),
  );
}

/** One row for each route that writes, those never compared first. */
function writeRows(plan: Plan, summary: EvidenceSummary): WriteRow[] {
  return plan.routes
    .filter(({ effect, shadow }) => effect === 'write' && shadow)
    .map(({ id }) => {
      const { sent, compared, equal, mismatched, dropped } = summary.funnel[id] ?? emptyFunnel();
      const diverged = dropped['state-diverged'] ?? 0;
      return { route: id, sent, compared, equal, differing: mismatched, diverged };
    })
    .sort((a, b) => a.compared - b.compared || (a.route < b.route ? -1 : 1));
}

/** What each reason means to a person. */
const LOSS_WORDS: Record<DropReason, string> = {
  'queue-full': 'More copies were waiting than the queue holds.',
  'queue-bytes': 'The waiting answers together were larger than the queue holds.',
  expired: 'The copy had waited too long to be comparable.',
  'breaker-open': 'The service had failed repeatedly, so copies paused.',
  'no-endpoint': 'No healthy instance of the service was registered.',
  'client-aborted': 'The user left before the answer was complete.',
  'monolith-failed': 'The monolith gave no complete answer to compare with.',
  'body-too-large': 'The body was larger than the limit.',
  'compare-failed': 'The comparing worker was lost.',
  'changed-meanwhile':
    'The monolith changed its own answer between two reads, so neither agrees or differs for certain.',
  unconfirmed: 'A difference in form could not be confirmed, because too many were being confirmed already.',
  'sandbox-is-live':
    'The sandbox’s instance is also one of the service in use: a write there would have happened twice, so none was sent.',
  'state-diverged':
    'The sandbox refused or lacked what the monolith has (or the other way round): that is its data, not its answers.',
  shutdown: 'The edge shut down.',
};

function funnelView({ funnel }: Judgement): ReportView['funnel'] {
  const stages = [
    {
      label: 'Eligible',
      count: funnel.eligible,
      hint: 'Reads on routes of the plan that the monolith answered',
    },
    { label: 'Sampled', count: funnel.sampled, hint: 'Chosen by the bucket of their sticky key' },
    { label: 'Sent', count: funnel.sent, hint: 'A copy was sent to the service' },
    {
      label: 'Answered',
      count: funnel.completed,
      hint: 'The service answered, or failed, within its time limit',
    },
    { label: 'Compared', count: funnel.compared, hint: 'Both answers were compared' },
    { label: 'Equal', count: funnel.equal, hint: 'Nothing differed, not even noise' },
  ];
  const losses = Object.entries(funnel.dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ reason, words: LOSS_WORDS[reason as DropReason], count }))
    .sort((a, b) => b.count - a.count);
  return { stages, losses };
}

function ruleRow(rule: CompareRule, hidden: number, now: Date): RuleRow {
  const { at } = rule;
  const place = 'json' in at ? at.json : 'html' in at ? at.html : `header ${at.header}`;
  const { kind, ...details } = rule.do;
  const expired = isExpired(rule, now);
  return {
    id: rule.id,
    at: place,
    does: [kind, ...Object.entries(details).map(([name, value]) => `${name} ${value}`)].join(', '),
    reason: rule.reason,
    owner: rule.owner,
    expires: rule.expires,
    hidden,
    state: expired ? 'expired' : hidden === 0 ? 'hides nothing' : 'active',
  };
}

function latencyRows(summary: EvidenceSummary): LatencyRow[] {
  const routes = [...new Set(summary.shadowLatency.map((cell) => cell.route))].sort();
  const of = (route: string, target: 'monolith' | 'service'): Quantiles =>
    quantiles(summary.shadowLatency.find((cell) => cell.route === route && cell.target === target)?.latency);
  return routes.map((route) => ({ route, monolith: of(route, 'monolith'), service: of(route, 'service') }));
}

function quantiles(latency: Histogram | undefined): Quantiles {
  if (latency === undefined) return { count: 0, p50: undefined, p95: undefined, p99: undefined };
  return {
    count: latency.count,
    p50: quantile(latency, 0.5),
    p95: quantile(latency, 0.95),
    p99: quantile(latency, 0.99),
  };
}

/** Routes on which a side failed, those of only one side first. */
function errorRows(summary: EvidenceSummary): ErrorRow[] {
  const rows = new Map<string, ErrorRow>();
  for (const { route, target, latency, failures } of summary.shadowLatency) {
    const none = { requests: 0, failures: 0 };
    const row = rows.get(route) ?? { route, monolith: none, service: none };
    rows.set(route, { ...row, [target]: { requests: latency.count, failures } });
  }
  return [...rows.values()]
    .filter((row) => row.monolith.failures + row.service.failures > 0)
    .sort((a, b) => b.service.failures - b.monolith.failures - (a.service.failures - a.monolith.failures));
}

function changeView({ summary, earlier }: ReportInput): ReportView['change'] {
  if (earlier.length === 0) return undefined;
  return layRuns([...earlier, summary])
    .filter((change) => change.status !== 'not seen yet')
    .map(({ id, status, cluster, shares }) => ({ id, status, title: cluster.description, shares }));
}
