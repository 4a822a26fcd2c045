import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../tour/table.ts';
import { CONTENDERS, missingProgram } from './contenders.ts';
import { type Figure, verdict } from './figures/figure.ts';
import { measureIdle } from './figures/idle.ts';
import { measureOthers } from './figures/others.ts';
import { measureRevisions } from './figures/revisions.ts';
import { measureRouting } from './figures/routing.ts';
import { measureShadowLatency } from './figures/shadow-latency.ts';
import { measureTransfer } from './figures/transfer.ts';
import { installed } from './processes.ts';
import { measureRounds } from './rounds.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Row, rowsAsText, summarise } from './table.ts';

const PARTS = ['proxies', 'others', 'routing', 'shadow', 'transfer', 'revisions', 'idle'] as const;
type Part = (typeof PARTS)[number];

const HELP = `npm run bench -- proxy [options]

  --quick               all parts in about four minutes, with little precision
  --part A,B            only these: ${PARTS.join(', ')}
  --scenario TEXT,…     of part proxies: only scenarios with this in their name
  --only TEXT,…         of part proxies: only candidates with this in their name, and the origin
  --rounds N            alternating rounds (default 3)
  --seconds N           of each measurement (default 3)
  --rate N              users per second in the parts shadow and revisions (default 500)
  --json FILE           everything that was measured, also as JSON

proxies    proxies side by side before the same origin. Full load gives requests/s and CPU, which is that of the proxy's process alone;
           p50 and p99 are taken at a rate that does not fill the machine, which the table names
others     CPU of a small GET against plain @fastify/http-proxy and nginx, in many short turns
routing    what 10 000 routes and a sticky canary cost an edge, in many short turns
shadow     p99 of users with every read mirrored, against none
transfer   resident memory while 1 GB goes through, each way
revisions  100 revisions swapped under load
idle       memory for each of 10 000 idle keep-alive connections (needs ulimit -n 20000)

nginx and HAProxy take part when they are installed; wrk makes the better load: apt-get install nginx haproxy wrk`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    part: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string', default: '500' },
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
const { quick } = values;
const rounds = Number(values.rounds ?? (quick ? 1 : 3));
const seconds = Number(values.seconds ?? (quick ? 1 : 3));
const rate = Number(values.rate);
const parts = new Set<Part>(values.part === undefined ? PARTS : values.part.split(',').map(partOf));
const named = (name: string, list: string | undefined): boolean =>
  list === undefined || list.split(',').some((part) => name.includes(part));
const scenarios = SCENARIOS.filter(({ name, quick: short }) =>
  values.scenario === undefined ? short || !quick : named(name, values.scenario),
);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const rows: Row[] = [];
const figures: Figure[] = [];

for (const name of Object.keys(CONTENDERS)) {
  const program = missingProgram(name);
  if (program !== undefined)
    tell(`${program} is not installed and takes no part: apt-get install ${program}`);
}
if (installed('wrk') === undefined) tell('wrk is not installed, Node makes the load: apt-get install wrk');

try {
  if (parts.has('proxies')) await proxies();
  if (parts.has('others')) {
    tell('others: ours, plain @fastify/http-proxy and nginx in turn');
    figures.push(...(await measureOthers(quick ? 4 : rounds * 20, folder)));
  }
  if (parts.has('routing')) {
    tell('routing: four edges in turn');
    figures.push(...(await measureRouting({ rounds: quick ? 4 : rounds * 7, sets: quick ? 1 : 3, folder })));
  }
  if (parts.has('shadow')) {
    tell('shadow: users of edges with and without, in turn');
    figures.push(
      // The p99 of a few seconds is what a busy neighbour makes it: only many pairs tell.
      await measureShadowLatency({ folder, rounds: quick ? 3 : rounds * 8, seconds: quick ? 2 : 4, rate }),
    );
  }
  if (parts.has('transfer')) {
    tell('transfer: down, then up');
    figures.push(...(await measureTransfer(quick ? 300_000_000 : 1_000_000_000)));
  }
  if (parts.has('revisions')) {
    tell('revisions: swapping');
    figures.push(await measureRevisions(quick ? 20 : 100, rate));
  }
  if (parts.has('idle')) {
    tell('idle: opening connections');
    figures.push(await measureIdle(quick ? 2_000 : 10_000));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report();

async function proxies(): Promise<void> {
  const wanted = (name: string): boolean => named(name, values.only);
  const measured = await measureRounds({ scenarios, rounds, seconds, folder, wanted, tell });
  rows.push(...summarise(measured));
}

function report(): void {
  if (rows.length > 0) console.log(`${rowsAsText(rows, SCENARIOS)}\n`);
  const shown = (value: number, unit: Figure['unit']): string => {
    if (unit === 'failed') return String(value);
    return unit === '×' ? `${value.toFixed(2)}×` : `${value.toFixed(1)} ${unit}`;
  };
  if (figures.length > 0) {
    const cells = figures.map((figure) => [
      figure.name,
      shown(figure.value, figure.unit),
      shown(figure.atLeast, figure.unit),
      shown(figure.aim, figure.unit),
      verdict(figure),
    ]);
    console.log(table(['figure', 'measured', 'at least', 'aim', ''], cells));
    for (const { name, note } of figures) console.log(`  ${name}: ${note}`);
  }
  if (values.json !== undefined) {
    const { version, arch } = process;
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, arch, node: version };
    const document = { at: new Date().toISOString(), machine, rounds, seconds, rate, rows, figures };
    writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
  }
}

function partOf(name: string): Part {
  const part = PARTS.find((each) => each === name);
  if (part !== undefined) return part;
  console.error(`There is no part "${name}": ${PARTS.join(', ')}`);
  process.exit(2);
}
