import { drive } from '../load.ts';
import { cpuMicros, type Running } from '../processes.ts';
import { SMALL } from '../scenarios.ts';

/** Rounds that do not count. */
const WARM_UP = 4;

/** CPU of several processes for a small GET at full load, microseconds. */
export interface CpuFigures {
  calm(running: Running): number;
  errors: number;
}

/**
 * Drives each of them for a second in every round, one after the other: each has the machine to itself. What a machine's neighbours do
 * only ever adds, and changes from second to second: the lower quartile of many short rounds is what repeats.
 */
export async function measureShortRounds(
  running: readonly Running[],
  { rounds, folder }: { rounds: number; folder: string },
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
    for (const each of running) await measure(each);
  }
  for (const values of cpu.values()) values.splice(0, WARM_UP);
  return {
    errors,
    calm: (each) => lowerQuartile(cpu.get(each)!),
  };
}

function lowerQuartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)]!;
}
