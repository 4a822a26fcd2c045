import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { loadPlans } from '../../migration-plans/plan/load.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { CapabilityState, Revision } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { unknownCapability } from '../terminal/suggest.ts';

/** A capability as the newest revision has it. */
export interface Published {
  head: Revision;
  plan: Plan;
  state: CapabilityState;
}

/**
 * The capability in the newest revision.
 * @throws StranglerError CLI_UNKNOWN_CAPABILITY with the nearest names, or CLI_NOT_APPLIED when only its plan file exists.
 */
export async function publishedCapability(
  store: Pick<StateStore, 'head'>,
  project: Project,
  capability: string,
): Promise<Published> {
  const head = await store.head();
  const plan = head?.plans[capability];
  const state = head?.states[capability];
  if (head !== null && plan !== undefined && state !== undefined) return { head, plan, state };
  const { plans } = await loadPlans(project.plansDir);
  if (Object.hasOwn(plans, capability))
    throw new StranglerError('CLI_NOT_APPLIED', `the plan of "${capability}" was not applied yet`, {
      exitCode: EXIT.usage,
      remedy: 'strangler apply',
    });
  throw unknownCapability(
    capability,
    [...new Set([...Object.keys(head?.plans ?? {}), ...Object.keys(plans)])].sort(),
  );
}
