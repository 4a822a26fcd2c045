import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../../../../migration-plans/revision/revision.ts';
import { arrive, quantileOf } from '../../open-loop.ts';
import type { LongestBlock } from '../candidates/watch.ts';
import { startEdgeCandidate } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import { type Running, type RunningNode, startNode } from '../processes.ts';
import type { EdgeVariant } from '../revisions.ts';
import { sessionCookie } from '../scenarios.ts';
import type { Figure } from './figure.ts';

/** What successive revisions say of the plan that claims the users' path. */
const PHASES: readonly Phase[] = ['monolith', 'shadow', 'canary', 'canary', 'cutover'];
/** Between two revisions. Milliseconds. */
const PAUSE_MS = 100;
/** Between two looks whether it is served. An edge that is asked walks through all its routes. Milliseconds. */
const LOOK_MS = 50;
/** Users before the first swap, to compare with. Seconds. */
const CALM_SECONDS = 3;

interface Users {
  requests: number;
  errors: number;
  /** Milliseconds. */
  p99Ms: number;
  /** Of any one second. */
  worstP99Ms: number;
  problems: string[];
}

/** Failed requests while revisions of 1 000 plans replace each other under load, from a real state store. */
export async function measureRevisions(revisions: number, rate: number): Promise<Figure> {
  const running: Running[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'bench-state-'));
  let publisher: RunningNode | undefined;
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    publisher = await startNode('publisher', 'candidates/publisher.ts', {});
    running.push(publisher);
    await publisher.ask('publish', variantOf(0));
    const env = {
      ...{ BENCH_STORE: await publisher.ask<string>('url'), BENCH_FOLDER: folder },
      BENCH_WATCH: 'blocks',
    };
    const edge = await startEdgeCandidate('edge', {}, origin.port, { env });
    running.push(edge);
    await usersUntil(edge.port, rate, 1);
    const calm = await usersUntil(edge.port, rate, CALM_SECONDS);
    await edge.ask('longestBlock');
    let swapping = true;
    const swap = async (by: RunningNode): Promise<number> => {
      let served = 0;
      try {
        for (let index = 1; index <= revisions; index += 1) {
          const published = await by.ask<number>('publish', variantOf(index));
          served = await edge.ask<number>('revision');
          while (served < published) {
            await sleep(LOOK_MS);
            served = await edge.ask<number>('revision');
          }
          await sleep(PAUSE_MS);
        }
      } finally {
        swapping = false;
      }
      return served;
    };
    const [all, last] = await Promise.all([
      usersUntil(edge.port, rate, Number.POSITIVE_INFINITY, () => !swapping),
      swap(publisher),
    ]);
    const block = await edge.ask<LongestBlock>('longestBlock');
    const times = `p99 ${calm.p99Ms.toFixed(1)} ms before, ${all.p99Ms.toFixed(1)} ms while swapping, ${all.worstP99Ms.toFixed(1)} ms in the worst second`;
    return {
      name: `${revisions} revisions of 10 006 routes swapped under load`,
      value: all.errors,
      unit: 'failed',
      atLeast: 0,
      aim: 0,
      note: `${all.requests} requests at ${rate}/s: ${times}; event loop kept waiting ${block.anyMs.toFixed(1)} ms at most, by the garbage collector ${block.collectionMs.toFixed(1)} ms; revision ${last} serves${all.problems.length > 0 ? `; ${all.problems.slice(0, 3).join(', ')}` : ''}`,
    };
  } finally {
    for (const each of running.reverse()) {
      // One that has died has said so already.
      if (each === publisher) await publisher.ask('end').catch(() => {});
      await each.stop();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function variantOf(index: number): EdgeVariant {
  const phase = PHASES[index % PHASES.length]!;
  const share = phase === 'canary' ? 100 * (1 + (index % 99)) : 0;
  return { phase, weightBp: phase === 'cutover' ? 10_000 : share, plans: 1_000 };
}

/** Users for so many seconds, or until `done`, looked at second by second. */
async function usersUntil(
  port: number,
  rate: number,
  seconds: number,
  done: () => boolean = () => false,
): Promise<Users> {
  const all: Users = { requests: 0, errors: 0, p99Ms: 0, worstP99Ms: 0, problems: [] };
  const latencies: number[] = [];
  for (let second = 0; second < seconds && !done(); second += 1) {
    const served = await arrive({
      port,
      rate,
      seconds: 1,
      path: () => '/small.json',
      headers: (index) => ({ cookie: sessionCookie(index) }),
    });
    all.requests += served.requests;
    all.errors += served.errors;
    all.worstP99Ms = Math.max(all.worstP99Ms, served.p99Ms);
    all.problems.push(...served.problems);
    latencies.push(...served.latencies);
  }
  latencies.sort((a, b) => a - b);
  all.p99Ms = quantileOf(latencies, 0.99);
  return all;
}
