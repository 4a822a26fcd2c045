/**
 * What of an answer is kept in a contract: not what varies, nor what speaks of the day of the recording, so that recording again gives
 * the same file and the contract holds tomorrow. Pure.
 */
import { claimsOf, type JudgedTrial, MOMENT, memberOf } from './judge.ts';
import type { TrialRequest } from './requests.ts';

/** What is known to vary in the answers of one route. */
export interface Varying {
  /** Places in JSON, as `$.review.badges`. */
  paths: ReadonlySet<string>;
  /** Members whose lists come in any order, on whatever route. */
  unordered: ReadonlySet<string>;
  /** Somewhere in a body that is no JSON. */
  otherwise: boolean;
}

/**
 * By route: two answers may agree by chance in what varies, so that what varied in one answer is taken to vary in all of the route's.
 * By chance two orders of a short list agree often, so that one list of a name without order is enough for all of that name.
 */
export function varyingOf(
  trials: readonly JudgedTrial[],
  routeOf: (request: TrialRequest) => string,
  now: Date,
): (route: string) => Varying {
  const noise = new Map<string, Set<string>>();
  for (const trial of trials) {
    const route = routeOf(trial.request);
    const body = 'status' in trial.monolith ? trial.monolith.body : undefined;
    noise.set(route, new Set([...(noise.get(route) ?? []), ...trial.noise, ...datedTokens(body, now)]));
  }
  const unordered = new Set(trials.flatMap((trial) => trial.unordered.map(memberOf)));
  return (route) => {
    const places = [...(noise.get(route) ?? [])];
    return {
      paths: new Set(places.filter((path) => path.startsWith('$'))),
      unordered,
      otherwise: places.some((path) => /^(?:html|text|body$)/.test(path)),
    };
  };
}

/** The body without what varies, `null` where nothing of it can be kept; and the places of what was taken out of JSON. */
export function steadyBody(
  body: string,
  type: string | null,
  varying: Varying,
  now: Date,
): { body: string | null; varies: string[] } {
  if (type === null || !/json$/.test(type)) {
    const steady = !varying.otherwise && varying.paths.size === 0 && !isOfToday(body, now);
    return { body: steady ? body : null, varies: [] };
  }
  const varies = new Set<string>();
  try {
    const masked = JSON.stringify(mask(JSON.parse(body), '$', { varying, now, varies }));
    return { body: varies.size === 0 ? body : masked, varies: [...varies].sort() };
  } catch {
    return { body: null, varies: [] };
  }
}

interface Masking {
  varying: Varying;
  now: Date;
  /** Is added to. */
  varies: Set<string>;
}

function mask(value: unknown, path: string, masking: Masking): unknown {
  if (isVarying(value, path, masking)) {
    masking.varies.add(path);
    return VARIES;
  }
  if (Array.isArray(value)) return value.map((item) => mask(item, `${path}[*]`, masking));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mask(item, `${path}.${key}`, masking)]),
  );
}

const VARIES = '«varies»';

function isVarying(value: unknown, path: string, { varying, now }: Masking): boolean {
  // A list of one has only one order.
  if (Array.isArray(value) && value.length < 2 && varying.unordered.has(memberOf(path))) return false;
  if (varying.paths.has(path)) return true;
  if (Array.isArray(value)) return varying.unordered.has(memberOf(path));
  if (typeof value === 'string') return isOfToday(value, now);
  return typeof value === 'number' && isAboutNow(value, now);
}

const DAY_MS = 86_400_000;

/** Two answers of one moment may agree on the date; tomorrow's would not. */
function isOfToday(text: string, now: Date): boolean {
  return [-DAY_MS, 0, DAY_MS].some((shift) =>
    text.includes(new Date(now.getTime() + shift).toISOString().slice(0, 10)),
  );
}

/** A time of day of the recording as a number: seconds or milliseconds. */
function isAboutNow(value: number, now: Date): boolean {
  return [1, 1000].some((unit) => Math.abs(value * unit - now.getTime()) < DAY_MS);
}

/**
 * Places of JSON web tokens that speak of the time of the recording: two of one second may be the same, those of another carve are not.
 */
function datedTokens(body: Uint8Array | undefined, now: Date): string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      const claims = value.length > 4096 ? undefined : claimsOf(value);
      if (claims?.text.match(MOMENT)?.some((digits) => isAboutNow(Number(digits), now))) found.push(path);
    } else if (Array.isArray(value)) for (const item of value) visit(item, `${path}[*]`);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
  };
  try {
    visit(JSON.parse(Buffer.from(body ?? []).toString('utf8')), '$');
  } catch {
    return [];
  }
  return found;
}
