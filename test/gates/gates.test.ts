import { describe, expect, it } from 'vitest';
import { clusterId } from '../../migration-plans/evidence/cluster.ts';
import type {
  DifferenceCluster,
  EvidenceSummary,
  Histogram,
} from '../../migration-plans/evidence/evidence.ts';
import { emptyHistogram, observe } from '../../migration-plans/evidence/histogram.ts';
import { emptyFunnel, summarise } from '../../migration-plans/evidence/merge.ts';
import { autoRollback, evaluateGate } from '../../migration-plans/gates/gates.ts';
import { judge } from '../../migration-plans/gates/verdict.ts';
import { planOf, ROUTE } from '../compare/support.ts';

const plan = planOf();

function latency(count: number, ms: number): Histogram {
  const histogram = emptyHistogram();
  for (let i = 0; i < count; i++) observe(histogram, ms);
  return histogram;
}

function summary(
  changes: Partial<EvidenceSummary> & { compared?: number; mismatched?: number; probes?: number } = {},
): EvidenceSummary {
  const { compared = 0, mismatched = 0, probes = 0, ...rest } = changes;
  const funnel = {
    ...emptyFunnel(),
    eligible: compared,
    sampled: compared,
    sent: compared,
    completed: compared,
    compared,
    equal: compared - mismatched,
    mismatched,
    probes,
  };
  return { ...summarise('things', []), funnel: compared > 0 ? { [ROUTE]: funnel } : {}, ...rest };
}

function cluster(
  part: Pick<DifferenceCluster, 'kind' | 'shape' | 'seen'> & Partial<DifferenceCluster>,
): DifferenceCluster {
  const path = part.path ?? '$.a';
  return {
    id: clusterId(ROUTE, path, part.kind, part.shape),
    route: ROUTE,
    path,
    noiseSeen: 0,
    firstSeen: '',
    lastSeen: '',
    examples: [],
    ...part,
  };
}

function traffic(
  service: [requests: number, failures: number, ms?: number],
  monolith: [requests: number, failures: number, ms?: number] = [0, 0],
): Pick<EvidenceSummary, 'traffic'> {
  const cell = (
    target: 'service' | 'monolith',
    [requests, failures, ms = 10]: [number, number, number?],
  ) => ({ route: ROUTE, target, requests, failures, fallbacks: 0, latency: latency(requests, ms) });
  return { traffic: [cell('service', service), cell('monolith', monolith)] };
}

