import { StranglerError } from '../../migration-plans/errors.ts';
import { requirePlans } from '../../migration-plans/plan/load.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { decidePlans } from './apply-plans.ts';
import { waitForEdges } from './convergence.ts';

const EDGE_LIMIT_MS = 15_000;

/**
 * Publishes the plans if nothing was ever published, so that a new local stack shows them at once. What is wrong with the plans
 * stops nobody from working on them: it is only told.
 */
export async function firstApply(
  store: StateStore,
  project: Project,
  actor: string,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if ((await store.headNumber()) !== null) return;
  try {
    const plans = await requirePlans(project.plansDir);
    const who = { actor, reason: 'first start of the local stack' };
    const { head, result } = await decidePlans(store, plans, who, true);
    if (!result.changed) return;
    const { number } = await store.publish(result.draft, head?.number ?? null, result.transitions);
    await waitForEdges(store, number, EDGE_LIMIT_MS, () => undefined, signal);
    tell(`applied as revision ${number}: ${Object.keys(plans).join(', ')}`);
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error;
    tell(`${error.message}; strangler apply publishes the plans once that is repaired`);
  }
}
