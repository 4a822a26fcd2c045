import type { EvidenceSummary } from '../../migration-plans/evidence/evidence.ts';
import { autoRollback, evaluateGate } from '../../migration-plans/gates/gates.ts';
import { judge } from '../../migration-plans/gates/verdict.ts';
import { nextStep, type Step } from '../../migration-plans/phases/steps.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState, GateFinding, Phase, Target } from '../../migration-plans/revision/revision.ts';
import type { EdgeLease } from '../../migration-plans/state-store/port.ts';
import { percentText } from '../terminal/units.ts';

/** Where a capability stands, and what its next step needs. */
export interface Standing {
  capability: string;
  phase: Phase;
  /** In percent. */
  weight: number;
  owner: Target;
  killed: boolean;
  since: string | null;
  /** The plan is part of the newest revision. */
  applied: boolean;
  service: { name: string; endpoints: number; healthy: number; versions: string[] };
  /** Answers compared, and differing beyond noise for certain; requests that the service answered for users, and failed. */
  evidence: { compared: number; mismatched: number; requests: number; failures: number };
  /** The command that takes the next step; null: there is none. */
  next: string | null;
  /** Why it would be refused, or would make no sense, now; empty: nothing does. */
  blockedBy: string[];
}

/** Pure. `state` undefined: the plan was never applied. */
export function standingOf(
  plan: Plan,
  state: CapabilityState | undefined,
  evidence: EvidenceSummary | undefined,
  edges: readonly EdgeLease[],
): Standing {
  const service = seenService(plan.capability, edges);
  const next = nextCommand(plan, state);
  const common = {
    capability: plan.capability,
    service: { name: plan.service.name, ...service },
    evidence: figures(plan, evidence),
    next,
  };
  if (state === undefined)
    return {
      ...common,
      phase: 'monolith',
      weight: 0,
      owner: 'monolith',
      killed: false,
      since: null,
      applied: false,
      blockedBy: ['the plan was not applied yet: strangler apply'],
    };
  return {
    ...common,
    phase: state.phase,
    weight: state.weightBp / 100,
    owner: state.owner,
    killed: state.killed,
    since: state.since,
    applied: true,
    blockedBy: blockers(plan, state, evidence, edges, service.healthy),
  };
}

/** The command that takes the next step, as one types it. */
function nextCommand(plan: Plan, state: CapabilityState | undefined): string | null {
  if (state === undefined) return 'strangler apply';
  const step = nextStep(plan, state);
  if (step === null) return null;
  const { capability } = plan;
  if (step.command === 'kill') return `strangler unkill ${capability}`;
  const weight =
    step.command === 'canary' && step.weightBp !== undefined ? ` --weight ${step.weightBp / 100}` : '';
  return `strangler ${step.command} ${capability}${weight}`;
}

function blockers(
  plan: Plan,
  state: CapabilityState,
  evidence: EvidenceSummary | undefined,
  edges: readonly EdgeLease[],
  healthy: number,
): string[] {
  if (state.killed) return ['the kill switch is on: everything goes to the monolith'];
  if (state.phase === 'retired' || state.phase === 'cutover') return [];
  const found: string[] = [];
  if (!edges.some((edge) => edge.live)) found.push('no edge is running');
  else if (healthy === 0) found.push(`no edge sees a healthy instance of the service "${plan.service.name}"`);
  const step = nextStep(plan, state);
  if (evidence !== undefined && step !== null) {
    const findings = gateOf(plan, state, step, evidence);
    found.push(
      ...findings.filter((finding) => !finding.met).map((finding) => `${finding.rule}: ${finding.message}`),
    );
  }
  if (step?.command === 'cutover' && plan.data.stage === 'own-database') found.push(NO_DATA_MOVE);
  return found;
}

export const NO_DATA_MOVE =
  'its plan moves the data (data.stage: own-database), which this version cannot do yet';

/** What the gates say about a step: entering canary and cutover, and a canary that grows, which wants a service that does not fail. */
export function gateOf(
  plan: Plan,
  state: Pick<CapabilityState, 'phase' | 'weightBp'>,
  step: Step,
  evidence: EvidenceSummary,
): GateFinding[] {
  if (step.command === 'cutover') return evaluateGate(plan, evidence, 'cutover');
  if (step.command !== 'canary') return [];
  if (state.phase === 'shadow') return evaluateGate(plan, evidence, 'canary');
  const failing = state.phase === 'canary' ? autoRollback(plan, evidence) : undefined;
  return failing === undefined ? [] : [failing];
}

/** What the live edges see of the service: the best view, since one edge may be behind. */
export function seenService(
  capability: string,
  edges: readonly EdgeLease[],
): { endpoints: number; healthy: number; versions: string[] } {
  const seen = edges
    .filter((edge) => edge.live)
    .flatMap((edge) => edge.services.filter((service) => service.capability === capability));
  return {
    endpoints: Math.max(0, ...seen.map((service) => service.endpoints)),
    healthy: Math.max(0, ...seen.map((service) => service.healthy)),
    versions: [...new Set(seen.flatMap((service) => service.versions))].sort(),
  };
}

function figures(plan: Plan, evidence: EvidenceSummary | undefined): Standing['evidence'] {
  if (evidence === undefined) return { compared: 0, mismatched: 0, requests: 0, failures: 0 };
  const { mismatch } = judge(plan, evidence);
  const sum = { compared: mismatch.compared, mismatched: mismatch.certain, requests: 0, failures: 0 };
  for (const cell of evidence.traffic) {
    if (cell.target !== 'service') continue;
    sum.requests += cell.requests;
    sum.failures += cell.failures;
  }
  return sum;
}

/** `canary 5 %`, `shadow`. */
export function phaseText(state: { phase: Phase; weight: number; killed: boolean }): string {
  const phase = state.phase === 'canary' ? `canary ${percentText(state.weight * 100)}` : state.phase;
  return state.killed ? `${phase}, killed` : phase;
}
