import { EXIT, StranglerError } from '../../migration-plans/errors.ts';

/** The names nearest to what was typed, nearest first: at most three, and only such that a slip of the finger explains. */
export function nearest(typed: string, names: readonly string[]): string[] {
  const limit = Math.max(1, Math.floor(typed.length / 3));
  return names
    .map((name) => ({ name, distance: name.startsWith(typed) ? 0.5 : distance(typed.toLowerCase(), name) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
export function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** "did you mean …?" as a remedy; without anything near, all that there is. */
export function didYouMean(typed: string, names: readonly string[], none: string): string {
  const [first, ...rest] = nearest(typed, names);
  if (first !== undefined) return `did you mean ${[first, ...rest].join(', ')}?`;
  return names.length === 0 ? none : `there is: ${names.slice(0, 20).join(', ')}`;
}

export function unknownCapability(typed: string, known: readonly string[]): StranglerError {
  return new StranglerError('CLI_UNKNOWN_CAPABILITY', `there is no capability "${typed}"`, {
    exitCode: EXIT.usage,
    remedy: didYouMean(
      typed,
      known,
      'no plan exists yet: write one into the plan folder (strangler plan show explains the format)',
    ),
  });
}
