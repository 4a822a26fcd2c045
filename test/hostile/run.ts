import { compare, contestants, unexplained } from './support/compare.ts';
import { hostileExchanges } from './support/leak.ts';

const HELP = `npm run hostile -- compare [--json]    the hostile bytes through the edge, nginx and HAProxy, side by side
npm run hostile -- leak [EXCHANGES]    100 000 hostile exchanges, and what the edge holds before and after

nginx and HAProxy take part where they are installed: apt-get install nginx haproxy`;

const [mode, argument] = process.argv.slice(2);
if (mode === 'compare') await table();
else if (mode === 'leak') await leak(Number(argument ?? 100_000));
else {
  console.error(HELP);
  process.exitCode = mode === '--help' ? 0 : 2;
}

async function table(): Promise<void> {
  const rows = await compare(contestants());
  const names = Object.keys(rows[0]?.verdicts ?? {});
  if (argument === '--json') console.log(JSON.stringify(rows, null, 2));
  else {
    console.log(
      `| side | case | ${names.join(' | ')} |\n| --- | --- | ${names.map(() => '---').join(' | ')} |`,
    );
    for (const { side, name, verdicts } of rows) {
      console.log(`| ${side} | ${name} | ${names.map((each) => verdicts[each]?.text ?? '').join(' | ')} |`);
    }
  }
  const open = unexplained(rows);
  console.error(
    `${rows.length} cases; the edge alone lets through, without a reason: ${open.join('; ') || 'none'}`,
  );
  if (open.length > 0) process.exitCode = 1;
}

async function leak(exchanges: number): Promise<void> {
  const report = await hostileExchanges({ exchanges });
  const { before, after, good, seconds } = report;
  console.log(JSON.stringify(report, null, 2));
  const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  console.error(
    `${exchanges} hostile exchanges in ${seconds.toFixed(0)} s: heap ${mib(before.heapBytes)} → ${mib(after.heapBytes)}, resident ${mib(before.residentBytes)} → ${mib(after.residentBytes)}, descriptors ${before.descriptors} → ${after.descriptors}; ${good.requests} good requests, ${good.failed} failed, p99 ${good.p99Ms.toFixed(1)} ms`,
  );
  if (good.failed > 0 || after.inFlight > 0 || after.connections > 0) process.exitCode = 1;
}
