import { drive } from '../load.ts';
import { cpuMicros, type Running } from '../processes.ts';
import { SMALL } from '../scenarios.ts';

/** Rounds that do not count. */
const WARM_UP = 4;

export interface ShortRoundsOptions {
  rounds: number;
  /** For files that the load needs. */
  folder: string;
  /** All at the same time, which tells hundredths apart; otherwise one after the other, each with the machine to itself. */
  together: boolean;
}

/** CPU of several processes for a small GET at full load, microseconds. */
export interface CpuFigures {
  /** Of these processes. */
  calm(...running: Running[]): number;
  errors: number;
}

/**
 * Drives each of them for a second in every round. What a machine's neighbours do only ever adds, and changes from second to second:
 * the lower quartile of many short rounds is what repeats.
 */
export async function measureShortRounds(
  running: readonly Running[],
  { rounds, folder, together }: ShortRoundsOptions,
): Promise<CpuFigures> {
  const cpu = new Map<Running, number[]>(running.map((each) => [each, []]));
  let errors = 0;
  const measure = async (each: Running): Promise<void> => {
    const before = cpuMicros(each.pid);
    const result = await drive(SMALL, each.port, 1, folder);
    errors += result.errors;
    cpu.get(each)!.push((cpuMicros(each.pid) - before) / Math.max(1, result.requests));
  };
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (together) await Promise.all(running.map(measure));
    else for (const each of running) await measure(each);
  }
  for (const values of cpu.values()) values.splice(0, WARM_UP);
  return {
    errors,
    calm: (...which) => lowerQuartile(which.flatMap((each) => cpu.get(each)!)),
  };
}

function lowerQuartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)]!;
}
