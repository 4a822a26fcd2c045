import { Ajv, type ValidateFunction } from 'ajv';
import { digestOf } from './digest.ts';
import type { CapabilityState, Revision } from './revision.ts';
import { ContentSchema } from './schema.ts';

let validate: ValidateFunction | undefined;

/** What is wrong with the plans and states of a revision, in a sentence; undefined: nothing. For content from a database or a disk. */
export function problemOfContent(content: unknown): string | undefined {
  validate ??= new Ajv({ strict: false }).compile(ContentSchema);
  if (!validate(content)) {
    const error = validate.errors?.[0];
    return `${error?.instancePath || 'it'} ${error?.message ?? 'is not valid'}`;
  }
  const { plans, states } = content as Pick<Revision, 'plans' | 'states'>;
  for (const [name, plan] of Object.entries(plans)) {
    if (plan.capability !== name) return `the plan of "${name}" says it is of "${plan.capability}"`;
    if (!Object.hasOwn(states, name)) return `"${name}" has a plan and no state`;
  }
  for (const [name, state] of Object.entries(states)) {
    if (!Object.hasOwn(plans, name)) return `"${name}" has a state and no plan`;
    const problem = problemOfState(state);
    if (problem !== undefined) return `the state of "${name}" contradicts itself: ${problem}`;
  }
  return undefined;
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
export function readRevision(value: unknown): { revision: Revision } | { problem: string } {
  if (typeof value !== 'object' || value === null) return { problem: 'it is not a JSON object' };
  const { formatVersion, number, parent, createdAt, actor, reason, plans, states, digest } =
    value as Revision;
  if (formatVersion !== 1)
    return { problem: `it has format version ${String(formatVersion)}, this toolkit reads 1` };
  if (!Number.isSafeInteger(number) || number < 1) return { problem: 'it has no number' };
  if (parent !== null && !Number.isSafeInteger(parent)) return { problem: 'its parent is no number' };
  if (![createdAt, actor, reason, digest].every((text) => typeof text === 'string'))
    return { problem: 'it lacks time, actor, reason or digest' };
  const problem = problemOfContent({ plans, states });
  if (problem !== undefined) return { problem };
  if (digestOf({ plans, states }) !== digest) return { problem: 'its content does not have its digest' };
  return { revision: { formatVersion, number, parent, createdAt, actor, reason, plans, states, digest } };
}
