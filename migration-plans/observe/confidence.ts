import type { InferNode } from './infer-tree.ts';
import type { ValueReason } from './inventory.ts';
import type { RouteStats } from './observation.ts';
import { isName, isTitle } from './vocabulary.ts';

/**
 * How sure a route is: the product of what its calls and each of its segments say, so every doubt counts.
 *
 * - calls: `(n + 1) / (n + 2)` with `n` the calls that the application answered itself (Laplace's rule of succession); calls that
 *   were only ever turned away or sent elsewhere (401, 403, redirects) show that somebody guards the path, not that there is a route: halved
 * - a value: what the reason is worth, times `(d + 1) / (d + 2)` with `d` different values
 * - a word: how little it looks like the values that might stand beside it
 */
const WORTH: Record<ValueReason, number> = {
  form: 1,
  many: 0.98,
  locale: 0.95,
  below: 0.95,
  files: 0.95,
  titles: 0.9,
  collection: 0.8,
  page: 0.9,
};

export function callsConfidence({ status }: RouteStats): number {
  const [, , done = 0, sent = 0, refused = 0, failed = 0] = status;
  const answered = done + (done > 0 ? sent + refused + failed : 0);
  if (answered > 0) return (answered + 1) / (answered + 2);
  const turnedAway = sent + refused + failed;
  return turnedAway === 0 ? 0 : ((turnedAway + 1) / (turnedAway + 2)) * 0.5;
}

export function parameterConfidence(reason: ValueReason, distinct: number): number {
  return (WORTH[reason] * (distinct + 1)) / (distinct + 2);
}

/** A word among many like it might be a value of which too few were seen. */
export function wordConfidence(word: InferNode, siblings: readonly InferNode[]): number {
  if (isName(word.token)) return 1;
  const like = siblings.filter(({ token }) => isTitle(token)).length;
  return isTitle(word.token) && like > 1 ? 1 - Math.min(0.5, like * 0.05) : 1;
}
