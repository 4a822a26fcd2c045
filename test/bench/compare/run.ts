import { writeFileSync } from 'node:fs';
import { diff as jsonDiffTs } from 'json-diff-ts';
import { create } from 'jsondiffpatch';
import { compareAnswers } from '../../../migration-plans/compare/compare.ts';
import { type Pair, pairs } from './documents.ts';

/**
 * Comparisons per second on one core, beside jsondiffpatch and json-diff-ts; each is given the same texts and parses them, as it would
 * have to. Rounds alternate between the contenders, since machines are noisy; the median and the spread are shown.
 *
 *     node test/bench/compare/run.ts [--rounds N] [--ms N] [--json FILE]
 */
type Contender = (pair: Pair) => () => unknown;

const patcher = create({
  objectHash: (item) => String((item as { id?: unknown }).id ?? JSON.stringify(item)),
  arrays: { detectMove: true },
});

const CONTENDERS: Record<string, Contender> = {
  ours: ({ left, right, type }) => {
    const answer = (text: string) => ({
      status: 200,
      rawHeaders: ['Content-Type', type, 'Cache-Control', 'private', 'X-Request-Id', text.slice(14, 46)],
      body: Buffer.from(text),
      bodyHash: undefined,
      bodyBytes: text.length,
      headMs: 1,
      totalMs: 1,
    });
    const a = answer(left);
    const b = answer(right);
    return () => compareAnswers(a, b, { method: 'GET' });
  },
  jsondiffpatch: ({ left, right }) => {
    const a = Buffer.from(left);
    const b = Buffer.from(right);
    return () => patcher.diff(JSON.parse(a.toString()), JSON.parse(b.toString()));
  },
  'json-diff-ts': ({ left, right }) => {
    const a = Buffer.from(left);
    const b = Buffer.from(right);
    return () =>
      jsonDiffTs(JSON.parse(a.toString()), JSON.parse(b.toString()), { embeddedObjKeys: { reviews: 'id' } });
  },
};

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

/** Calls per second of CPU time of this process, so that other load on the machine counts less. */
function measure(run: () => unknown, ms: number): number {
  const start = process.cpuUsage();
  let calls = 0;
  for (let batch = 1; ; batch = Math.min(batch * 2, 4096)) {
    for (let i = 0; i < batch; i++) run();
    calls += batch;
    const { user, system } = process.cpuUsage(start);
    const spent = user + system;
    if (spent >= ms * 1_000) return (calls / spent) * 1e6;
    // Asking for the time costs as much as a small comparison, so it is asked for rarely.
    if (spent > ms * 250) batch = Math.min(batch, Math.ceil(calls / 4));
  }
}

const rounds = option('rounds', 5);
const ms = option('ms', 200);
const rows: { document: string; contender: string; perSecond: number; least: number; most: number }[] = [];
for (const pair of pairs()) {
  const runs = Object.entries(CONTENDERS)
    .filter(([name]) => name === 'ours' || pair.type === 'application/json')
    .map(([name, contender]) => ({ name, run: contender(pair), figures: [] as number[] }));
  for (const { run } of runs) measure(run, ms);
  for (let round = 0; round < rounds; round++)
    for (const entry of runs) entry.figures.push(measure(entry.run, ms));
  for (const { name, figures } of runs) {
    figures.sort((a, b) => a - b);
    rows.push({
      document: pair.name,
      contender: name,
      perSecond: figures[figures.length >> 1]!,
      least: figures[0]!,
      most: figures.at(-1)!,
    });
  }
}
console.log(
  '| document | contender | comparisons/s (CPU) | least – most | against ours |\n| --- | --- | --- | --- | --- |',
);
for (const row of rows) {
  const ours = rows.find((other) => other.document === row.document && other.contender === 'ours')!;
  const ratio = row.perSecond / ours.perSecond;
  console.log(
    `| ${row.document} | ${row.contender} | ${Math.round(row.perSecond)} | ${Math.round(row.least)} – ${Math.round(row.most)} | ${ratio.toFixed(2)}× |`,
  );
}
const jsonAt = process.argv.indexOf('--json');
if (jsonAt >= 0) writeFileSync(process.argv[jsonAt + 1]!, `${JSON.stringify(rows, null, 2)}\n`);
