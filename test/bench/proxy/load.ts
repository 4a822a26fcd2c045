import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installed } from './processes.ts';
import type { Scenario } from './scenarios.ts';

export interface LoadResult {
  requests: number;
  seconds: number;
  /** Answers that were not 2xx or 3xx, and connections that broke. */
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

/** Drives a scenario for some seconds: with wrk when it is there, otherwise with Node's client, which then shares the machine less well. */
export function drive(
  scenario: Scenario,
  port: number,
  seconds: number,
  folder: string,
): Promise<LoadResult> {
  const wrk = installed('wrk');
  return wrk === undefined
    ? driveNode(scenario, port, seconds)
    : driveWrk(wrk, scenario, port, seconds, folder);
}

async function driveWrk(
  wrk: string,
  scenario: Scenario,
  port: number,
  seconds: number,
  folder: string,
): Promise<LoadResult> {
  const script = join(folder, `${scenario.path.slice(1)}-${scenario.bodyBytes}.lua`);
  const body =
    scenario.bodyBytes === 0
      ? ''
      : `wrk.method = "POST"\nwrk.body = string.rep("x", ${scenario.bodyBytes})\n`;
  writeFileSync(
    script,
    `${body}function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %f %f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
`,
  );
  const { stdout } = await promisify(execFile)(wrk, [
    '-t1',
    `-c${scenario.connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}${scenario.path}`,
  ]);
  const match = /RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)/.exec(stdout);
  if (match === null) throw new Error(`wrk said: ${stdout}`);
  const [requests, micros, errors, p50, p99] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { requests, seconds: micros / 1e6, errors, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

async function driveNode(scenario: Scenario, port: number, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: scenario.connections });
  const body = Buffer.alloc(scenario.bodyBytes, 120);
  const latencies: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const sentAt = performance.now();
      const { path, method } = scenario;
      const request = httpRequest({ port, host: '127.0.0.1', path, method, agent }, (response) => {
        if ((response.statusCode ?? 500) >= 400) errors += 1;
        response.resume();
        response.once('end', () => {
          latencies.push(performance.now() - sentAt);
          resolve();
        });
      });
      request.once('error', () => {
        errors += 1;
        resolve();
      });
      request.end(body);
    });
  const worker = async (): Promise<void> => {
    while (performance.now() < until) await one();
  };
  await Promise.all(Array.from({ length: scenario.connections }, worker));
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    errors,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
