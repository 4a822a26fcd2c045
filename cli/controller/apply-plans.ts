import type { StranglerError } from '../../migration-plans/errors.ts';
import { decideApply } from '../../migration-plans/phases/apply.ts';
import type { TransitionResult } from '../../migration-plans/phases/transitions.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';

export interface ApplyDecision {
  head: Revision | null;
  result: Extract<TransitionResult, { ok: true }>;
}

/**
 * Decides what applying the plans makes of the newest revision. A refusal is recorded before it is thrown, unless `record` is
 * false (`--dry-run`).
 * @throws StranglerError APPLY_REFUSED (exit code 3) with every refusal.
 */
export async function decidePlans(
  store: StateStore,
  plans: Record<string, Plan>,
  who: { actor: string; reason: string },
  record: boolean,
): Promise<ApplyDecision> {
  const head = await store.head();
  const result = decideApply(head, plans, { ...who, now: new Date().toISOString() });
  if (result.ok) return { head, result };
  const { refusal, error }: { refusal: typeof result.refusal; error: StranglerError } = result;
  if (record && refusal !== null) await store.recordRefusal(refusal);
  throw error;
}
