import { EXIT, StranglerError } from '../errors.ts';
import { entryOf } from '../revision/entry.ts';
import type {
  CapabilityState,
  GateFinding,
  Revision,
  RevisionDraft,
  TransitionDraft,
} from '../revision/revision.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import { type Step, takeStep } from './steps.ts';

/** Who asks, why, when, and what the gates said. */
export interface StepContext {
  actor: string;
  reason: string;
  /** ISO 8601 in UTC. */
  now: string;
  /** What the evidence says about the phase that is to be entered. Judged by the caller, who has the evidence. */
  gates: readonly GateFinding[];
  /** Go on although a gate is not met. Needs a reason; is recorded with the gates that were not met. */
  force?: boolean;
  /** Recorded as `auto-rollback`: no person asked for it. */
  automatic?: boolean;
}

export type TransitionResult =
  /** To be published with `StateStore.publish(draft, current revision, transitions)`. */
  | { ok: true; changed: true; draft: RevisionDraft; transitions: TransitionDraft[]; notes: string[] }
  /** Nothing to do; `notes` say why. Scripts may repeat a command. */
  | { ok: true; changed: false; notes: string[] }
  /** `refusal` is to be recorded with `StateStore.recordRefusal`; null: there is no capability that it could be about. */
  | { ok: false; refusal: TransitionDraft | null; error: StranglerError };

/** What a command makes of the newest revision. Pure: reads no clock and no store, and never throws. */
export function decideStep(
  current: Revision | null,
  capability: string,
  step: Step,
  context: StepContext,
): TransitionResult {
  const plan = entryOf(current?.plans, capability);
  const state = entryOf(current?.states, capability);
  if (current === null || plan === undefined || state === undefined)
    return { ok: false, refusal: null, error: unknownCapability(current, capability) };
  const result = takeStep(plan, state, step, context.now);
  const transition = transitionOf(capability, step, state, context);
  if ('unchanged' in result)
    return { ok: true, changed: false, notes: [`${capability}: ${result.unchanged}`] };
  if ('invalid' in result) {
    const error = new StranglerError('STEP_INVALID', result.invalid, {
      remedy: result.remedy,
      exitCode: EXIT.usage,
      status: 400,
    });
    return { ok: false, refusal: null, error };
  }
  if ('refused' in result) {
    const error = refusedError(
      'STEP_REFUSED',
      `"${capability}" cannot go from ${state.phase} to ${nameOf(step)}: ${result.refused}`,
      result.remedy.replaceAll('CAPABILITY', capability),
    );
    return { ok: false, refusal: { ...transition, outcome: 'refused' }, error };
  }
  const blocked = result.gated ? gateError(capability, step, state, context) : undefined;
  if (blocked !== undefined) {
    const refusal: TransitionDraft = { ...transition, to: summaryOf(result.to), outcome: 'refused' };
    return { ok: false, refusal, error: blocked };
  }
  const forced = result.gated && context.gates.some((gate) => !gate.met);
  const reason = forced ? `forced: ${context.reason}` : context.reason;
  return {
    ok: true,
    changed: true,
    draft: {
      plans: current.plans,
      states: { ...current.states, [capability]: result.to },
      actor: context.actor,
      reason,
    },
    transitions: [{ ...transition, to: summaryOf(result.to), reason }],
    notes: [],
  };
}

function gateError(
  capability: string,
  step: Step,
  state: CapabilityState,
  context: StepContext,
): StranglerError | undefined {
  const { gates, force, reason } = context;
  if (force === true && reason.trim() === '')
    return new StranglerError('STEP_NEEDS_REASON', 'going on against a gate needs a reason', {
      remedy: 'Add --reason and say why.',
      exitCode: EXIT.usage,
      status: 400,
    });
  if (force === true) return undefined;
  const unmet = gates.filter((gate) => !gate.met);
  // Entering a phase without any judgement would be entering it without evidence; growing a canary asks for none by itself.
  const judged = gates.length > 0 || (step.command === 'canary' && state.phase === 'canary');
  if (judged && unmet.length === 0) return undefined;
  const why = judged
    ? unmet.map((gate) => `${gate.rule}: ${gate.message}`).join('\n')
    : 'no evidence was judged';
  return refusedError(
    'GATE_REFUSED',
    `the gate to ${nameOf(step)} of "${capability}" is closed:\n${why}`,
    'Wait for more evidence, correct the service, or go on with --force --reason.',
    unmet,
  );
}

function refusedError(
  code: string,
  message: string,
  remedy: string,
  unmet: readonly GateFinding[] = [],
): StranglerError {
  return new StranglerError(code, message, {
    remedy,
    exitCode: EXIT.gateRefused,
    status: 409,
    findings: unmet.map((gate) => ({ code: gate.rule, message: gate.message, severity: 'error' })),
  });
}

/** `CAPABILITY_UNKNOWN` with the name that was likely meant, or `NOTHING_APPLIED`. */
export function unknownCapability(
  current: Pick<Revision, 'plans'> | null,
  capability: string,
): StranglerError {
  const known = Object.keys(current?.plans ?? {}).sort();
  if (known.length === 0)
    return new StranglerError('NOTHING_APPLIED', `no plan was applied yet, so there is no "${capability}"`, {
      remedy: 'Write a plan and run `strangler apply`.',
      exitCode: EXIT.usage,
      status: 404,
    });
  const meant = didYouMean(capability, known);
  return new StranglerError('CAPABILITY_UNKNOWN', `there is no capability "${capability}"`, {
    remedy: meant === undefined ? `Known: ${known.slice(0, 20).join(', ')}.` : `Did you mean "${meant}"?`,
    exitCode: EXIT.usage,
    status: 404,
  });
}

function transitionOf(
  capability: string,
  step: Step,
  state: CapabilityState,
  context: StepContext,
): TransitionDraft {
  const automatic = context.automatic === true && step.command === 'rollback';
  return {
    capability,
    command: automatic ? 'auto-rollback' : step.command,
    from: summaryOf(state),
    to: null,
    outcome: 'done',
    actor: context.actor,
    reason: context.reason,
    evidence: [...context.gates],
  };
}

/** What the audit trail keeps of a state. */
export function summaryOf({ phase, weightBp, owner }: CapabilityState): NonNullable<TransitionDraft['to']> {
  return { phase, weightBp, owner };
}

function nameOf(step: Step): string {
  if (step.command !== 'kill') return step.command;
  return step.on ? 'kill' : 'unkill';
}
