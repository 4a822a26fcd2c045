import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installed } from './processes.ts';
import { type Scenario, SESSIONS, sessionCookie } from './scenarios.ts';

export interface LoadResult {
  requests: number;
  seconds: number;
  /** Answers that were not 2xx or 3xx, and connections that broke. */
  errors: number;
}

/**
 * Drives a scenario for some seconds as fast as answers come: with wrk when it is there, otherwise with Node's client, which then
 * shares the machine less well.
 */
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

/** Requests are made before the run, each with another customer's cookie; large bodies are made once. */
function wrkScript({ method, path, bodyBytes }: Scenario): string {
  const kinds = bodyBytes > 100_000 ? 1 : SESSIONS;
  return `local requests = {}
local sent = 0
function init()
  local body = ${bodyBytes === 0 ? 'nil' : `string.rep("x", ${bodyBytes})`}
  for index = 1, ${kinds} do
    requests[index] = wrk.format("${method}", "${path}", { ["Cookie"] = "session=s" .. index }, body)
  end
end
function request()
  sent = sent % ${kinds} + 1
  return requests[sent]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

async function driveWrk(
  wrk: string,
  scenario: Scenario,
  port: number,
  seconds: number,
  folder: string,
): Promise<LoadResult> {
  const script = join(folder, `${scenario.path.slice(1)}-${scenario.bodyBytes}-${port}.lua`);
  writeFileSync(script, wrkScript(scenario));
  const { stdout } = await promisify(execFile)(wrk, [
    '-t1',
    `-c${scenario.connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}${scenario.path}`,
  ]);
  const match = /RESULT (\d+) (\d+) (\d+)/.exec(stdout);
  if (match === null) throw new Error(`wrk said: ${stdout}`);
  const [requests, micros, errors] = match.slice(1).map(Number) as [number, number, number];
  return { requests, seconds: micros / 1e6, errors };
}

async function driveNode(scenario: Scenario, port: number, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: scenario.connections });
  const body = Buffer.alloc(scenario.bodyBytes, 120);
  let requests = 0;
  let errors = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const { path, method } = scenario;
      const headers = { cookie: sessionCookie(requests) };
      const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
        if ((response.statusCode ?? 500) >= 400) errors += 1;
        response.resume();
        response.once('end', () => {
          requests += 1;
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
  return { requests, seconds: (performance.now() - startedAt) / 1000, errors };
}
