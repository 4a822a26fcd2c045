/** Gate: the service answers as the monolith does. Three processes on equal databases get the same requests in the same order. */

import type { ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import { exchange } from './exchange.ts';
import { type JudgedTrial, judgeTrial, tally, tellDifference } from './judge.ts';
import type { GateReport } from './report.ts';
import type { TrialRequest } from './requests.ts';

export interface Sides {
  monolith: string;
  again: string;
  service: string;
}

/** How often the monolith is asked again before a difference counts. Two orders of a list agree so often by chance once in 1 000. */
const CONFIRMATIONS = 10;

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

export async function runTrials(
  sides: Sides,
  requests: readonly TrialRequest[],
  options: { onProgress: (line: string) => void; signal: AbortSignal },
): Promise<JudgedTrial[]> {
  const trials: JudgedTrial[] = [];
  for (const [index, request] of requests.entries()) {
    options.onProgress(`comparing answers ${index + 1} of ${requests.length} …`);
    const from = Date.now();
    // At the same moment, so that what depends on the clock depends on the same one.
    const [monolith, again, service] = await Promise.all([
      exchange(sides.monolith, request, options.signal),
      exchange(sides.again, request, options.signal),
      exchange(sides.service, request, options.signal),
    ]);
    const trial = { request, monolith, again, service, asked: { from, to: Date.now() } };
    let judged = judgeTrial(trial);
    if (judged.differences.length > 0 && isSafe(request.method)) {
      // What comes in another order each time may come in the same one twice: the monolith is asked until that is unlikely.
      const more: ShadowAnswer[] = [];
      for (let round = 0; round < CONFIRMATIONS && judged.differences.length > 0; round += 1) {
        more.push(await exchange(sides.again, request, options.signal));
        judged = judgeTrial({ ...trial, more });
      }
    }
    trials.push(judged);
  }
  return trials;
}

/** What the exchanges come to, in plain words. */
export function answersReport(
  trials: readonly JudgedTrial[],
  routes: number,
  routeOf: (request: TrialRequest) => string,
  notes: readonly string[],
): GateReport {
  const { exchanges, equal, succeeded, neverSucceeded } = tally(trials, routeOf);
  const remarks = [
    ...neverSucceeded.map(
      ({ route, statuses }) =>
        `${route} was never answered with success (${statuses.join(', ')}): its ordinary answers were not compared`,
    ),
    ...notes,
  ];
  const more =
    neverSucceeded.length === 0
      ? {}
      : {
          remedy:
            'Give requests that succeed, with what logs them in: --requests FILE.json, and rows for them: --seed FILE.sql.',
        };
  const differing = trials.filter(({ differences }) => differences.length > 0);
  if (differing.length > 0)
    return {
      gate: 'answers',
      status: 'failed',
      summary: `${differing.length} of ${exchanges} answers differ from the monolith’s`,
      details: differing.flatMap((trial) =>
        trial.differences.map((difference) => tellDifference(trial, difference)),
      ),
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
  return {
    gate: 'answers',
    status: 'passed',
    summary: `${equal} of ${exchanges} answers are equal, over ${succeeded.length} of ${routes} routes with success`,
    details: remarks,
    ...more,
  };
}
