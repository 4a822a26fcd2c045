import { Ajv, type ValidateFunction } from 'ajv';
import { atOnce } from '../in-steps.ts';
import { digestSteps } from './digest.ts';
import type { CapabilityState, Revision } from './revision.ts';
import { PlanSchema, StateSchema } from './schema.ts';

let validators: { plan: ValidateFunction; state: ValidateFunction } | undefined;

/** Makes the checks of plans and states ready, which takes a fraction of a second once: before the first request, not at the first revision. */
export function prepareValidation(): NonNullable<typeof validators> {
  if (validators === undefined) {
    const ajv = new Ajv({ strict: false });
    validators = { plan: ajv.compile(PlanSchema), state: ajv.compile(StateSchema) };
  }
  return validators;
}

/** What is wrong with the plans and states of a revision, in a sentence; undefined: nothing. For content from a database or a disk. */
export function problemOfContent(content: unknown): string | undefined {
  return atOnce(problemSteps(content));
}

/** `problemOfContent` in steps of one plan. */
function* problemSteps(content: unknown): Generator<void, string | undefined> {
  if (!isObject(content)) return 'it must be object';
  const { plans, states } = content as Partial<Pick<Revision, 'plans' | 'states'>>;
  if (!isObject(plans)) return '/plans must be object';
  if (!isObject(states)) return '/states must be object';
  const validate = prepareValidation();
  for (const [name, plan] of Object.entries(plans)) {
    if (!validate.plan(plan)) return firstError(validate.plan, 'plans', name);
    if (plan.capability !== name) return `the plan of "${name}" says it is of "${plan.capability}"`;
    if (!Object.hasOwn(states, name)) return `"${name}" has a plan and no state`;
    yield;
  }
  for (const [name, state] of Object.entries(states)) {
    if (!validate.state(state)) return firstError(validate.state, 'states', name);
    if (!Object.hasOwn(plans, name)) return `"${name}" has a state and no plan`;
    const problem = problemOfState(state);
    if (problem !== undefined) return `the state of "${name}" contradicts itself: ${problem}`;
    yield;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstError({ errors }: ValidateFunction, part: string, name: string): string {
  const error = errors?.[0];
  return `/${part}/${name}${error?.instancePath ?? ''} ${error?.message ?? 'is not valid'}`;
}

/** The invariants of a capability's state; `phases/transitions.ts` produces nothing else. */
export function problemOfState(state: CapabilityState): string | undefined {
  const { phase, weightBp, owner, killed } = state;
  if (
    phase === 'canary'
      ? weightBp === 0
      : weightBp !== (phase === 'cutover' || phase === 'retired' ? 10_000 : 0)
  )
    return `phase ${phase} with a share of ${weightBp / 100} %`;
  const expected = (phase === 'cutover' || phase === 'retired') && !killed ? 'service' : 'monolith';
  if (owner !== expected) return `phase ${phase} with the ${owner} as owner`;
  return killed && (phase === 'retired' || phase === 'monolith') ? `killed in phase ${phase}` : undefined;
}

/** A complete revision read from anywhere outside: its shape, its invariants and its digest. Returns the problem or the revision. */
export function readRevision(value: unknown): ReadRevision {
  return atOnce(readRevisionSteps(value));
}

export type ReadRevision = { revision: Revision } | { problem: string };

/** `readRevision` in steps of one plan. `knownDigest`: of its content, if somebody has it already; another one is looked at again. */
export function* readRevisionSteps(value: unknown, knownDigest?: string): Generator<void, ReadRevision> {
  if (typeof value !== 'object' || value === null) return { problem: 'it is not a JSON object' };
  const { formatVersion, number, parent, createdAt, actor, reason, plans, states, digest } =
    value as Revision;
  if (formatVersion !== 1)
    return { problem: `it has format version ${String(formatVersion)}, this toolkit reads 1` };
  if (!Number.isSafeInteger(number) || number < 1) return { problem: 'it has no number' };
  if (parent !== null && !Number.isSafeInteger(parent)) return { problem: 'its parent is no number' };
  if (![createdAt, actor, reason, digest].every((text) => typeof text === 'string'))
    return { problem: 'it lacks time, actor, reason or digest' };
  const problem = yield* problemSteps({ plans, states });
  if (problem !== undefined) return { problem };
  if (knownDigest !== digest && (yield* digestSteps({ plans, states })) !== digest)
    return { problem: 'its content does not have its digest' };
  return { revision: { formatVersion, number, parent, createdAt, actor, reason, plans, states, digest } };
}
