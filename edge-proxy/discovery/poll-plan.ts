/** When Cloud Map is asked what. All times in milliseconds. */
export interface PollSettings {
  /** Between two looks at the revision, which rises when an instance comes or goes. */
  revisionMs: number;
  /** Between two full lists, though the revision stays: health doesn't move it. */
  listMs: number;
  /** Share by which intervals vary, so that edges don't ask in step. */
  jitter: number;
  /** First wait after a failure; doubled each time, up to `maxBackoffMs`. */
  backoffMs: number;
  maxBackoffMs: number;
}

export const POLL_DEFAULTS: PollSettings = {
  revisionMs: 1000,
  listMs: 5000,
  jitter: 0.2,
  backoffMs: 1000,
  maxBackoffMs: 30_000,
};

export interface PollState {
  /** Of the last full list; undefined: there was none. */
  revision: number | undefined;
  listedAt: number | undefined;
  /** In a row. */
  failures: number;
}

/** Whether the next question is for the full list at once, or for the revision first. */
export function asksForList(state: PollState, now: number, settings: PollSettings): boolean {
  if (state.revision === undefined || state.listedAt === undefined) return true;
  return now - state.listedAt >= settings.listMs;
}

/** A revision that differs in either direction: one that falls means that Cloud Map's data was made anew. */
export function isNews(state: PollState, revision: number | undefined): boolean {
  return revision !== state.revision;
}

/** How long to wait before the next question. `random`: in [0, 1). */
export function nextDelay(state: PollState, settings: PollSettings, random: number): number {
  const vary = 1 + settings.jitter * (2 * random - 1);
  if (state.failures === 0) return settings.revisionMs * vary;
  const backoff = settings.backoffMs * 2 ** Math.min(state.failures - 1, 30);
  return Math.min(backoff, settings.maxBackoffMs) * vary;
}
