/** What differs between the monolith's answers and the service's, without what differs between two of the monolith's own. Pure. */
import type { Difference, ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../../migration-plans/compare/compare.ts';
import { isSafe } from './methods.ts';
import type { TrialRequest } from './requests.ts';

export interface Trial {
  request: TrialRequest;
  monolith: ShadowAnswer;
  /** The monolith's answer on a database of its own, equal to the first one's. */
  again: ShadowAnswer;
  service: ShadowAnswer;
  /** Further answers of the monolith to the same reading request. */
  more?: readonly ShadowAnswer[];
  /** From the first exchange to the end of this one, in milliseconds since the epoch. */
  asked?: { from: number; to: number };
}

export interface JudgedTrial extends Trial {
  differences: Difference[];
  /** Places that differ between two answers of the monolith. */
  noise: string[];
  /** Those of them that differ by order. */
  unordered: string[];
}

export function judgeTrial(trial: Trial): JudgedTrial {
  // Long enough for a token to be read whole.
  const context = { method: trial.request.method, limits: { text: 4096 } };
  const noisy = new Map(
    [trial.again, ...(trial.more ?? [])].flatMap((other) =>
      compareAnswers(trial.monolith, other, context).differences.map(
        ({ path, kind }) => [path, kind] as const,
      ),
    ),
  );
  const { differences, omitted } = compareAnswers(trial.monolith, trial.service, context);
  const found = differences.filter(
    ({ path, kind }) =>
      !noisy.has(path) || (kind !== noisy.get(path) && kind !== 'value' && kind !== 'order'),
  );
  // Two answers of the monolith may come within the same millisecond: the time of day is told by what it says, too.
  const steady = found.filter(({ path, kind, left, right }) => {
    const clock =
      kind === 'value' &&
      (areOneMoment(left, right, trial.asked) || areTokensOfOneMoment(left, right, trial.asked));
    if (clock) noisy.set(path, kind);
    return !clock;
  });
  if (omitted > 0 && steady.length > 0)
    steady.push({
      kind: 'value',
      path: 'more',
      at: 'more',
      shape: '',
      left: `${omitted} more differences`,
      right: undefined,
    });
  return {
    ...trial,
    differences: steady,
    noise: [...noisy.keys()].sort(),
    unordered: [...noisy].flatMap(([path, kind]) => (kind === 'order' ? [path] : [])),
  };
}

/**
 * A write can't be repeated to see whether its answer has an order at all. A list that comes in any order where it is read has none
 * in the answer to a write either. Readings were repeated: what differs in theirs stays.
 */
export function withoutOrders(trials: readonly JudgedTrial[]): JudgedTrial[] {
  const unordered = new Set(trials.flatMap((trial) => trial.unordered.map(memberOf)));
  return trials.map((trial) => {
    if (isSafe(trial.request.method)) return trial;
    const loose = trial.differences.filter(
      ({ kind, path }) => kind === 'order' && unordered.has(memberOf(path)),
    );
    if (loose.length === 0) return trial;
    return {
      ...trial,
      differences: trial.differences.filter((difference) => !loose.includes(difference)),
      noise: [...new Set([...trial.noise, ...loose.map(({ path }) => path)])].sort(),
    };
  });
}

/** `badges` of `$.reviews[*].badges`. */
export function memberOf(path: string): string {
  return (
    path
      .replace(/\[\*\]|\[\d+\]/g, '')
      .split('.')
      .at(-1) ?? ''
  );
}

/** Whether two values are about the same time of day, of the exchanges or of a time reckoned from them, such as an expiry. */
function areOneMoment(left: string | undefined, right: string | undefined, asked: Trial['asked']): boolean {
  if (asked === undefined) return false;
  const [one, other] = [momentOf(left), momentOf(right)];
  const within = (at: number): boolean => at >= asked.from - SECOND_MS;
  return within(one) && within(other) && Math.abs(one - other) <= APART_MS;
}

/**
 * JSON web tokens that say the same but for the time of day: they are told by the second in which they were made. What is signed
 * otherwise at the same second is a difference.
 */
function areTokensOfOneMoment(
  left: string | undefined,
  right: string | undefined,
  asked: Trial['asked'],
): boolean {
  const [one, other] = [claimsOf(left), claimsOf(right)];
  if (one === undefined || other === undefined || one.head !== other.head) return false;
  const [times, others] = [one.text.match(MOMENT) ?? [], other.text.match(MOMENT) ?? []];
  return (
    one.text !== other.text &&
    one.text.replace(MOMENT, '') === other.text.replace(MOMENT, '') &&
    times.every((time, index) => shiftedAlike(time, others[index] ?? '', asked))
  );
}

/** Seconds or milliseconds since the epoch. */
export const MOMENT = /\b\d{10}(?:\d{3})?\b/g;

/** One of them may end later, as an expiry does: what counts is how far they are apart. */
function shiftedAlike(one: string, other: string, asked: Trial['asked']): boolean {
  return asked !== undefined && Math.abs(momentOf(one) - momentOf(other)) <= APART_MS;
}

/** Of a JSON web token: its head, and its claims as JSON. */
export function claimsOf(text: string | undefined): { head: string; text: string } | undefined {
  const match = /^"?([\w-]{10,})\.([\w-]{10,})/.exec(text ?? '');
  if (match === null) return undefined;
  const claims = Buffer.from(match[2] ?? '', 'base64url').toString('utf8');
  return claims.startsWith('{"') ? { head: match[1] ?? '', text: claims } : undefined;
}

/** Milliseconds since the epoch, of ISO 8601, or of seconds or milliseconds since the epoch; else not a number. */
function momentOf(text: string | undefined): number {
  const plain = (text ?? '').replace(/^"(.*)"$/, '$1');
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(plain)) return Date.parse(plain);
  if (/^\d{10}$/.test(plain)) return Number(plain) * 1000;
  return /^\d{13}$/.test(plain) ? Number(plain) : Number.NaN;
}

/** All are asked at the same moment; a busy machine answers them this much apart, at most. */
const APART_MS = 5_000;

/** Times in whole seconds lie up to this much before the moment that they mean. */
const SECOND_MS = 1_000;

/** `GET /books/1 (a row: 1)`, with who asked. */
function told({ method, url, name, as }: TrialRequest): string {
  return `${method} ${url} (${name}${as === undefined ? '' : `, as ${as}`})`;
}

/** `GET /books/1 (a row: 1): status: the monolith says 200, the service 404`. */
export function tellDifference({ request }: JudgedTrial, { at, left, right, kind }: Difference): string {
  const place = `${told(request)}: ${at}`;
  const short = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text);
  if (left === undefined && right === undefined) return `${place} differs (${kind})`;
  if (left === undefined) return `${place}: only the service has it: ${short(right ?? '')}`;
  if (right === undefined) return `${place}: only the monolith has it: ${short(left)}`;
  return `${place}: the monolith says ${short(left)}, the service ${short(right)}`;
}
