import { arrive, median } from '../../open-loop.ts';
import type { ShadowFigures } from '../candidates/edge.ts';
import { startEdgeCandidate } from '../contenders.ts';
import { drive as load } from '../load.ts';
import { startOrigin } from '../origin.ts';
import { cpuMicros, type Running, type RunningNode } from '../processes.ts';
import type { EdgeVariant } from '../revisions.ts';
import { SMALL, sessionCookie } from '../scenarios.ts';
import { ratioOf } from '../table.ts';
import type { Figure } from './figure.ts';

/** Full load, so that their code is compiled, as that of an edge which has run for a while is; then a turn that does not count. Seconds. */
const WARM_UP = 4;
/** Of each edge: two processes of the same program differ by more than the aim. */
const PROCESSES = 3;

export interface ShadowLatencyOptions {
  /** For files that the load needs. */
  folder: string;
  rounds: number;
  seconds: number;
  /** Requests per second: few enough that mirroring does not fill the two cores. */
  rate: number;
}

/** What a user's p99 becomes when every read is mirrored and compared: edges with shadowing and without, driven in turn. */
export async function measureShadowLatency(options: ShadowLatencyOptions): Promise<Figure> {
  const { folder, rounds, seconds, rate } = options;
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    // The copies go to a process of its own, as they would: what they cost there is nothing of the monolith's.
    const service = await startOrigin(false);
    running.push(service);
    const edges = { off: [] as RunningNode[], on: [] as RunningNode[] };
    for (let process = 0; process < PROCESSES; process += 1) {
      for (const which of ['off', 'on'] as const) {
        const variant: EdgeVariant = { phase: which === 'on' ? 'shadow' : 'monolith' };
        const edge = await startEdgeCandidate(which, variant, origin.port, { servicePort: service.port });
        running.push(edge);
        edges[which].push(edge);
      }
    }
    const p99 = { off: [] as number[], on: [] as number[] };
    const cpu = { off: 0, on: 0 };
    const ratios: number[] = [];
    let errors = 0;
    const told = () => Promise.all(edges.on.map((edge) => edge.ask<ShadowFigures>('shadow')));
    const drive = async (which: 'off' | 'on', turn: number, counts: boolean): Promise<number> => {
      const edge = edges[which][turn % PROCESSES]!;
      const before = cpuMicros(edge.pid);
      const served = await arrive({
        port: edge.port,
        rate,
        seconds,
        path: () => '/small.json',
        headers: (index) => ({ cookie: sessionCookie(index) }),
      });
      errors += served.errors;
      if (counts) {
        p99[which].push(served.p99Ms);
        cpu[which] += (cpuMicros(edge.pid) - before) / served.requests / rounds;
      }
      return served.p99Ms;
    };
    for (let turn = 0; turn < PROCESSES; turn += 1) {
      for (const which of ['off', 'on'] as const) {
        errors += (await load(SMALL, edges[which][turn]!.port, WARM_UP, folder)).errors;
        await drive(which, turn, false);
      }
    }
    const before = await told();
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const);
      const pair = { off: 0, on: 0 };
      for (const which of order) pair[which] = await drive(which, round, true);
      ratios.push(pair.on / pair.off);
    }
    const after = await told();
    const since = (of: (shadow: ShadowFigures) => number): number =>
      after.reduce((sum, shadow, process) => sum + of(shadow) - of(before[process]!), 0);
    const dropped = since((shadow) =>
      Object.values(shadow.dropped).reduce<number>((a, b) => a + (b ?? 0), 0),
    );
    const { value, least, most } = ratioOf(ratios)!;
    return {
      name: 'shadow at 100 %: p99 of users against shadow off',
      value,
      unit: '×',
      atLeast: 1.25,
      aim: 1.05,
      note: `at ${rate}/s: ${median(p99.off).toFixed(2)} → ${median(p99.on).toFixed(2)} ms, ${rounds} pairs of ${PROCESSES} processes each ${least.toFixed(2)}–${most.toFixed(2)}×; CPU ${cpu.off.toFixed(0)} → ${cpu.on.toFixed(0)} µs; ${since(({ sent }) => sent)} mirrored, ${since(({ compared }) => compared)} compared, ${dropped} dropped; ${errors} errors`,
    };
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}
