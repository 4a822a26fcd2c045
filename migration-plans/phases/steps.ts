import type { Plan } from '../plan/plan.ts';
import type { CapabilityState, Phase, Target } from '../revision/revision.ts';
import { formatShare } from '../yaml/units.ts';

/** What can be asked of one capability. */
export type Step =
  | { command: 'shadow' }
  /** Without a weight: the next step of the plan's rollout. */
  | { command: 'canary'; weightBp?: number }
  | { command: 'cutover' }
  | { command: 'rollback' }
  | { command: 'retire' }
  | { command: 'kill'; on: boolean };

export type StepResult =
  /** `gated`: evidence must have allowed it. */
  | { to: CapabilityState; gated: boolean }
  /** The capability is there already; says so. */
  | { unchanged: string }
  /** Not from this phase, whatever the evidence; says why and what would help. */
  | { refused: string; remedy: string }
  /** The command itself makes no sense, such as a share of 0 %. */
  | { invalid: string; remedy: string };

/** Who owns the writes and which share the service gets follows from the phase, so no state can contradict itself. */
export function stateIn(
  phase: Phase,
  { weightBp = 0, epoch, since }: { weightBp?: number; epoch: number; since: string },
): CapabilityState {
  const owner: Target = phase === 'cutover' || phase === 'retired' ? 'service' : 'monolith';
  const share = owner === 'service' ? 10_000 : phase === 'canary' ? weightBp : 0;
  return { phase, weightBp: share, owner, epoch, killed: false, since };
}

/**
 * Where a step leads from a state. Pure. The epoch rises where pins given to clients must no longer hold: on the way back, and when a shadow
 * phase begins, which is a new run of evidence as well.
 */
export function takeStep(plan: Plan, state: CapabilityState, step: Step, now: string): StepResult {
  if (state.phase === 'retired') return fromRetired(step);
  if (step.command === 'kill') return kill(plan, state, step.on);
  if (step.command === 'rollback') return rollback(state, now);
  if (state.killed)
    return refused(
      'the kill switch is on, so everything goes to the monolith',
      'Turn the kill switch off first, or roll back.',
    );
  switch (step.command) {
    case 'shadow':
      return shadow(state, now);
    case 'canary':
      return canary(plan, state, step.weightBp, now);
    case 'cutover':
      return cutover(state, now);
    case 'retire':
      return retire(state, now);
  }
}

function fromRetired({ command }: Step): StepResult {
  if (command === 'retire') return { unchanged: 'it is retired already' };
  return refused(
    'it is retired: the way back was given up on purpose',
    'A retired capability stays with its service; carve and move it again to bring it elsewhere.',
  );
}

function kill(plan: Plan, state: CapabilityState, on: boolean): StepResult {
  if (on === state.killed) return { unchanged: `the kill switch is ${on ? 'on' : 'off'} already` };
  if (!on) return { to: { ...stateIn(state.phase, state) }, gated: false };
  if (state.phase === 'monolith') return { unchanged: 'the monolith answers everything already' };
  if (state.phase === 'cutover' && plan.data.stage === 'own-database')
    return refused(
      'the service owns data of its own, so the monolith would refuse the writes',
      'Use `strangler rollback`: it gives the writes back first.',
    );
  return { to: { ...state, killed: true, owner: 'monolith' }, gated: false };
}

function rollback(state: CapabilityState, now: string): StepResult {
  if (state.phase === 'monolith') return { unchanged: 'the monolith answers everything already' };
  return { to: stateIn('monolith', { epoch: state.epoch + 1, since: now }), gated: false };
}

function shadow(state: CapabilityState, now: string): StepResult {
  if (state.phase === 'shadow') return { unchanged: 'it is in shadow already' };
  if (state.phase === 'cutover')
    return refused('the service owns the writes', 'Roll back first, then enter shadow again.');
  return { to: stateIn('shadow', { epoch: state.epoch + 1, since: now }), gated: false };
}

function canary(plan: Plan, state: CapabilityState, asked: number | undefined, now: string): StepResult {
  if (asked !== undefined && !(Number.isInteger(asked) && asked > 0 && asked <= 10_000))
    return {
      invalid: 'the share of a canary is above 0 % and at most 100 %',
      remedy: 'Use `strangler shadow` or `strangler rollback` to take the service out.',
    };
  if (state.phase === 'monolith')
    return refused('nothing was compared yet', 'Enter shadow first: `strangler shadow CAPABILITY`.');
  if (state.phase === 'cutover')
    return refused('the service owns the writes and answers everything', 'Roll back first.');
  const weightBp = asked ?? followingShare(plan, state);
  if (weightBp === undefined)
    return { unchanged: `${formatShare(state.weightBp)} is the last step of the plan; cutover is next` };
  if (state.phase === 'shadow')
    return { to: stateIn('canary', { weightBp, epoch: state.epoch, since: now }), gated: true };
  if (weightBp === state.weightBp) return { unchanged: `${formatShare(weightBp)} go to the service already` };
  return { to: { ...state, weightBp }, gated: weightBp > state.weightBp };
}

/** The next share of the plan's rollout; a plan without any goes from shadow to everybody. Undefined: the last one is reached. */
function followingShare(plan: Plan, state: CapabilityState): number | undefined {
  const following = plan.rollout.stepsBp.find((step) => step > state.weightBp);
  return following ?? (state.phase === 'shadow' ? 10_000 : undefined);
}

function cutover(state: CapabilityState, now: string): StepResult {
  if (state.phase === 'cutover') return { unchanged: 'the service answers everything already' };
  if (state.phase !== 'canary')
    return refused(
      'the service has answered no user yet',
      'Go through canary first: `strangler canary CAPABILITY`.',
    );
  return { to: stateIn('cutover', { epoch: state.epoch, since: now }), gated: true };
}

function retire(state: CapabilityState, now: string): StepResult {
  if (state.phase !== 'cutover')
    return refused('only a capability whose service answers everything can be retired', 'Cut over first.');
  return { to: stateIn('retired', { epoch: state.epoch, since: now }), gated: false };
}

function refused(why: string, remedy: string): StepResult {
  return { refused: why, remedy };
}

/** What comes next on the way forward; null: nothing, it is retired. */
export function nextStep(plan: Plan, state: CapabilityState): Step | null {
  if (state.killed) return { command: 'kill', on: false };
  switch (state.phase) {
    case 'monolith':
      return { command: 'shadow' };
    case 'shadow':
    case 'canary': {
      const weightBp = followingShare(plan, state);
      return weightBp === undefined ? { command: 'cutover' } : { command: 'canary', weightBp };
    }
    case 'cutover':
      return { command: 'retire' };
    case 'retired':
      return null;
  }
}
