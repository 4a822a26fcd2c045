import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drive } from './load.ts';
import { startOrigin } from './origin.ts';
import {
  cpuMicros,
  installed,
  type Running,
  residentBytes,
  startHaproxy,
  startNginx,
  startNode,
} from './processes.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { type Measurement, printTable, summarise } from './table.ts';

const HELP = `node test/bench/proxy/run.ts [--rounds 3] [--seconds 3] [--only NAME,NAME] [--scenario TEXT,TEXT] [--json FILE]

Proxies side by side before the same origin, in alternating rounds. CPU is that of the proxy's process alone.
nginx and HAProxy take part when they are installed: apt-get install nginx haproxy wrk`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
    scenario: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const only = values.only?.split(',');
const scenarios = SCENARIOS.filter(
  ({ name }) =>
    values.scenario === undefined || values.scenario.split(',').some((part) => name.includes(part)),
);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const measurements: Measurement[] = [];

for (const uploads of [false, true]) {
  const group = scenarios.filter(({ bodyBytes }) => bodyBytes > 0 === uploads);
  if (group.length > 0) await measureGroup(uploads, group);
}
const rows = summarise(measurements);
printTable(rows);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
rmSync(folder, { recursive: true, force: true });

async function measureGroup(uploads: boolean, group: readonly Scenario[]): Promise<void> {
  const running: Running[] = [];
  try {
    await startCandidates(await startOrigin(uploads), running);
    for (const scenario of group) {
      for (let round = 0; round < rounds; round += 1) {
        // Each round begins with another candidate, so that a slow spell of the machine does not always hit the same one.
        for (let index = 0; index < running.length; index += 1) {
          const candidate = running[(index + round) % running.length] as Running;
          // It answers by itself, always the same and without reading: comparable with small answers alone.
          if (candidate.name === 'node-answering' && scenario.path !== '/small.json') continue;
          if (round === 0) await drive(scenario, candidate.port, 1, folder);
          measurements.push(await measure(scenario, candidate, round));
        }
      }
    }
  } finally {
    for (const candidate of running) await candidate.stop();
  }
}

async function measure(scenario: Scenario, candidate: Running, round: number): Promise<Measurement> {
  const before = cpuMicros(candidate.pid);
  const result = await drive(scenario, candidate.port, seconds, folder);
  const cpu = cpuMicros(candidate.pid) - before;
  process.stderr.write(
    `${scenario.name} · ${candidate.name} · round ${round + 1}: ${Math.round(result.requests / result.seconds)}/s\n`,
  );
  return {
    scenario: scenario.name,
    candidate: candidate.name,
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuMicrosPerRequest: cpu / result.requests,
    residentBytes: residentBytes(candidate.pid),
    errors: result.errors,
  };
}

/** Adds to `running` one by one, so that what runs is stopped even if the next one does not start. */
async function startCandidates(origin: Running, running: Running[]): Promise<void> {
  running.push(origin);
  const env = { BENCH_ORIGIN: `http://127.0.0.1:${origin.port}` };
  const wanted = (name: string): boolean => only === undefined || only.some((part) => name.includes(part));
  if (wanted('nginx') && installed('nginx') !== undefined) {
    running.push(await startNginx('nginx', nginxProxy(origin.port)));
  }
  if (wanted('haproxy') && installed('haproxy') !== undefined) running.push(await startHaproxy(origin.port));
  for (const name of [
    'plain-http-proxy',
    'http-proxy-3',
    'forwarder-raw',
    'forwarder-fastify',
    'node-answering',
  ]) {
    if (wanted(name)) running.push(await startNode(name, env));
  }
}

function nginxProxy(originPort: number): string {
  return `keepalive_requests 100000000; client_max_body_size 64m;
upstream origin { server 127.0.0.1:${originPort}; keepalive 64; keepalive_requests 100000000; }
server { listen 127.0.0.1:PORT; location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off; } }`;
}
