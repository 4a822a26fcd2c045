import type { EvidenceSummary } from '../../migration-plans/evidence/evidence.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import type { Published } from '../controller/published.ts';
import { buildReport } from './model.ts';
import { originsOf } from './origins.ts';
import type { ReportView } from './view.ts';

/** The report of what the store holds of a capability by now. */
export async function measuredReport(
  store: Pick<StateStore, 'evidence'>,
  project: Project,
  { head, plan, state }: Published,
  now: Date,
): Promise<ReportView> {
  const summary = await store.evidence({ capability: plan.capability });
  return buildReport({
    plan,
    state,
    revision: head.number,
    summary,
    earlier: await runsBefore(store, summary),
    origins: originsOf(project, plan),
    now,
  });
}

/** Runs laid beside this one: enough to tell what comes and goes. */
const EARLIER_RUNS = 4;

/** The newest runs of earlier epochs, oldest first. */
async function runsBefore(
  store: Pick<StateStore, 'evidence'>,
  { epoch, capability, runs }: EvidenceSummary,
): Promise<EvidenceSummary[]> {
  if (epoch === null) return [];
  const epochs = [...new Set(runs.map((run) => run.epoch))].filter((earlier) => earlier < epoch);
  const newest = epochs.sort((a, b) => a - b).slice(-EARLIER_RUNS);
  return Promise.all(newest.map((earlier) => store.evidence({ capability, epoch: earlier })));
}