describe('the verdict', () => {
  it('is never go without data', () => {
    expect(judge(plan, summary())).toMatchObject({
      verdict: 'insufficient-evidence',
      rule: 'canary.minCompared',
    });
    const demandless = planOf({
      gates: { ...plan.gates, canary: { minCompared: 0, minComparedPerRoute: 0, maxMismatchBp: 10_000 } },
    });
    expect(judge(demandless, summary())).toMatchObject({
      verdict: 'insufficient-evidence',
      rule: 'canary.minCompared',
    });
  });

  it('is go when enough was compared and nothing differs', () => {
    const judgement = judge(plan, summary({ compared: 1_500, probes: 50 }));
    expect(judgement).toMatchObject({ verdict: 'go', rule: 'all' });
    expect(judgement.findings.every((finding) => finding.met)).toBe(true);
    expect(judgement.message).toContain('1500 answers of things');
  });

  it('names what is missing and what would change it', () => {
    expect(judge(plan, summary({ compared: 400 })).message).toContain('600 more');
    const strict = planOf({ gates: { ...plan.gates, canary: { ...plan.gates.canary, maxMismatchBp: 10 } } });
    expect(judge(strict, summary({ compared: 1_500 }))).toMatchObject({
      verdict: 'insufficient-evidence',
      rule: 'canary.mismatchBound',
      message: expect.stringContaining('2338 more answers'),
    });
  });

  it('asks for every mirrored route, and says which are not mirrored', () => {
    const [route] = plan.routes;
    const two = planOf({
      routes: [
        route!,
        { ...route!, id: 'GET /other' },
        { ...route!, id: 'POST /things', effect: 'write' },
        { ...route!, id: 'GET /off', shadow: false },
      ],
    });
    const judgement = judge(two, summary({ compared: 5_000 }));
    expect(judgement).toMatchObject({ verdict: 'insufficient-evidence', rule: 'canary.minComparedPerRoute' });
    expect(judgement.message).toContain('GET /other');
    expect(judgement.coverage.map(({ route: id, notMirrored }) => [id, notMirrored])).toEqual([
      ['GET /off', 'the plan excludes it from shadow traffic'],
      ['GET /other', undefined],
      ['POST /things', 'it writes, and the plan names no sandbox'],
      [ROUTE, undefined],
    ]);
    const none = planOf({ routes: [{ ...route!, shadow: false }] });
    expect(judge(none, summary({ compared: 5_000 })).verdict).toBe('insufficient-evidence');
  });

  it('is no-go for a single difference in form among many answers', () => {
    const judgement = judge(
      plan,
      summary({
        compared: 50_000,
        mismatched: 1,
        probes: 1_000,
        clusters: [cluster({ kind: 'type', shape: 'number→string', seen: 1 })],
      }),
    );
    expect(judgement).toMatchObject({ verdict: 'no-go', rule: 'shadow.structural' });
  });

  it('allows contents to differ as far as the plan does', () => {
    const value = (seen: number) =>
      summary({
        compared: 10_000,
        mismatched: seen,
        probes: 5_000,
        clusters: [cluster({ kind: 'value', shape: 'text→text', seen })],
      });
    expect(judge(plan, value(20)).verdict).toBe('go');
    expect(judge(plan, value(200))).toMatchObject({ verdict: 'no-go', rule: 'canary.maxMismatchBp' });
    expect(judge(plan, value(52)).verdict).toBe('insufficient-evidence');
  });

  it('does not stop for one time limit, but for certain failures', () => {
    const failing = (failures: number) =>
      summary({
        compared: 5_000,
        mismatched: failures,
        clusters: [cluster({ kind: 'failure', path: 'answer', shape: '200→timeout', seen: failures })],
        shadowLatency: [
          { route: ROUTE, target: 'service', latency: latency(5_000, 10), failures },
          { route: ROUTE, target: 'monolith', latency: latency(5_000, 10), failures: 0 },
        ],
      });
    expect(judge(plan, failing(1)).verdict).toBe('go');
    expect(judge(plan, failing(300))).toMatchObject({ verdict: 'no-go', rule: 'shadow.errors' });
  });

  it('is not go while differences found no room or most samples were lost', () => {
    expect(judge(plan, summary({ compared: 5_000, clustersOmitted: 3 })).rule).toBe('shadow.clustersOmitted');
    const lossy = summary({ compared: 5_000 });
    lossy.funnel[ROUTE] = { ...lossy.funnel[ROUTE]!, sampled: 20_000, dropped: { 'queue-full': 15_000 } };
    expect(judge(plan, lossy)).toMatchObject({ verdict: 'insufficient-evidence', rule: 'shadow.losses' });
  });

  it('reports a slower service without deciding by it', () => {
    const slow = summary({
      compared: 5_000,
      shadowLatency: [
        { route: ROUTE, target: 'service', latency: latency(1_000, 100), failures: 0 },
        { route: ROUTE, target: 'monolith', latency: latency(1_000, 10), failures: 0 },
      ],
    });
    const judgement = judge(plan, slow);
    expect(judgement.verdict).toBe('go');
    expect(judgement.findings.find((finding) => finding.rule === 'shadow.latency')).toMatchObject({
      met: false,
    });
    expect(judgement.latency?.slower.p).toBeLessThan(0.001);
  });
});

describe('gates', () => {
  const met = (findings: { met: boolean }[]) => findings.every((finding) => finding.met);

  it('lets anything enter shadow, and canary as the verdict says', () => {
    expect(evaluateGate(plan, summary(), 'shadow')).toEqual([]);
    expect(met(evaluateGate(plan, summary(), 'canary'))).toBe(false);
    expect(met(evaluateGate(plan, summary({ compared: 5_000 }), 'canary'))).toBe(true);
  });

  it('asks cutover for requests, few failures and comparable latency', () => {
    const failing = (changes: Pick<EvidenceSummary, 'traffic'>) =>
      evaluateGate(plan, summary(changes), 'cutover')
        .filter((finding) => !finding.met)
        .map((finding) => finding.rule);
    expect(failing(traffic([2_000, 0], [2_000, 0]))).toEqual([]);
    expect(failing(traffic([0, 0]))).toEqual([
      'cutover.minRequests',
      'cutover.maxErrorBp',
      'cutover.maxLatencyRatio',
    ]);
    expect(failing(traffic([500, 0], [500, 0]))).toEqual(['cutover.minRequests']);
    expect(failing(traffic([2_000, 40], [2_000, 0]))).toEqual(['cutover.maxErrorBp']);
    expect(failing(traffic([2_000, 0, 90], [2_000, 0, 10]))).toEqual(['cutover.maxLatencyRatio']);
    expect(failing(traffic([2_000, 0, 90], [0, 0]))).toEqual([]);
  });

  it('rolls back only with certainty, and not to a monolith that is no better', () => {
    expect(autoRollback(plan, traffic([1_000, 100], [1_000, 0]))).toMatchObject({
      rule: 'rollback.maxErrorBp',
      met: false,
    });
    expect(autoRollback(plan, traffic([50, 50], [1_000, 0]))).toBeUndefined();
    expect(autoRollback(plan, traffic([100, 4], [1_000, 0]))).toBeUndefined();
    expect(autoRollback(plan, traffic([1_000, 100], [1_000, 100]))).toBeUndefined();
    expect(autoRollback(plan, traffic([1_000, 100], [0, 0]))).toBeDefined();
    const off = planOf({ gates: { ...plan.gates, rollback: { ...plan.gates.rollback, auto: false } } });
    expect(autoRollback(off, traffic([1_000, 1_000]))).toBeUndefined();
  });
});
