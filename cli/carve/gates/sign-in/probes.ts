/** Requests that show whether somebody is signed in: those that are turned away when nobody is. */
import type { TrialRequest } from '../requests.ts';
import { Browser, type BrowserAnswer } from './browser.ts';
import { type Form, formsIn } from './pages.ts';
import { turnsAway } from './refusals.ts';

/** Most requests that are sent to find what is refused. */
const MOST_ASKED = 60;
const MOST_PROBES = 15;

export function probeOf(browser: Browser, { method, url, body }: TrialRequest): Promise<BrowserAnswer> {
  const json: unknown = body === null ? undefined : {};
  return browser.send({ method, url, ...(json !== undefined && { json }) });
}

/**
 * What is turned away when nobody is signed in: readings first; writes, with an empty body, only where no reading is.
 *
 * @param requests the likeliest first
 */
export async function refusedProbes(
  origin: string,
  requests: readonly TrialRequest[],
  signal: AbortSignal,
): Promise<TrialRequest[]> {
  const reads = requests.filter(({ method }) => method === 'GET');
  const writes = requests.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
  const refused: TrialRequest[] = [];
  let asked = 0;
  for (const list of [reads, writes]) {
    for (const request of list) {
      if (refused.length >= MOST_PROBES || asked >= MOST_ASKED || signal.aborted) break;
      asked += 1;
      const { status, location } = await probeOf(new Browser(origin, signal), request);
      if (turnsAway(status, location)) refused.push(request);
    }
    if (refused.length > 0) return refused;
  }
  return refused;
}

/** Those that are answered otherwise now. */
export async function openedProbes(
  browser: Browser,
  refused: readonly TrialRequest[],
): Promise<TrialRequest[]> {
  const opened: TrialRequest[] = [];
  for (const request of refused) {
    const { status, location } = await probeOf(browser, request);
    if (status > 0 && !turnsAway(status, location)) opened.push(request);
  }
  return opened;
}

/** Reads pages for the forms in them, and for what protects these. */
export async function formsOf(browser: Browser, requests: readonly TrialRequest[]): Promise<Form[]> {
  const forms: Form[] = [];
  const seen = new Set<string>();
  for (const { method, url } of requests.filter((request) => request.method === 'GET').slice(0, MOST_ASKED)) {
    if (seen.has(url)) continue;
    seen.add(url);
    const answer = await browser.send({ method, url });
    if (answer.isHtml && answer.status < 400)
      forms.push(...formsIn(answer.text, url.split('?')[0] ?? '/').filter((form) => form.method !== 'GET'));
  }
  return forms;
}
