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
    before: await runBefore(store, summary),
    origins: originsOf(project, plan),
    now,
  });
}

/** The newest run of an earlier epoch, to be laid beside this one. */
async function runBefore(
  store: Pick<StateStore, 'evidence'>,
  summary: EvidenceSummary,
): Promise<EvidenceSummary | undefined> {
  const { epoch, capability } = summary;
  if (epoch === null) return undefined;
  const earlier = summary.runs.filter((run) => run.epoch < epoch).map((run) => run.epoch);
  if (earlier.length === 0) return undefined;
  return store.evidence({ capability, epoch: Math.max(...earlier) });
}
