/** What differs between the monolith's answers and the service's, without what differs between two of the monolith's own. Pure. */
import type { Difference, ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../../migration-plans/compare/compare.ts';
import type { TrialRequest } from './requests.ts';

export interface Trial {
  request: TrialRequest;
  monolith: ShadowAnswer;
  /** The monolith's answer on a database of its own, equal to the first one's. */
  again: ShadowAnswer;
  service: ShadowAnswer;
}

export interface JudgedTrial extends Trial {
  differences: Difference[];
  /** Places that differ between two answers of the monolith. */
  noise: string[];
}

export function judgeTrial(trial: Trial): JudgedTrial {
  const context = { method: trial.request.method };
  const noise = compareAnswers(trial.monolith, trial.again, context);
  const noisy = new Map(noise.differences.map((difference) => [difference.path, difference.kind]));
  const { differences, omitted } = compareAnswers(trial.monolith, trial.service, context);
  const found = differences.filter(
    ({ path, kind }) =>
      !noisy.has(path) || (kind !== noisy.get(path) && kind !== 'value' && kind !== 'order'),
  );
  if (omitted > 0 && found.length > 0)
    found.push({
      kind: 'value',
      path: 'more',
      at: 'more',
      shape: '',
      left: `${omitted} more differences`,
      right: undefined,
    });
  return { ...trial, differences: found, noise: [...noisy.keys()].sort() };
}

/** `GET /books/1 (a row: 1): status: the monolith says 200, the service 404`. */
export function tellDifference({ request }: JudgedTrial, { at, left, right, kind }: Difference): string {
  const place = `${request.method} ${request.url} (${request.name}): ${at}`;
  const short = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text);
  if (left === undefined && right === undefined) return `${place} differs (${kind})`;
  if (left === undefined) return `${place}: only the service has it: ${short(right ?? '')}`;
  if (right === undefined) return `${place}: only the monolith has it: ${short(left)}`;
  return `${place}: the monolith says ${short(left)}, the service ${short(right)}`;
}

export interface Tally {
  exchanges: number;
  equal: number;
  /** Routes of which at least one answer was a success. */
  succeeded: string[];
  /** Routes that were never answered with success, with the statuses that were seen. */
  neverSucceeded: { route: string; statuses: number[] }[];
}

/** @param routeOf the route that a request is for */
export function tally(trials: readonly JudgedTrial[], routeOf: (request: TrialRequest) => string): Tally {
  const statuses = new Map<string, Set<number>>();
  for (const { request, monolith } of trials) {
    const route = routeOf(request);
    const seen = statuses.get(route) ?? new Set();
    if ('status' in monolith) seen.add(monolith.status);
    statuses.set(route, seen);
  }
  const succeeded: string[] = [];
  const neverSucceeded: Tally['neverSucceeded'] = [];
  for (const [route, seen] of statuses) {
    if ([...seen].some((status) => status < 400)) succeeded.push(route);
    else neverSucceeded.push({ route, statuses: [...seen].sort() });
  }
  return {
    exchanges: trials.length,
    equal: trials.filter(({ differences }) => differences.length === 0).length,
    succeeded,
    neverSucceeded,
  };
}
