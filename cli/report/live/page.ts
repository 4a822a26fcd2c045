import type { ReportPage } from '../../../edge-proxy/admin/server.ts';
import type { Project } from '../../../migration-plans/project/project.ts';
import type { StateStore } from '../../../migration-plans/state-store/port.ts';
import { REPORT_POLICY, renderHtml } from '../html.ts';
import { measuredReport } from '../measured.ts';

/** The report as it stands in the store; undefined: no applied plan has this capability. */
export async function pageOf(
  project: Project,
  store: Pick<StateStore, 'head' | 'evidence'>,
  capability: string,
  now: Date,
): Promise<ReportPage | undefined> {
  const head = await store.head();
  if (head === null || !Object.hasOwn(head.plans, capability)) return undefined;
  const plan = head.plans[capability];
  const state = head.states[capability];
  if (plan === undefined || state === undefined) return undefined;
  const view = await measuredReport(store, project, { head, plan, state }, now);
  // A header can forbid frames, the page's own policy cannot (Content Security Policy Level 3, section 3.3).
  return { html: renderHtml(view), policy: `${REPORT_POLICY}; frame-ancestors 'none'` };
}
