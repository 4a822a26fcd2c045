import { EDGES, type EdgeName, NO_PLAN, startEdgeCandidate } from '../contenders.ts';
import { drive } from '../load.ts';
import { startOrigin } from '../origin.ts';
import { cpuMicros, type Running } from '../processes.ts';
import { SMALL } from '../scenarios.ts';
import type { Figure } from './figure.ts';

const ROUTES: EdgeName = 'edge, 10 000 routes';
const CANARY: EdgeName = 'edge, canary 50 %';
/** What would come out if nothing cost anything: the same edge once more. */
const AGAIN = 'edge, no plan, once more';
/** Rounds that do not count. */
const WARM_UP = 4;

/**
 * CPU of an edge per small GET with routes and with a sticky canary, against none. A few hundredths drown in what a machine's neighbours
 * do, so: the edges are driven at the same time, not in turn; neighbours only ever add, so the lower quartile of the rounds counts;
 * and there are two edges without a plan, of which the difference tells how much to believe. `folder`: for files that the load needs.
 */
export async function measureRouting(rounds: number, folder: string): Promise<Figure[]> {
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    const edges = [];
    for (const [name, variant] of [
      [NO_PLAN, EDGES[NO_PLAN]],
      [ROUTES, EDGES[ROUTES]],
      [CANARY, EDGES[CANARY]],
      [AGAIN, EDGES[NO_PLAN]],
    ] as const) {
      const edge = await startEdgeCandidate(name, variant, origin.port);
      running.push(edge);
      edges.push(edge);
    }
    const cpu = new Map<string, number[]>(edges.map(({ name }) => [name, []]));
    let errors = 0;
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const micros = await Promise.all(
        edges.map(async ({ pid, port }) => {
          const before = cpuMicros(pid);
          const result = await drive(SMALL, port, 1, folder);
          errors += result.errors;
          return (cpuMicros(pid) - before) / Math.max(1, result.requests);
        }),
      );
      if (round >= 0) for (const [index, { name }] of edges.entries()) cpu.get(name)!.push(micros[index]!);
    }
    const calm = (...names: string[]): number => lowerQuartile(names.flatMap((name) => cpu.get(name)!));
    const none = calm(NO_PLAN, AGAIN);
    const figure = (name: string, candidate: EdgeName, atLeast: number, aim: number): Figure => ({
      name,
      value: calm(candidate) / none,
      unit: '×',
      atLeast,
      aim,
      note: `${none.toFixed(1)} → ${calm(candidate).toFixed(1)} µs, lower quartiles of ${rounds} rounds; of two edges without a plan ${(calm(AGAIN) / calm(NO_PLAN)).toFixed(2)}×; ${errors} errors`,
    });
    return [
      figure('10 000 routes against none', ROUTES, 1.05, 1.01),
      figure('sticky canary and metrics against none', CANARY, 1.1, 1.03),
    ];
  } finally {
    // The origin, which began first, ends last.
    for (const each of running.reverse()) await each.stop();
  }
}

function lowerQuartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)]!;
}
