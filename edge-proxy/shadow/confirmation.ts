import type { Comparison, Difference } from '../../migration-plans/compare/answer.ts';
import { isStructural } from '../../migration-plans/evidence/cluster.ts';

/** Remembered at most; beyond it a difference is only confirmed more often than it need be. */
const MAX_KNOWN = 10_000;

/** Which differences the monolith has shown against itself in a run. */
export class KnownNoise {
  readonly #known = new Set<string>();

  learn(routeId: string, probe: Comparison): void {
    for (const difference of probe.differences) {
      if (this.#known.size >= MAX_KNOWN) return;
      this.#known.add(`${routeId}\n${keyOf(difference)}`);
    }
  }

  has(routeId: string, difference: Difference): boolean {
    return this.#known.has(`${routeId}\n${keyOf(difference)}`);
  }

  /**
   * Whether the monolith is asked once more before the comparison counts: for each difference in form, since one of those decides
   * the verdict, and for each in content that no probe has shown.
   */
  needsConfirmation(routeId: string, comparison: Comparison): boolean {
    if (comparison.omitted > 0) return true;
    // That the service did not answer needs no second look at the monolith.
    return comparison.differences.some(
      (each) => each.kind !== 'failure' && (isStructural(each) || !this.has(routeId, each)),
    );
  }
}

export type Confirmation =
  /** File this. */
  | { comparison: Comparison }
  /** The monolith changed just where the service differs: nothing is known for certain. */
  | { inconclusive: true };

/**
 * Judges a comparison (monolith before ↔ service) after the monolith was asked once more.
 * - What the monolith now says as the service did was a change of the data between the two reads, and no difference.
 * - A difference at a place that changed in the monolith itself, in form for a difference in form, says nothing; unless it is noise
 *   that probes have shown, whose rates are compared when evidence is read.
 * - All else stands, also a service's answer that is older than both of the monolith's.
 */
export function confirm(
  first: Comparison,
  nowAndService: Comparison,
  beforeAndNow: Comparison,
  isKnown: (difference: Difference) => boolean,
): Confirmation {
  if (nowAndService.equal) return { comparison: { ...keeping(first, []), omitted: 0 } };
  // What was not listed cannot be told apart: it stands unless the monolith has changed as well.
  const cut = first.omitted > 0 || nowAndService.omitted > 0 || beforeAndNow.omitted > 0;
  const changed = beforeAndNow.differences;
  const reformed = changed.filter(isStructural);
  if (cut) return reformed.length > 0 ? { inconclusive: true } : { comparison: first };
  const differences: Difference[] = [];
  let uncertain = false;
  for (const difference of first.differences) {
    if (!touches(difference, nowAndService.differences)) continue;
    const structural = isStructural(difference);
    const doubtful = structural
      ? touches(difference, reformed)
      : !isKnown(difference) && touches(difference, changed);
    if (doubtful) uncertain = true;
    else differences.push(difference);
  }
  // Known noise alone would make the rest look as if it had been compared.
  if (uncertain && differences.every(isKnown)) return { inconclusive: true };
  return { comparison: keeping(first, differences) };
}

/** The comparison with these of its differences; what was told of the values of the others goes with them. */
function keeping(comparison: Comparison, differences: Difference[]): Comparison {
  const kept = new Set(differences.map(({ path }) => path));
  const taken = new Set(comparison.differences.map(({ path }) => path).filter((path) => !kept.has(path)));
  return {
    ...comparison,
    equal: differences.length === 0,
    differences,
    traits: comparison.traits.filter(({ path }) => !taken.has(path)),
    values: comparison.values.filter(({ path }) => !taken.has(path)),
  };
}

/** Something differs at this place, above or below it, in whatever way: what was a number may be missing altogether by now. */
function touches({ path }: Difference, others: readonly Difference[]): boolean {
  return others.some((other) => path.startsWith(other.path) || other.path.startsWith(path));
}

function keyOf({ kind, path, shape }: Pick<Difference, 'kind' | 'path' | 'shape'>): string {
  return `${kind}\n${shape}\n${path}`;
}
