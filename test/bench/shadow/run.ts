import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type EdgeFigures, quantileOf, type Run, rowOf } from './figures.ts';

const HELP = `npm run bench -- shadow [--rounds 3] [--seconds 5] [--rate 150] [--no-compare]

What measuring costs: comparisons per second of CPU beside jsondiffpatch and json-diff-ts, then users' latency and the edge's memory with
shadowing off and on, before a sound service, a dead, a slow and a never-ending one. Users come at a fixed rate, whether or not the
answers before have come, and their time is counted from when they should have come; every read is mirrored.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '150' },
    compare: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const SERVICES = ['off', 'sound', 'dead', 'slow', 'endless'] as const;
type Service = (typeof SERVICES)[number];
/** Before a round counts: connections are opened and code is compiled. Seconds. */
const WARM_UP = 1;

if (values.compare) {
  const compare = join(import.meta.dirname, '../compare/run.ts');
  execFileSync(process.execPath, [compare, '--rounds', values.rounds], { stdio: 'inherit' });
  console.log('');
}
const runs = new Map<Service, Run[]>(SERVICES.map((service) => [service, []]));
for (let round = 0; round < Number(values.rounds); round++)
  // Variants alternate, since machines are noisy.
  for (const service of SERVICES) runs.get(service)?.push(await measure(service));
console.log(
  '| shadow | user p50 ms | user p99 ms | requests | errors | edge peak MiB | answers held MiB | compared | lost |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const [service, list] of runs) console.log(rowOf(service, list));

async function measure(service: Service): Promise<Run> {
  const children: ChildProcess[] = [];
  const start = async (script: string, env: Record<string, string>): Promise<[ChildProcess, number]> => {
    const child = fork(join(import.meta.dirname, script), { env: { ...process.env, ...env } });
    children.push(child);
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    });
    return [child, port];
  };
  try {
    const [, monolith] = await start('side.ts', { SIDE: 'sound' });
    // Nothing can listen on port 1 but root's own services.
    const target =
      service === 'off' ? undefined : service === 'dead' ? 1 : (await start('side.ts', { SIDE: service }))[1];
    const [edge, port] = await start('edge.ts', {
      MONOLITH: `http://127.0.0.1:${monolith}`,
      ...(target === undefined ? {} : { SERVICE: `http://127.0.0.1:${target}` }),
    });
    await drive(port, WARM_UP);
    const driven = await drive(port, Number(values.seconds));
    const figures = new Promise<EdgeFigures>((resolve) =>
      edge.once('message', (message) => resolve((message as { figures: EdgeFigures }).figures)),
    );
    edge.send('figures');
    return { ...driven, edge: await figures };
  } finally {
    await Promise.all(
      children.map((child) => {
        const ended = new Promise((done) => child.once('exit', done));
        if (child.connected) child.disconnect();
        return child.exitCode === null ? ended : undefined;
      }),
    );
  }
}

/** Users that come at a fixed rate and do not wait for each other. */
async function drive(port: number, seconds: number): Promise<Omit<Run, 'edge'>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const gapMs = 1000 / Number(values.rate);
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  let errors = 0;
  const startedAt = performance.now();
  for (let i = 0; i * gapMs < seconds * 1000; i++) {
    const due = startedAt + i * gapMs;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    pending.push(
      new Promise((resolve) => {
        const failed = (): void => {
          errors += 1;
          resolve();
        };
        const sent = httpRequest(
          { port, host: '127.0.0.1', path: `/reviews/${i % 500}`, agent },
          (answer) => {
            if (answer.statusCode !== 200) errors += 1;
            answer.resume();
            answer.once('error', failed);
            answer.once('end', () => {
              latencies.push(performance.now() - due);
              resolve();
            });
          },
        );
        sent.once('error', failed);
        sent.end();
      }),
    );
  }
  await Promise.all(pending);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return {
    p50Ms: quantileOf(latencies, 0.5),
    p99Ms: quantileOf(latencies, 0.99),
    requests: pending.length,
    errors,
  };
}
