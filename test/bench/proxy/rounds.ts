import { arrive } from '../open-loop.ts';
import { CONTENDERS, DIRECT, missingProgram } from './contenders.ts';
import { drive } from './load.ts';
import { startOrigin } from './origin.ts';
import { cpuMicros, type Running, residentBytes } from './processes.ts';
import { type Scenario, sessionCookie } from './scenarios.ts';

/** One candidate in one scenario in one round. */
export interface Measurement {
  scenario: string;
  candidate: string;
  round: number;
  /** At full load. */
  requestsPerSecond: number;
  /** CPU of the proxy's process for a request at full load, microseconds. */
  cpuMicros: number;
  /** At the scenario's own rate. */
  p50Ms: number;
  p99Ms: number;
  residentBytes: number;
  errors: number;
}

export interface RoundOptions {
  scenarios: readonly Scenario[];
  rounds: number;
  /** Of full load for each measurement; then as long again at the scenario's rate. */
  seconds: number;
  /** For files that the load needs. */
  folder: string;
  wanted(candidate: string): boolean;
  tell(line: string): void;
}

/** Code is compiled and connections are opened before the first round counts. Seconds. */
const WARM_UP = 1;

/** Alternating rounds: each candidate of a scenario in turn, so that a slow spell of the machine hits all of them. */
export async function measureRounds(options: RoundOptions): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const uploads of [false, true]) {
    const group = options.scenarios.filter(({ bodyBytes }) => bodyBytes > 0 === uploads);
    if (group.length === 0) continue;
    const running: Running[] = [];
    try {
      const origin = await startOrigin(uploads);
      running.push({ ...origin, name: DIRECT });
      for (const [name, start] of Object.entries(CONTENDERS)) {
        if (options.wanted(name) && missingProgram(name) === undefined)
          running.push(await start(origin.port));
      }
      for (const scenario of group) measured.push(...(await measureScenario(scenario, running, options)));
    } finally {
      // The origin, which began first, ends last.
      for (const candidate of running.reverse()) await candidate.stop();
    }
  }
  return measured;
}

async function measureScenario(
  scenario: Scenario,
  running: readonly Running[],
  options: RoundOptions,
): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    // Each round begins with another candidate.
    for (let index = 0; index < running.length; index += 1) {
      const candidate = running[(index + round) % running.length]!;
      // It answers by itself, always the same and without reading: comparable with small answers alone.
      if (candidate.name === 'node:http, no proxy' && scenario.path !== '/small.json') continue;
      if (round === 0) await drive(scenario, candidate.port, WARM_UP, options.folder);
      measured.push(await measure(scenario, candidate, round, options));
    }
  }
  return measured;
}

async function measure(
  scenario: Scenario,
  candidate: Running,
  round: number,
  { seconds, folder, tell }: RoundOptions,
): Promise<Measurement> {
  const before = cpuMicros(candidate.pid);
  const result = await drive(scenario, candidate.port, seconds, folder);
  const cpu = (cpuMicros(candidate.pid) - before) / Math.max(1, result.requests);
  const body = scenario.bodyBytes === 0 ? undefined : Buffer.alloc(scenario.bodyBytes, 'x');
  const calm = await arrive({
    port: candidate.port,
    rate: scenario.rate,
    seconds,
    method: scenario.method,
    path: () => scenario.path,
    headers: (index) => ({ cookie: sessionCookie(index) }),
    ...(body === undefined ? {} : { body }),
  });
  const perSecond = result.requests / result.seconds;
  tell(
    `${scenario.name} · ${candidate.name} · round ${round + 1}: ${perSecond.toFixed(0)}/s, ${cpu.toFixed(1)} µs`,
  );
  return {
    scenario: scenario.name,
    candidate: candidate.name,
    round,
    requestsPerSecond: perSecond,
    cpuMicros: cpu,
    p50Ms: calm.p50Ms,
    p99Ms: calm.p99Ms,
    residentBytes: residentBytes(candidate.pid),
    errors: result.errors + calm.errors,
  };
}
