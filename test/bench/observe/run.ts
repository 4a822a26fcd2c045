import { type ChildProcess, fork } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { METHODS } from '../../../edge-proxy/telemetry/labels.ts';
import { RouteLearner } from '../../../migration-plans/observe/learner.ts';

const HELP = `npm run bench -- observe [--rounds 5] [--requests 20000]

What observing costs: CPU of the edge's process per request, with and without, in alternating rounds of the same requests; then one call of
the learner by itself, for paths it knows and for paths it does not.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const rounds = Number(values.rounds);
const requests = Number(values.requests);
/** A shop: half of the calls are of pages that everybody asks for, the rest of things by slug, number and query. */
const paths = Array.from({ length: 4_000 }, (_, at) =>
  at % 2 === 0
    ? ['/', '/cart', '/products', '/api/session'][(at / 2) % 4]!
    : [
        `/products/item-of-kind-${at % 600}`,
        `/api/products/${at}/reviews`,
        `/search?q=word${at}&page=2`,
        `/account/orders/${at}`,
      ][at % 4]!,
);

const children: ChildProcess[] = [];
async function start(
  script: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, script), { env: { ...process.env, ...env } });
  children.push(child);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  return { child, port };
}

try {
  const origin = await start('origin.ts', {});
  const MONOLITH = `http://127.0.0.1:${origin.port}`;
  const edges = {
    without: await start('edge.ts', { MONOLITH, OBSERVE: 'off' }),
    with: await start('edge.ts', { MONOLITH }),
  };
  const micros: Record<keyof typeof edges, number[]> = { without: [], with: [] };
  for (const { port } of Object.values(edges)) await drive(port, requests / 2);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const);
    for (const name of order) {
      const { child, port } = edges[name];
      const before = await cpuMicros(child);
      await drive(port, requests);
      micros[name].push(((await cpuMicros(child)) - before) / requests);
    }
  }
  const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
  console.log('| edge | CPU µs per request, median | all rounds |');
  console.log('| --- | --- | --- |');
  for (const [name, list] of Object.entries(micros))
    console.log(
      `| ${name} observing | ${median(list).toFixed(1)} | ${list.map((each) => each.toFixed(1)).join(' ')} |`,
    );
  console.log(`\nratio of the medians: ${(median(micros.with) / median(micros.without)).toFixed(3)}\n`);
} finally {
  for (const child of children) if (child.connected) child.disconnect();
}
learnerAlone();

/** User and system time of an edge so far, by its own account: that of the kernel counts in hundredths of a second. */
function cpuMicros(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve((message as { micros: number }).micros));
    child.send('cpu');
  });
}

/** Sixteen clients that each wait for their answer, on kept connections. */
async function drive(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const path = paths[next++ % paths.length]!;
      await new Promise<void>((resolve, reject) => {
        const sent = httpRequest({ port, host: '127.0.0.1', path, agent }, (answer) => {
          answer.resume();
          answer.once('end', resolve);
          answer.once('error', reject);
        });
        sent.once('error', reject);
        sent.end();
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  agent.destroy();
}

function learnerAlone(): void {
  const details = {
    callDetails: () => ({ url: '/x?a=1', requestType: undefined, hasBody: false, answerType: 'text/html' }),
  };
  const measure = (name: string, urls: readonly string[]): void => {
    const learner = new RouteLearner(METHODS, { newPathsPerSecond: Number.POSITIVE_INFINITY });
    const call = { method: 0, url: '', status: 200, bucket: 4, ms: 5, bytes: 900, at: 1, weight: 1 };
    const run = (times: number): void => {
      for (let at = 0; at < times; at++) {
        call.url = urls[at % urls.length]!;
        learner.record(call, details);
      }
    };
    run(200_000);
    const before = process.cpuUsage();
    run(500_000);
    const { user, system } = process.cpuUsage(before);
    console.log(`| ${name} | ${((user + system) / 500_000).toFixed(2)} |`);
  };
  console.log('| the learner alone | CPU µs per call |');
  console.log('| --- | --- |');
  measure('paths that it knows', paths);
  measure(
    'a new path each time',
    Array.from({ length: 50_000 }, (_, at) => `/products/item-${at.toString(36)}/reviews/${at}`),
  );
}
