import type { ReportPage, ReportSource } from '../../edge-proxy/admin/server.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { REPORT_POLICY, renderHtml } from './html.ts';
import { measuredReport } from './measured.ts';

/** A page is shown again for so long before it is made anew: making one takes time from the users' requests. Milliseconds. */
const KEPT_MS = 5_000;
/** Pages kept; the oldest go first. */
const MAX_KEPT = 16;

interface Kept {
  at: number;
  page: Promise<ReportPage | undefined>;
}

/** The report for the admin listener of an edge, made from the state store when it is asked for, however many ask. */
export function liveReport(
  project: Project,
  store: Pick<StateStore, 'head' | 'evidence'>,
  now: () => number = Date.now,
): ReportSource {
  const kept = new Map<string, Kept>();

  async function make(capability: string): Promise<ReportPage | undefined> {
    const head = await store.head();
    if (head === null || !Object.hasOwn(head.plans, capability)) return undefined;
    const plan = head.plans[capability];
    const state = head.states[capability];
    if (plan === undefined || state === undefined) return undefined;
    const view = await measuredReport(store, project, { head, plan, state }, new Date(now()));
    // A header can forbid frames, the page's own policy cannot (Content Security Policy Level 3, section 3.3).
    return { html: renderHtml(view), policy: `${REPORT_POLICY}; frame-ancestors 'none'` };
  }

  return (capability) => {
    const known = kept.get(capability);
    if (known !== undefined && now() - known.at < KEPT_MS) return known.page;
    kept.delete(capability);
    for (const [oldest] of kept) {
      if (kept.size < MAX_KEPT) break;
      kept.delete(oldest);
    }
    const page = make(capability);
    kept.set(capability, { at: now(), page });
    // A store that is away now may be back at the next question.
    page.catch(() => kept.delete(capability));
    return page;
  };
}
