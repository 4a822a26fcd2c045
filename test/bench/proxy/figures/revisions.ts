import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../../../../migration-plans/revision/revision.ts';
import { arrive } from '../../open-loop.ts';
import { startEdgeCandidate } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import type { Running } from '../processes.ts';
import type { EdgeVariant } from '../revisions.ts';
import { sessionCookie } from '../scenarios.ts';
import type { Figure } from './figure.ts';

/** What successive revisions say of the plan that claims the users' path. */
const PHASES: readonly Phase[] = ['monolith', 'shadow', 'canary', 'canary', 'cutover'];
/** Between two revisions. Milliseconds. */
const PAUSE_MS = 100;

/** Failed requests while revisions of 1 000 plans replace each other under load. */
export async function measureRevisions(revisions: number, rate: number): Promise<Figure> {
  const variant = (number: number): EdgeVariant => ({
    phase: PHASES[number % PHASES.length]!,
    weightBp: 100 * (1 + (number % 100)),
    plans: 1_000,
  });
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    const edge = await startEdgeCandidate('edge', variant(0), origin.port);
    running.push(edge);
    let swapping = true;
    const users = async (): Promise<{
      requests: number;
      errors: number;
      p99Ms: number;
      problems: string[];
    }> => {
      const all = { requests: 0, errors: 0, p99Ms: 0, problems: [] as string[] };
      while (swapping) {
        const served = await arrive({
          port: edge.port,
          rate,
          seconds: 1,
          path: () => '/small.json',
          headers: (index) => ({ cookie: sessionCookie(index) }),
        });
        all.requests += served.requests;
        all.errors += served.errors;
        all.p99Ms = Math.max(all.p99Ms, served.p99Ms);
        all.problems.push(...served.problems);
      }
      return all;
    };
    const swap = async (): Promise<number> => {
      let served = 0;
      try {
        for (let number = 1; number <= revisions; number += 1) {
          const published = await edge.ask<number>('publish', variant(number));
          served = await servedBy(edge);
          while (served < published) {
            await sleep(5);
            served = await servedBy(edge);
          }
          await sleep(PAUSE_MS);
        }
      } finally {
        swapping = false;
      }
      return served;
    };
    const [all, last] = await Promise.all([users(), swap()]);
    return {
      name: `${revisions} revisions of 10 006 routes swapped under load`,
      value: all.errors,
      unit: 'failed',
      atLeast: 0,
      aim: 0,
      note: `${all.requests} requests at ${rate}/s, worst p99 of a second ${all.p99Ms.toFixed(1)} ms; revision ${last} serves${all.problems.length > 0 ? `; ${all.problems.slice(0, 3).join(', ')}` : ''}`,
    };
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}

async function servedBy(edge: { ask<T>(name: string): Promise<T> }): Promise<number> {
  return (await edge.ask<{ number: number | null }>('revision')).number ?? 0;
}
