/** Requests that show whether somebody is signed in: those that are turned away when nobody is. */
import type { TrialRequest } from '../requests.ts';
import { Browser, type BrowserAnswer } from './browser.ts';
import { type Form, formsIn } from './pages.ts';
import { turnsAway } from './refusals.ts';
import { destroys, endsSession } from './routes.ts';

/** Most requests that are sent to find what is refused. */
const MOST_ASKED = 60;
const MOST_PROBES = 15;

export function probeOf(browser: Browser, { method, url, body }: TrialRequest): Promise<BrowserAnswer> {
  const json: unknown = body === null ? undefined : {};
  return browser.send({ method, url, ...(json !== undefined && { json }) });
}

export interface Refusal {
  request: TrialRequest;
  status: number;
}

/**
 * What is turned away when nobody is signed in: readings first, then writes, with an empty body. What takes something away is not tried.
 *
 * @param requests the likeliest first
 */
export async function refusedProbes(
  origin: string,
  requests: readonly TrialRequest[],
  signal: AbortSignal,
): Promise<Refusal[]> {
  const reads = requests.filter(({ method }) => method === 'GET');
  const writes = requests.filter(
    ({ method, url }) =>
      ['POST', 'PUT', 'PATCH'].includes(method) &&
      !endsSession({ method, path: url }) &&
      !destroys({ path: url }),
  );
  const refused: Refusal[] = [];
  for (const list of [reads, writes]) {
    for (const request of list.slice(0, MOST_ASKED)) {
      if (refused.length >= MOST_PROBES || signal.aborted) break;
      const { status, location } = await probeOf(new Browser(origin, signal), request);
      if (turnsAway(status, location)) refused.push({ request, status });
    }
  }
  return refused;
}

/** Those that are answered otherwise now. To be forbidden something says that one is known: who is not is asked to sign in. */
export async function openedProbes(browser: Browser, refused: readonly Refusal[]): Promise<Refusal[]> {
  const opened: Refusal[] = [];
  for (const refusal of refused) {
    const { status, location } = await probeOf(browser, refusal.request);
    const known = status === 403 && refusal.status !== 403;
    if (status > 0 && (known || !turnsAway(status, location))) opened.push(refusal);
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
