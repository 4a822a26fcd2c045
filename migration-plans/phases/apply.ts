import { EXIT, type Finding, StranglerError } from '../errors.ts';
import { diffPlan } from '../plan/diff.ts';
import type { Plan } from '../plan/plan.ts';
import { canonicalJson } from '../revision/digest.ts';
import { entryOf } from '../revision/entry.ts';
import type { CapabilityState, Revision, TransitionDraft } from '../revision/revision.ts';
import { stateIn } from './steps.ts';
import { type StepContext, summaryOf, type TransitionResult } from './transitions.ts';

type Context = Pick<StepContext, 'actor' | 'reason' | 'now'>;

/**
 * What applying a set of plans makes of the newest revision: new capabilities begin with the monolith, changed plans keep their phase, and
 * a plan that still routes somewhere cannot vanish. Pure. All refusals are reported at once, as findings of one error.
 */
export function decideApply(
  current: Revision | null,
  plans: Record<string, Plan>,
  context: Context,
): TransitionResult {
  const before = current?.plans ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(plans)])].sort();
  const changes = names.flatMap((name) => changeOf(current, name, plans, context));
  const refused = changes.filter((change) => change.problem !== undefined);
  const [first] = refused;
  if (first !== undefined) return { ok: false, refusal: first.transition, error: refusal(refused) };
  if (changes.length === 0 && current !== null)
    return { ok: true, changed: false, notes: [`the plans are those of revision ${current.number} already`] };
  if (changes.length === 0) return { ok: true, changed: false, notes: ['there is no plan to apply'] };
  const states = Object.fromEntries(
    Object.keys(plans).map((name): [string, CapabilityState] => [
      name,
      entryOf(current?.states, name) ?? newState(current, context.now),
    ]),
  );
  return {
    ok: true,
    changed: true,
    draft: { plans, states, actor: context.actor, reason: context.reason },
    transitions: changes.map((change) => change.transition),
    notes: changes.flatMap((change) => change.notes),
  };
}

interface Change {
  transition: TransitionDraft;
  notes: string[];
  problem?: { message: string; remedy: string };
}

/**
 * Epochs are given by revision number and rise by at most one a revision, so a capability that was removed and comes back gets one that it
 * never had: pins and evidence of its earlier life do not count.
 */
function newState(current: Revision | null, now: string): CapabilityState {
  return stateIn('monolith', { epoch: (current?.number ?? 0) + 1, since: now });
}

function changeOf(
  current: Revision | null,
  name: string,
  plans: Record<string, Plan>,
  context: Context,
): Change[] {
  const old = entryOf(current?.plans, name);
  const now = entryOf(plans, name);
  const state = entryOf(current?.states, name);
  const from = state === undefined ? null : summaryOf(state);
  const transition = (
    to: TransitionDraft['to'],
    outcome: TransitionDraft['outcome'] = 'done',
  ): TransitionDraft => ({
    capability: name,
    command: 'apply',
    from,
    to,
    outcome,
    actor: context.actor,
    reason: context.reason,
    evidence: [],
  });
  if (old === undefined || state === undefined)
    return [
      {
        transition: transition(summaryOf(newState(current, context.now))),
        notes: [`${name}: the plan is new`],
      },
    ];
  if (now === undefined) {
    if (state.phase === 'monolith')
      return [{ transition: transition(null), notes: [`${name}: the plan is removed`] }];
    if (state.phase === 'retired')
      return [
        {
          transition: transition(null),
          notes: [`${name}: the retired plan is removed; its requests go to the monolith again`],
        },
      ];
    return [{ transition: transition(null, 'refused'), notes: [], problem: removalProblem(name, state) }];
  }
  if (canonicalJson(old) === canonicalJson(now)) return [];
  if (state.phase === 'cutover' && old.data.stage !== now.data.stage)
    return [{ transition: transition(from, 'refused'), notes: [], problem: stageProblem(name) }];
  return [
    { transition: transition(from), notes: diffPlan(old, now).map(({ message }) => `${name}: ${message}`) },
  ];
}

function removalProblem(name: string, state: CapabilityState): NonNullable<Change['problem']> {
  return {
    message: `the plan of "${name}" is gone, but it is in phase ${state.phase}`,
    remedy: `Roll it back first (\`strangler rollback ${name}\`), or put the plan back.`,
  };
}

function stageProblem(name: string): NonNullable<Change['problem']> {
  return {
    message: `"${name}" cannot change whose database it writes to while the service owns the writes`,
    remedy: `Roll it back first (\`strangler rollback ${name}\`), then apply and cut over again.`,
  };
}

function refusal(refused: readonly Change[]): StranglerError {
  const findings: Finding[] = refused.map(({ transition, problem }) => ({
    code: 'APPLY_REFUSED',
    severity: 'error',
    message: problem?.message ?? `"${transition.capability}" was refused`,
    ...(problem === undefined ? {} : { remedy: problem.remedy }),
  }));
  const [first] = findings;
  return new StranglerError('APPLY_REFUSED', findings.map(({ message }) => message).join('\n'), {
    ...(first?.remedy === undefined ? {} : { remedy: first.remedy }),
    findings,
    exitCode: EXIT.gateRefused,
    status: 409,
  });
}
