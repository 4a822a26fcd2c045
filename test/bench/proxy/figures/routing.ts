import { EDGES, type EdgeName, NO_PLAN, startEdgeCandidate } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import type { Running } from '../processes.ts';
import type { Figure } from './figure.ts';
import { measureShortRounds } from './short-rounds.ts';

/**
 * CPU of an edge per small GET with routes and with a sticky canary, against none. There are two edges without a plan, of which the
 * difference tells how much to believe. `folder`: for files that the load needs.
 */
export async function measureRouting(rounds: number, folder: string): Promise<Figure[]> {
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    const start = async (name: EdgeName): Promise<Running> => {
      const edge = await startEdgeCandidate(name, EDGES[name], origin.port);
      running.push(edge);
      return edge;
    };
    const without = await start(NO_PLAN);
    const again = await start(NO_PLAN);
    const routes = await start('edge, 10 000 routes');
    const canary = await start('edge, canary 50 %');
    const edges = [without, again, routes, canary];
    const { calm, errors } = await measureShortRounds(edges, { rounds, folder, together: true });
    const none = calm(without, again);
    const figure = (name: string, edge: Running, atLeast: number, aim: number): Figure => ({
      name,
      value: calm(edge) / none,
      unit: '×',
      atLeast,
      aim,
      note: `${none.toFixed(1)} → ${calm(edge).toFixed(1)} µs, lower quartiles of ${rounds} rounds; of two edges without a plan ${(calm(again) / calm(without)).toFixed(2)}×; ${errors} errors`,
    });
    return [
      figure('10 000 routes against none', routes, 1.05, 1.01),
      figure('sticky canary and metrics against none', canary, 1.1, 1.03),
    ];
  } finally {
    // The origin, which began first, ends last.
    for (const each of running.reverse()) await each.stop();
  }
}
