/** What decisions mean for a slice. */
import { type Decision, decisionFor } from './decisions.ts';
import type { FullRefusal } from './refusals/draft.ts';
import type { SliceChoices } from './slice/slice.ts';

/** Choices from decisions alone: `port:FILE#NAME: shared-database` takes a function along that could be called. */
export function firstChoices(decisions: ReadonlyMap<string, Decision>): SliceChoices {
  return {
    remote: new Set(),
    along: (id) => {
      const key = decisionFor(`port:${id}`, decisions, ['shared-database']);
      return key !== undefined && decisions.get(key)?.choose === 'shared-database';
    },
    without: new Set(),
    asks: new Set(),
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
  const asks = new Set(before.asks);
  const along = new Set<string>();
  for (const refusal of refusals) {
    const choose = decisions.get(decisionFor(refusal.key, decisions, refusal.options) ?? '')?.choose;
    // What is not offered is told as a mistake, not followed.
    if (choose === undefined || !refusal.options.includes(choose)) continue;
    if (choose === 'keep-in-monolith' && refusal.keeps !== undefined) remote.add(refusal.keeps);
    if (choose === 'shared-database' && refusal.takes !== undefined && !before.along(refusal.takes))
      along.add(refusal.takes);
    if (choose === 'ask-monolith' && refusal.asks?.func !== undefined) asks.add(refusal.asks.func.node);
    if (choose === 'only-monolith' && refusal.drops !== undefined) without.add(refusal.drops);
  }
  const same =
    remote.size === before.remote.size &&
    without.size === before.without.size &&
    asks.size === before.asks.size &&
    along.size === 0;
  if (same) return undefined;
  return { remote, without, asks, along: (id) => along.has(id) || before.along(id) };
}
