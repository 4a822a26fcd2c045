/** What an edge says of itself when a run is over. Bytes. */
export interface EdgeFigures {
  peakBytes: number;
  /** Of captured answers. */
  peakHeld: number;
  sent: number;
  compared: number;
  dropped: Record<string, number>;
}

export interface Run {
  p50Ms: number;
  p99Ms: number;
  requests: number;
  errors: number;
  edge: EdgeFigures;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export function quantileOf(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** One line of the table: medians over the rounds, the largest memory of any. */
export function rowOf(name: string, runs: readonly Run[]): string {
  const ms = (pick: (run: Run) => number): string => median(runs.map(pick)).toFixed(1);
  const most = (pick: (run: Run) => number): string => (Math.max(...runs.map(pick)) / 1024 / 1024).toFixed(1);
  const dropped: Record<string, number> = {};
  for (const { edge } of runs)
    for (const [reason, count] of Object.entries(edge.dropped))
      dropped[reason] = (dropped[reason] ?? 0) + count;
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0);
  const cells = [
    name,
    ms((run) => run.p50Ms),
    ms((run) => run.p99Ms),
    sum((run) => run.requests),
    sum((run) => run.errors),
    most((run) => run.edge.peakBytes),
    most((run) => run.edge.peakHeld),
    sum((run) => run.edge.compared),
    Object.entries(dropped)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ') || 'none',
  ];
  return `| ${cells.join(' | ')} |`;
}
