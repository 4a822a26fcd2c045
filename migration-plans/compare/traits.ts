import { timeOf } from './format.ts';
import type { Clocks, DifferingText } from './recorder.ts';

/** Two times count as in step within this: clocks in `Date` headers tick in seconds, and the answers are not simultaneous. */
const IN_STEP_MS = 5_000;
const QUARTER_MS = 15 * 60_000;
/** Largest offset between two time zones (UTC−12 to UTC+14), in quarters of an hour. */
const MAX_ZONE_QUARTERS = 26 * 4;
/** Shorter texts are equal to others by chance. */
const MIN_RELATED_LENGTH = 6;

/**
 * How far the right time is from where it should be: each side is measured against the clock of its own answer. Undefined: no times.
 * Words: `clock in step`, `clock +1:00` (a whole number of quarter hours, as time zones are), `clock off by seconds|minutes|…`.
 */
export function clockTrait(
  left: string | number,
  right: string | number,
  clocks: Clocks,
): string | undefined {
  const leftTime = timeOf(left);
  if (leftTime === undefined) return undefined;
  const rightTime = timeOf(right);
  if (rightTime === undefined) return undefined;
  const between = clocks.left !== undefined && clocks.right !== undefined ? clocks.right - clocks.left : 0;
  const offset = rightTime - leftTime - between;
  const distance = Math.abs(offset);
  if (distance <= IN_STEP_MS) return 'clock in step';
  const sign = offset < 0 ? '−' : '+';
  const quarters = Math.round(distance / QUARTER_MS);
  if (
    quarters > 0 &&
    quarters <= MAX_ZONE_QUARTERS &&
    Math.abs(distance - quarters * QUARTER_MS) <= IN_STEP_MS
  ) {
    return `clock ${sign}${quarters >> 2}:${String((quarters & 3) * 15).padStart(2, '0')}`;
  }
  if (distance < 60_000) return `clock ${sign}seconds`;
  if (distance < 3_600_000) return `clock ${sign}minutes`;
  if (distance < 86_400_000) return `clock ${sign}hours`;
  return `clock ${sign}days`;
}

/** Numbers this close are of one size: a counter moves on, a measured time varies. */
const SAME_SIZE = 0.5;
const SAME_SIZE_LEAST = 5;

/** Whether two numbers that differ are of one size; a noisy one is not checked any closer. Words: `size near`, `size far above`, `size far below`. */
export function sizeTrait(left: number, right: number): string | undefined {
  const distance = Math.abs(right - left);
  if (Number.isNaN(distance)) return undefined;
  const largest = Math.max(Math.abs(left), Math.abs(right));
  if (distance <= Math.max(SAME_SIZE_LEAST, SAME_SIZE * largest)) return 'size near';
  return right > left ? 'size far above' : 'size far below';
}

/** A named value of one answer or its request, such as `header:x-request-id`. */
export interface NamedValue {
  name: string;
  left: string | undefined;
  right: string | undefined;
}

/**
 * Which differing values are the same as another value of their own answer on the left (a request id in body and header, a token in
 * a form and its cookie), and whether the right keeps that. Linear in the number of values.
 */
export function equalityTraits(
  texts: readonly DifferingText[],
  named: readonly NamedValue[],
): { path: string; shape: string }[] {
  const firstByValue = new Map<string, { name: string; right: string | undefined }>();
  for (const { name, left, right } of named) {
    if (
      left !== undefined &&
      left.length >= MIN_RELATED_LENGTH &&
      left !== right &&
      !firstByValue.has(left)
    ) {
      firstByValue.set(left, { name, right });
    }
  }
  const traits: { path: string; shape: string }[] = [];
  for (const { path, left, right } of texts) {
    if (left.length < MIN_RELATED_LENGTH) continue;
    const known = firstByValue.get(left);
    if (known === undefined) firstByValue.set(left, { name: path, right });
    else if (known.name !== path) {
      traits.push({ path, shape: `same as ${known.name}: ${known.right === right ? 'kept' : 'broken'}` });
    }
  }
  return traits;
}
