/** What decisions mean for a slice. */
import type { Decision } from './decisions.ts';
import type { FullRefusal } from './refusals.ts';
import type { SliceChoices } from './slice/slice.ts';

/** The decision for a key: the one under that very key, else the first whose `*` stands for the rest. */
export function decisionFor(decisions: ReadonlyMap<string, Decision>, key: string): Decision | undefined {
  const exact = decisions.get(key);
  if (exact !== undefined) return exact;
  for (const [pattern, decision] of decisions)
    if (pattern.includes('*') && matches(pattern, key)) return decision;
  return undefined;
}

export function matches(pattern: string, key: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(key);
}

/** Choices from decisions alone: `port:FILE#NAME: shared-database` takes a function along that could be called. */
export function firstChoices(decisions: ReadonlyMap<string, Decision>): SliceChoices {
  return {
    remote: new Set(),
    along: (id) => decisionFor(decisions, `port:${id}`)?.choose === 'shared-database',
    without: new Set(),
  };
}

/** Choices with what was decided about refusals; undefined where nothing is new. */
export function nextChoices(
  before: SliceChoices,
  refusals: readonly FullRefusal[],
  decisions: ReadonlyMap<string, Decision>,
): SliceChoices | undefined {
  const remote = new Set(before.remote);
  const without = new Set(before.without);
  const along = new Set<string>();
  for (const refusal of refusals) {
    const choose = decisionFor(decisions, refusal.key)?.choose;
    if (choose === 'keep-in-monolith' && refusal.keeps !== undefined) remote.add(refusal.keeps);
    if (choose === 'shared-database' && refusal.takes !== undefined && !before.along(refusal.takes))
      along.add(refusal.takes);
    if (choose === 'only-monolith' && refusal.drops !== undefined) without.add(refusal.drops);
  }
  if (remote.size === before.remote.size && without.size === before.without.size && along.size === 0)
    return undefined;
  return { remote, without, along: (id) => along.has(id) || before.along(id) };
}
