import { table } from '../../tour/table.ts';
import { median } from '../open-loop.ts';
import { NGINX, NO_PLAN, PLAIN } from './contenders.ts';
import type { Measurement } from './rounds.ts';
import type { Scenario } from './scenarios.ts';

/** How something compares with something else of the same rounds. */
export interface Ratio {
  /** Median over the rounds. */
  value: number;
  least: number;
  most: number;
}

export interface Row {
  scenario: string;
  candidate: string;
  rounds: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicros: number;
  /** Half the distance between the cheapest and the dearest round, as a share of the median. */
  cpuSpread: number;
  residentBytes: number;
  errors: number;
  /** CPU per request, round by round, against others of the same run; undefined: they did not take part. */
  againstPlain: Ratio | undefined;
  againstNginx: Ratio | undefined;
  againstNoPlan: Ratio | undefined;
}

/** One row a scenario and candidate: medians over the rounds. */
export function summarise(measured: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measured, ({ scenario, candidate }) => `${scenario}\n${candidate}`);
  return [...groups.values()].map((group) => {
    const { scenario, candidate } = group[0]!;
    const cpu = group.map((one) => one.cpuMicros);
    const middle = median(cpu);
    const against = (other: string): Ratio | undefined =>
      ratio(group, groups.get(`${scenario}\n${other}`) ?? []);
    return {
      scenario,
      candidate,
      rounds: group.length,
      requestsPerSecond: median(group.map((one) => one.requestsPerSecond)),
      p50Ms: median(group.map((one) => one.p50Ms)),
      p99Ms: median(group.map((one) => one.p99Ms)),
      cpuMicros: middle,
      cpuSpread: (Math.max(...cpu) - Math.min(...cpu)) / 2 / middle,
      residentBytes: Math.max(...group.map((one) => one.residentBytes)),
      errors: group.reduce((sum, one) => sum + one.errors, 0),
      againstPlain: against(PLAIN),
      againstNginx: against(NGINX),
      againstNoPlan: against(NO_PLAN),
    };
  });
}

/** Of two that were measured in turn: the machine's mood of a round is in both. */
function ratio(group: readonly Measurement[], others: readonly Measurement[]): Ratio | undefined {
  const byRound = new Map(others.map((other) => [other.round, other.cpuMicros]));
  const ratios = group.flatMap(({ round, cpuMicros }) => {
    const other = byRound.get(round);
    return other === undefined ? [] : [cpuMicros / other];
  });
  return ratioOf(ratios);
}

export function ratioOf(ratios: readonly number[]): Ratio | undefined {
  if (ratios.length === 0) return undefined;
  return { value: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

export function rowsAsText(rows: readonly Row[], scenarios: readonly Scenario[]): string {
  const times = (ratio: Ratio | undefined): string => ratio?.value.toFixed(2) ?? '';
  return scenarios
    .map(({ name, rate }) => ({ name, rate, own: rows.filter((row) => row.scenario === name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ name, rate, own }) => {
      const header = [
        name,
        'req/s',
        `p50 ms at ${rate}/s`,
        'p99 ms',
        'CPU µs',
        '±',
        'MB',
        '× plain',
        '× nginx',
        '× no plan',
        'errors',
      ];
      const cells = own.map((row) => [
        row.candidate,
        row.requestsPerSecond.toFixed(0),
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        row.cpuMicros.toFixed(1),
        `${(row.cpuSpread * 100).toFixed(0)}%`,
        (row.residentBytes / 1e6).toFixed(0),
        times(row.againstPlain),
        times(row.againstNginx),
        row.candidate.startsWith('edge') ? times(row.againstNoPlan) : '',
        String(row.errors),
      ]);
      return table(header, cells);
    })
    .join('\n\n');
}
