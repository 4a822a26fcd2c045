import { median, type Served } from '../open-loop.ts';
import type { ShadowFigures } from '../proxy/candidates/edge.ts';

export interface Run extends Served {
  edge: ShadowFigures;
}

/** One line of the table: medians over the rounds, the largest memory of any. */
export function rowOf(name: string, runs: readonly Run[]): string {
  const ms = (pick: (run: Run) => number): string => median(runs.map(pick)).toFixed(1);
  const most = (pick: (run: Run) => number): string => (Math.max(...runs.map(pick)) / 1024 / 1024).toFixed(1);
  const dropped: Record<string, number> = {};
  for (const { edge } of runs)
    for (const [reason, count = 0] of Object.entries(edge.dropped))
      dropped[reason] = (dropped[reason] ?? 0) + count;
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0);
  const cells = [
    name,
    ms((run) => run.p50Ms),
    ms((run) => run.p99Ms),
    sum((run) => run.requests),
    sum((run) => run.errors),
    most((run) => run.edge.peakRss),
    most((run) => run.edge.peakHeld),
    sum((run) => run.edge.compared),
    Object.entries(dropped)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ') || 'none',
  ];
  return `| ${cells.join(' | ')} |`;
}
