import { EDGES, type EdgeName, NO_PLAN, startEdgeCandidate } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import type { Running } from '../processes.ts';
import type { Figure } from './figure.ts';
import { measureShortRounds } from './short-rounds.ts';

const ROUTES: EdgeName = 'edge, 10 000 routes';
const CANARY: EdgeName = 'edge, canary 50 %';
/** What would come out if nothing cost anything. */
const AGAIN = 'edge, no plan, once more';

export interface RoutingOptions {
  /** Of each set. */
  rounds: number;
  /** Two processes of one program differ by some hundredths, by how V8 happened to compile them: so many of each are measured. */
  sets: number;
  /** For files that the load needs. */
  folder: string;
}

/**
 * CPU of an edge per small GET with routes and with a sticky canary, against none. There are two edges without a plan, of which the
 * difference tells how much to believe.
 */
export async function measureRouting({ rounds, sets, folder }: RoutingOptions): Promise<Figure[]> {
  const cpu = new Map<string, number[]>();
  let errors = 0;
  for (let set = 0; set < sets; set += 1) errors += await measureSet(rounds, folder, cpu);
  const mean = (...names: string[]): number => {
    const values = names.flatMap((name) => cpu.get(name)!);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const none = mean(NO_PLAN, AGAIN);
  const figure = (name: string, edge: EdgeName, atLeast: number, aim: number): Figure => ({
    name,
    value: mean(edge) / none,
    unit: '×',
    atLeast,
    aim,
    note: `${none.toFixed(1)} → ${mean(edge).toFixed(1)} µs, lower quartiles of ${rounds} rounds, of ${sets} processes each; of two kinds without a plan ${(mean(AGAIN) / mean(NO_PLAN)).toFixed(2)}×; ${errors} errors`,
  });
  return [
    figure('10 000 routes against none', ROUTES, 1.05, 1.01),
    figure('sticky canary and metrics against none', CANARY, 1.1, 1.03),
  ];
}

/** Adds what one process of each came to; returns the errors. */
async function measureSet(rounds: number, folder: string, cpu: Map<string, number[]>): Promise<number> {
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    for (const [name, variant] of [
      [NO_PLAN, EDGES[NO_PLAN]],
      [ROUTES, EDGES[ROUTES]],
      [CANARY, EDGES[CANARY]],
      [AGAIN, EDGES[NO_PLAN]],
    ] as const) {
      running.push(await startEdgeCandidate(name, variant, origin.port));
    }
    const edges = running.slice(1);
    const { calm, errors } = await measureShortRounds(edges, { rounds, folder });
    for (const edge of edges) cpu.set(edge.name, [...(cpu.get(edge.name) ?? []), calm(edge)]);
    return errors;
  } finally {
    // The origin, which began first, ends last.
    for (const each of running.reverse()) await each.stop();
  }
}
