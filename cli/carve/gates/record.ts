/** Gate: the service answers as the monolith does. Three processes on equal databases get the same requests in the same order. */

import type { ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import { exchange } from './exchange.ts';
import { type JudgedTrial, judgeTrial, tellDifference } from './judge.ts';
import { isSafe } from './methods.ts';
import { NOBODY, type RouteReach } from './reach.ts';
import type { GateReport } from './report.ts';
import type { TrialRequest } from './requests.ts';
import { RunningValues } from './running-values.ts';
import type { Identity } from './sign-in/identity.ts';

export interface Sides {
  monolith: string;
  again: string;
  service: string;
}

/** How often the monolith is asked again before a difference counts. Two orders of a list agree so often by chance once in 1 000. */
const CONFIRMATIONS = 10;

export async function runTrials(
  sides: Sides,
  requests: readonly TrialRequest[],
  options: { onProgress: (line: string) => void; signal: AbortSignal },
  identities: readonly Pick<Identity, 'name' | 'known'>[] = [],
): Promise<JudgedTrial[]> {
  const trials: JudgedTrial[] = [];
  const running = {
    monolith: new RunningValues(identities),
    again: new RunningValues(identities),
    service: new RunningValues(identities),
  };
  const ask = async (side: keyof Sides, request: TrialRequest): Promise<ShadowAnswer> => {
    const answer = await exchange(sides[side], running[side].current(request), options.signal);
    running[side].hear(request, answer);
    return answer;
  };
  // What a write has noted down is read later: a time of day may be that of any exchange before.
  const from = Date.now();
  for (const [index, request] of requests.entries()) {
    options.onProgress(`comparing answers ${index + 1} of ${requests.length} …`);
    // At the same moment, so that what depends on the clock depends on the same one.
    const [monolith, again, service] = await Promise.all([
      ask('monolith', request),
      ask('again', request),
      ask('service', request),
    ]);
    const trial = { request, monolith, again, service, asked: { from, to: Date.now() } };
    let judged = judgeTrial(trial);
    if (judged.differences.length > 0 && isSafe(request.method)) {
      // What comes in another order each time may come in the same one twice: the monolith is asked until that is unlikely.
      const more: ShadowAnswer[] = [];
      for (let round = 0; round < CONFIRMATIONS && judged.differences.length > 0; round += 1) {
        more.push(await ask('again', request));
        judged = judgeTrial({ ...trial, more });
      }
    }
    trials.push(judged);
  }
  return trials;
}

export interface Reached {
  /** Of all routes of the capability, in their order. */
  routes: readonly RouteReach[];
  /** Who was signed in, and how: `customer: POST /register, POST /login, cookie sid`. */
  signedIn: readonly { name: string; how: string }[];
  notes: readonly string[];
  /** Takes out of a text what must not be shown. */
  hide(text: string): string;
}

/** What the exchanges come to, in plain words. */
export function answersReport(trials: readonly JudgedTrial[], reached: Reached): GateReport {
  const { routes, signedIn, notes, hide } = reached;
  const exchanges = trials.length;
  const unreached = routes.filter((route) => route.reached !== 'success');
  const remarks = [
    ...signedIn.map(({ name, how }) => `signed in as ${name}: ${how}`),
    ...unreached.map(({ route, reached: how, statuses, why }) =>
      how === 'not-reached'
        ? `${route} was not tried: ${why}`
        : `${route} was never answered with success (${statuses.join(', ')}): ${why}`,
    ),
    ...notes,
  ].map(hide);
  const more = {
    routes: routes.map((route) => ({ ...route, why: hide(route.why) })),
    ...(unreached.length === 0 ? {} : { remedy: REMEDY }),
  };
  const differing = trials.filter(({ differences }) => differences.length > 0);
  if (differing.length > 0)
    return {
      gate: 'answers',
      status: 'failed',
      summary: `${differing.length} of ${exchanges} answers differ from the monolith’s`,
      details: differing.flatMap((trial) =>
        trial.differences.map((difference) => hide(tellDifference(trial, difference))),
      ),
      routes: more.routes,
    };
  if (exchanges === 0)
    return {
      gate: 'answers',
      status: 'not-run',
      summary: 'no request could be made from the routes',
      details: remarks,
      remedy: 'Give requests: --requests FILE.json.',
    };
  const broken = trials.every(({ monolith }) => !('status' in monolith) || monolith.status >= 500);
  if (broken)
    return {
      gate: 'answers',
      status: 'not-run',
      summary: 'the monolith itself answers with errors only, which proves nothing',
      details: [
        ...new Set(
          trials.map(({ monolith }) =>
            'status' in monolith ? `status ${monolith.status}` : monolith.message,
          ),
        ),
      ],
      remedy: 'See why it can’t work on a fresh database: start it by hand, or give rows by --seed FILE.sql.',
    };
  const succeeded = routes.length - unreached.length;
  const by = [NOBODY, ...signedIn.map(({ name }) => name)].map(
    (name) => `as ${name}: ${routes.filter(({ as }) => as.includes(name)).length}`,
  );
  return {
    gate: 'answers',
    status: 'passed',
    summary: `${exchanges} of ${exchanges} answers are equal; ${succeeded} of ${routes.length} routes answered with success (${by.join(', ')})`,
    details: remarks,
    ...more,
  };
}

const REMEDY =
  'Say how to sign in, under sign-in in the decisions file; or give requests that succeed: --requests FILE.json, and rows for them: --seed FILE.sql.';
