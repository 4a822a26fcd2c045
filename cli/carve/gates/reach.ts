/** How far the compared answers reach: which routes were answered with success, as whom, and why others were not. Pure. */
import type { JudgedTrial } from './judge.ts';
import type { TrialRequest } from './requests.ts';
import { isLoginAddress } from './sign-in/refusals.ts';

export const NOBODY = 'nobody';

export interface RouteReach {
  route: string;
  /** `success`: an ordinary answer was compared. `refused`: only refusals and errors were. `not-reached`: nothing was sent. */
  reached: 'success' | 'refused' | 'not-reached';
  /** Who had success. */
  as: string[];
  /** All statuses that the monolith answered with, in order. */
  statuses: number[];
  /** In plain words; '' for success. */
  why: string;
}

/**
 * @param routes labels of the capability's routes, `GET /books/:id`
 * @param routeOf the label of the route that a request is for
 * @param given whether all requests were given by the user
 */
export function reachOf(
  trials: readonly JudgedTrial[],
  routes: readonly string[],
  routeOf: (request: TrialRequest) => string,
  given = false,
): RouteReach[] {
  const byRoute = new Map<string, JudgedTrial[]>(routes.map((route) => [route, []]));
  for (const trial of trials) {
    const route = routeOf(trial.request);
    byRoute.set(route, [...(byRoute.get(route) ?? []), trial]);
  }
  return [...byRoute].map(([route, some]): RouteReach => {
    const as = [...new Set(some.filter(succeeded).map(({ request }) => request.as ?? NOBODY))];
    const statuses = [
      ...new Set(some.flatMap(({ monolith }) => ('status' in monolith ? [monolith.status] : []))),
    ].sort((a, b) => a - b);
    if (as.length > 0) return { route, reached: 'success', as, statuses, why: '' };
    if (some.length === 0)
      return { route, reached: 'not-reached', as, statuses, why: given ? NOT_GIVEN : NOT_MADE };
    return { route, reached: 'refused', as, statuses, why: whyRefused(some, statuses) };
  });
}

const NOT_MADE = 'no request could be made from its path';
const NOT_GIVEN = 'none of the given requests is for it';

/** An ordinary answer; being sent to the login is none. */
function succeeded({ monolith }: JudgedTrial): boolean {
  if (!('status' in monolith) || monolith.status >= 400) return false;
  return monolith.status < 300 || !isLoginAddress(locationOf(monolith.rawHeaders));
}

function locationOf(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'location');
  return at === -1 ? undefined : rawHeaders[at + 1];
}

function whyRefused(trials: readonly JudgedTrial[], statuses: readonly number[]): string {
  const signedIn = trials.some(({ request }) => request.as !== undefined);
  const has = (...some: number[]): boolean => some.some((status) => statuses.includes(status));
  const toLogin = statuses.some((status) => status >= 300 && status < 400);
  if (statuses.length === 0) return 'the monolith gave no answer';
  if (!signedIn && (has(401, 403, 407) || toLogin)) return 'it asks who is calling, and nobody was signed in';
  if (statuses.every((status) => [401, 403, 407].includes(status) || (status >= 300 && status < 400)))
    return 'it asks for rights that nobody who was signed in has';
  if (has(400, 409, 415, 422)) return 'no made-up request is what it takes';
  if (has(429)) return 'the monolith limits how often it may be asked';
  if (statuses.some((status) => status >= 500)) return 'the monolith itself answers with an error';
  if (has(404, 410)) return 'no made-up row is what it looks for';
  return 'it was only refused';
}
