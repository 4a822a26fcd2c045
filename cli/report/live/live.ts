import type { ReportPage, ReportSource } from '../../../edge-proxy/admin/server.ts';

/** A page is shown again for so long before it is made anew. Milliseconds. */
const KEPT_MS = 5_000;
/** Pages kept; the oldest go first. */
const MAX_KEPT = 16;

interface Kept {
  at: number;
  page: Promise<ReportPage | undefined>;
}

/** The report for the admin listener of an edge: made when it is asked for, one at a time, however many ask. */
export function liveReport(make: ReportSource, now: () => number = Date.now): ReportSource {
  const kept = new Map<string, Kept>();
  let last: Promise<unknown> = Promise.resolve();

  return (capability) => {
    const known = kept.get(capability);
    if (known !== undefined && now() - known.at < KEPT_MS) return known.page;
    kept.delete(capability);
    for (const [oldest] of kept) {
      if (kept.size < MAX_KEPT) break;
      kept.delete(oldest);
    }
    const page = last.then(() => make(capability));
    kept.set(capability, { at: now(), page });
    // A store that is away now may be back at the next question.
    last = page.catch(() => kept.delete(capability));
    return page;
  };
}
