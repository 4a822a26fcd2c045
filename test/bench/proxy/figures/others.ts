import { CONTENDERS, missingProgram, NGINX, NO_PLAN, PLAIN } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import type { Running } from '../processes.ts';
import type { Figure } from './figure.ts';
import { measureShortRounds } from './short-rounds.ts';

/** CPU of our edge per small GET against that of others, each with the machine to itself. `folder`: for files that the load needs. */
export async function measureOthers(rounds: number, folder: string): Promise<Figure[]> {
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    const start = async (name: string): Promise<Running> => {
      const candidate = await CONTENDERS[name]!(origin.port);
      running.push(candidate);
      return candidate;
    };
    const ours = await start(NO_PLAN);
    const plain = await start(PLAIN);
    const nginx = missingProgram(NGINX) === undefined ? await start(NGINX) : undefined;
    const proxies = nginx === undefined ? [ours, plain] : [ours, plain, nginx];
    const { calm, errors } = await measureShortRounds(proxies, { rounds, folder });
    const figure = (name: string, other: Running, atLeast: number, aim: number): Figure => ({
      name: `CPU per small GET against ${name}`,
      value: calm(ours) / calm(other),
      unit: '×',
      atLeast,
      aim,
      note: `${calm(other).toFixed(1)} and ${calm(ours).toFixed(1)} µs, lower quartiles of ${rounds} rounds; ${errors} errors`,
    });
    const figures = [figure('plain @fastify/http-proxy', plain, 0.55, 0.35)];
    if (nginx !== undefined) figures.push(figure('one nginx worker', nginx, 4, 2.5));
    return figures;
  } finally {
    // The origin, which began first, ends last.
    for (const each of running.reverse()) await each.stop();
  }
}
