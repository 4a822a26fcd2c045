import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { arrive } from '../open-loop.ts';
import type { ShadowFigures } from '../proxy/candidates/edge.ts';
import { startEdgeCandidate } from '../proxy/contenders.ts';
import { type Running, startNode } from '../proxy/processes.ts';
import { type Run, rowOf } from './figures.ts';

const HELP = `npm run bench -- shadow [--rounds 3] [--seconds 5] [--rate 150] [--no-compare]

What measuring costs: comparisons per second of CPU beside jsondiffpatch and json-diff-ts, then users' latency and the edge's memory with
shadowing off and on, before a sound service, a dead, a slow and a never-ending one. Users come at a fixed rate, whether or not the
answers before have come; every read is mirrored, a twentieth asked twice of the monolith.`;

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
const WARM_UP = 4;
/** Nothing can listen there but root's own services. */
const DEAD_PORT = 1;

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
  const running: Running[] = [];
  const kept = async <T extends Running>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    running.push(started);
    return started;
  };
  const side = (mode: string) => kept(startNode(mode, '../shadow/side.ts', { SIDE: mode }));
  try {
    const monolith = await side('sound');
    const servicePort = service === 'off' || service === 'dead' ? DEAD_PORT : (await side(service)).port;
    const phase = service === 'off' ? 'monolith' : 'shadow';
    const edge = await kept(
      startEdgeCandidate('edge', { phase, noiseProbeBp: 500 }, monolith.port, {
        servicePort,
        env: { BENCH_WATCH: 'memory' },
      }),
    );
    const users = (seconds: number) =>
      arrive({
        port: edge.port,
        rate: Number(values.rate),
        seconds,
        path: (index) => `/reviews/${index % 500}`,
      });
    await users(WARM_UP);
    const driven = await users(Number(values.seconds));
    return { ...driven, edge: await edge.ask<ShadowFigures>('shadow') };
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}
