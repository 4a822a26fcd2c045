import type { Comparison, Difference } from '../../migration-plans/compare/answer.ts';

/** Remembered at most; beyond it a difference is only confirmed more often than it need be. */
const MAX_KNOWN = 10_000;

/** Which differences the monolith has shown against itself in a run: they need no second look. */
export class KnownNoise {
  readonly #known = new Set<string>();

  learn(routeId: string, probe: Comparison): void {
    for (const difference of probe.differences) {
      if (this.#known.size >= MAX_KNOWN) return;
      this.#known.add(`${routeId}\n${keyOf(difference)}`);
    }
  }

  /** Something differs that no probe has shown so far. */
  surprising(routeId: string, comparison: Comparison): boolean {
    return (
      comparison.omitted > 0 ||
      comparison.differences.some((each) => !this.#known.has(`${routeId}\n${keyOf(each)}`))
    );
  }
}

/**
 * What is left of a comparison (monolith earlier ↔ service) after the monolith was asked once more (monolith now ↔ service).
 * A difference that is gone was a change of the data between the two reads: the monolith itself now says what the service said.
 * One that stays is a difference, also when the service's answer is merely older than both.
 */
export function remainingAfter(first: Comparison, again: Comparison): Comparison {
  if (again.equal)
    return {
      ...first,
      equal: true,
      differences: [],
      omitted: 0,
      notices: [...first.notices, CHANGED_BETWEEN],
    };
  // What was not listed cannot be told to be gone.
  if (first.omitted > 0 || again.omitted > 0) return first;
  const still = new Set(again.differences.map(keyOf));
  const differences = first.differences.filter((each) => still.has(keyOf(each)));
  if (differences.length === first.differences.length) return first;
  return {
    ...first,
    equal: differences.length === 0,
    differences,
    notices: [...first.notices, CHANGED_BETWEEN],
  };
}

export const CHANGED_BETWEEN =
  'The data changed between the two reads; the monolith now agrees with the service.';

function keyOf({ kind, path, shape }: Pick<Difference, 'kind' | 'path' | 'shape'>): string {
  return `${kind}\n${shape}\n${path}`;
}
