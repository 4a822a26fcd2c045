import { type ClassifiedCluster, classify } from './classify.ts';
import type { EvidenceSummary } from './evidence.ts';

/**
 * What became of a cluster in the newest run. `fixed` needs enough answers compared that it would have been seen again;
 * until then it is `not seen yet`. `flaky`: it went and came back at least twice.
 */
export type RunStatus = 'new' | 'regressed' | 'persisting' | 'fixed' | 'not seen yet' | 'flaky';

export interface RunChange {
  id: string;
  status: RunStatus;
  /** Of the newest run in which it was a finding. */
  cluster: ClassifiedCluster;
  /** Share of answers in each run, oldest first; undefined: the route was not compared. */
  shares: (number | undefined)[];
}

/** Chance of missing a cluster that is still there, below which its absence counts as fixed. */
const MISSED = 0.05;

/** Lays runs of one capability side by side, oldest first. Findings only: what is noise in a run is not there. */
export function layRuns(runs: readonly Pick<EvidenceSummary, 'clusters' | 'funnel'>[]): RunChange[] {
  const classified = runs.map(
    (run) =>
      new Map(
        classify(run)
          .filter(isFound)
          .map((entry) => [entry.cluster.id, entry]),
      ),
  );
  const ids = new Set(classified.flatMap((run) => [...run.keys()]));
  const changes: RunChange[] = [];
  for (const id of ids) {
    const presence = runs.map((run, i) => presenceOf(id, classified, run, i));
    const cluster = classified.findLast((run) => run.has(id))!.get(id)!;
    const shares = runs.map((run, i) => {
      const compared = run.funnel[cluster.cluster.route]?.compared ?? 0;
      return compared === 0 ? undefined : (classified[i]!.get(id)?.service.rate ?? 0);
    });
    changes.push({ id, status: statusOf(presence), cluster, shares });
  }
  return changes.sort((a, b) => b.cluster.score - a.cluster.score || (a.id < b.id ? -1 : 1));
}

type Presence = 'there' | 'gone' | 'unknown';

function presenceOf(
  id: string,
  classified: readonly ReadonlyMap<string, ClassifiedCluster>[],
  run: Pick<EvidenceSummary, 'funnel'>,
  index: number,
): Presence {
  if (classified[index]!.has(id)) return 'there';
  const known = classified.find((other) => other.has(id))!.get(id)!;
  const compared = run.funnel[known.cluster.route]?.compared ?? 0;
  return (1 - known.service.lower) ** compared < MISSED ? 'gone' : 'unknown';
}

function statusOf(presence: readonly Presence[]): RunStatus {
  const last = presence.at(-1)!;
  const known = presence.filter((value) => value !== 'unknown');
  let changes = 0;
  for (let i = 1; i < known.length; i++) if (known[i] !== known[i - 1]) changes++;
  const returns = changes - (known[0] === 'gone' ? 1 : 0);
  if (returns >= 3 || (returns === 2 && last !== 'there')) return 'flaky';
  if (last === 'unknown') return 'not seen yet';
  if (last === 'gone') return 'fixed';
  const before = presence.slice(0, -1);
  if (!before.includes('there')) return 'new';
  return before.findLast((value) => value !== 'unknown') === 'gone' ? 'regressed' : 'persisting';
}

function isFound(entry: ClassifiedCluster): boolean {
  return entry.class === 'difference' || entry.class === 'rare';
}
