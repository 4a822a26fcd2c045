import type { EvidenceSummary, TrafficCell } from '../evidence/evidence.ts';
import type { Plan } from '../plan/plan.ts';
import type { GateFinding, Target } from '../revision/revision.ts';
import { atLeast, atMost, bpWords, toBp } from './finding.ts';
import { compareLatency, MIN_LATENCY_COUNT } from './latency.ts';
import { newcombe, wilson } from './statistics.ts';
import { judge } from './verdict.ts';

/**
 * Judges whether the evidence allows to enter a phase. Every rule is reported, met or not; the phase may be entered when all are met.
 * Shadow asks nothing, as it is where evidence comes from. Canary asks for the verdict of the shadow report. Cutover asks for the canary.
 */
export function evaluateGate(
  plan: Plan,
  summary: EvidenceSummary,
  to: 'shadow' | 'canary' | 'cutover',
): GateFinding[] {
  if (to === 'shadow') return [];
  if (to === 'canary')
    return judge(plan, summary).findings.filter((finding) => finding.rule !== 'shadow.latency');
  return cutoverFindings(plan, summary);
}

/**
 * Whether the service fails so often in canary or cutover that the capability goes back by itself. Pass what was measured since the
 * phase was entered, or in a recent window. Undefined: it stays. Small numbers do not roll back: the lower bound decides, and a
 * monolith that fails as often is no reason to go back to it.
 */
export function autoRollback(plan: Plan, summary: Pick<EvidenceSummary, 'traffic'>): GateFinding | undefined {
  const { auto, maxErrorBp, minRequests } = plan.gates.rollback;
  if (!auto) return undefined;
  const service = totals(summary.traffic, 'service');
  if (service.requests < Math.max(1, minRequests)) return undefined;
  const lowerBp = toBp(wilson(service.failures, service.requests).lower);
  if (lowerBp <= maxErrorBp) return undefined;
  const monolith = totals(summary.traffic, 'monolith');
  const excess = newcombe(service.failures, service.requests, monolith.failures, monolith.requests);
  if (monolith.requests >= minRequests && excess.lower <= 0) return undefined;
  return {
    rule: 'rollback.maxErrorBp',
    met: false,
    message: `The service failed ${service.failures} of ${service.requests} requests: certainly more than ${bpWords(lowerBp)}, ${bpWords(maxErrorBp)} are allowed.`,
    required: maxErrorBp,
    seen: Math.round(lowerBp * 100) / 100,
  };
}

function cutoverFindings(plan: Plan, summary: EvidenceSummary): GateFinding[] {
  const { minRequests, maxErrorBp, maxLatencyRatio } = plan.gates.cutover;
  const service = totals(summary.traffic, 'service');
  const monolith = totals(summary.traffic, 'monolith');
  const needed = Math.max(1, minRequests);
  const errors = wilson(service.failures, service.requests);
  const missing = Math.max(0, needed - service.requests);
  const latency = compareLatency(
    summary.traffic.filter((cell) => cell.target === 'monolith').map((cell) => cell.latency),
    summary.traffic.filter((cell) => cell.target === 'service').map((cell) => cell.latency),
  );
  // All traffic may be on the service already (100 % canary): then there is nothing to compare its latency with.
  const uncomparable =
    latency === undefined && monolith.requests < MIN_LATENCY_COUNT && service.requests >= MIN_LATENCY_COUNT;
  return [
    atLeast(
      'cutover.minRequests',
      needed,
      service.requests,
      `The service answered ${service.requests} requests in the present canary, ${needed} are required${missing > 0 ? `: ${missing} more` : ''}.`,
    ),
    atMost(
      'cutover.maxErrorBp',
      maxErrorBp,
      service.requests === 0 ? null : toBp(errorsBound(service, errors.upper)),
      `The service failed ${service.failures} of ${service.requests} requests: at most ${bpWords(toBp(errorsBound(service, errors.upper)))}, ${bpWords(maxErrorBp)} are allowed.`,
    ),
    uncomparable
      ? atMost(
          'cutover.maxLatencyRatio',
          maxLatencyRatio,
          0,
          'Too few answers of the monolith to compare latency with; not judged.',
        )
      : atMost(
          'cutover.maxLatencyRatio',
          maxLatencyRatio,
          latency?.ratio.lower ?? null,
          latency === undefined
            ? `Fewer than ${MIN_LATENCY_COUNT} answers on a side: latency can't be compared yet.`
            : `p95 of the service ${Math.round(latency.service.p95)} ms, of the monolith ${Math.round(latency.monolith.p95)} ms: certainly ${latency.ratio.lower.toFixed(2)} times, ${maxLatencyRatio} times are allowed.`,
        ),
  ];
}

/**
 * The rate that is held against the limit: the upper bound where failures were seen, and none where none were. A service without a
 * failure in `minRequests` has met what the plan asks; a bound would silently raise that number.
 */
function errorsBound(service: { failures: number }, upper: number): number {
  return service.failures === 0 ? 0 : upper;
}

function totals(cells: readonly TrafficCell[], target: Target): { requests: number; failures: number } {
  let requests = 0;
  let failures = 0;
  for (const cell of cells) {
    if (cell.target !== target) continue;
    requests += cell.requests;
    failures += cell.failures;
  }
  return { requests, failures };
}
