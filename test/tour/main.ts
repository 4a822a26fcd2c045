/**
 * The tour: one whole migration of the sample shop, unattended, with the real commands, while customers use the shop all the time.
 * Exits with 1 and says which, when a request failed, an answer was wrong or a write cannot be found afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandOutcome, DevStack, readStack, strangler } from './commands.ts';
import { Crowd } from './crowd.ts';
import type { Shop } from './customer.ts';
import { Ledger } from './ledger.ts';
import { makeTourProject } from './project.ts';
import { Screen } from './screen.ts';
import { logIn, lostWrites, productsOnSale } from './search.ts';
import { shopAt } from './shop.ts';
import { finalTable } from './summary.ts';

const CAPABILITY = 'reviews';
const CUSTOMERS = 30;
const THINK_MS = 300;
/** How long customers use the shop in each state before the next step. Milliseconds. */
const DWELL_MS = 6_000;
/** A report is asked for until its verdict is there, but no longer. Milliseconds. */
const VERDICT_MS = 60_000;

const ledger = new Ledger();
const screen = new Screen(ledger);
const folder = makeTourProject();
const problems: string[] = [];

/** Exit code of a command that a gate refused. */
const GATE_REFUSED = 3;

/** Runs a command and shows it with what it printed; one that fails ends the tour. */
async function run(...args: string[]): Promise<void> {
  const { code } = await attempt(...args);
  if (code !== 0) throw new Error(`strangler ${args.join(' ')} ended with exit code ${code}`);
}

/**
 * A step that a gate may refuse when somebody has killed the service meanwhile: its failures stay in the figures of this canary. Then
 * the migration does what an architect would, and begins the canary anew from the shadow.
 */
async function runOrStartOver(weight: string, ...args: string[]): Promise<void> {
  const { code } = await attempt(...args, '--wait-for-evidence', '30s');
  if (code === 0) return;
  if (code !== GATE_REFUSED) throw new Error(`strangler ${args.join(' ')} ended with exit code ${code}`);
  screen.line('         the gate is right: once more from the shadow');
  await run('shadow', CAPABILITY, '--reason', 'the service failed during the canary');
  await run('canary', CAPABILITY, '--weight', weight, '--wait-for-evidence', '90s', '--reason', 'begun anew');
  if (args[0] !== 'canary') await run(...args, '--wait-for-evidence', '60s');
}

async function attempt(...args: string[]): Promise<CommandOutcome> {
  screen.line(`         $ strangler ${args.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ')}`);
  const outcome = await strangler(folder, args);
  const said = (outcome.stdout + outcome.stderr).trim();
  if (said !== '') screen.detail(said);
  return outcome;
}

async function verdict(): Promise<void> {
  const until = performance.now() + VERDICT_MS;
  for (;;) {
    const { stdout, stderr, code } = await strangler(folder, ['report', CAPABILITY, '--json']);
    if (code !== 0) throw new Error(`strangler report ended with exit code ${code}:\n${stderr}`);
    const report = JSON.parse(stdout) as { verdict: string; compared: number; message: string };
    screen.line(`         ${report.compared} compared: ${report.verdict}`);
    if (report.verdict === 'go') return;
    if (report.verdict === 'no-go') throw new Error(`the report says no-go: ${report.message}`);
    if (performance.now() > until)
      throw new Error(`no verdict after ${VERDICT_MS / 1000} s: ${report.message}`);
    await sleep(3_000);
  }
}

async function migrate(shop: Shop): Promise<void> {
  screen.step('monolith only');
  screen.detail(
    `${CUSTOMERS} customers browse, review, vote and log in through http://${shop.host}:${shop.port}`,
  );
  await sleep(DWELL_MS);

  screen.step('shadow');
  await run('shadow', CAPABILITY, '--reason', 'first comparison');
  await verdict();
  await run('report', CAPABILITY);

  for (const weight of ['5', '25', '50']) {
    screen.step(`canary ${weight} %`);
    const step = ['canary', CAPABILITY, '--weight', weight, '--reason', `step to ${weight} %`];
    if (weight === '5') await run(...step, '--wait-for-evidence', '60s');
    else await runOrStartOver(weight, ...step);
    await sleep(DWELL_MS);
  }

  screen.step('cutover');
  await runOrStartOver('50', 'cutover', CAPABILITY, '--yes', '--reason', 'the canary was clean');
  await sleep(DWELL_MS);

  screen.step('rollback');
  await run('rollback', CAPABILITY, '--yes', '--reason', 'to show that it can be done');
  await sleep(DWELL_MS);

  screen.step('cutover again');
  await run('shadow', CAPABILITY, '--reason', 'once more');
  await run(
    'canary',
    CAPABILITY,
    '--weight',
    '50',
    '--wait-for-evidence',
    '90s',
    '--reason',
    'straight to half',
  );
  await runOrStartOver('50', 'cutover', CAPABILITY, '--yes', '--reason', 'for good');
  await sleep(DWELL_MS);

  screen.step('service killed');
  // A write that is cut in the middle may or may not have happened, and nobody can tell: so the blow falls between two writes.
  while (ledger.writesUnderWay > 0) await sleep(1);
  const { pids } = readStack(folder);
  process.kill(pids[CAPABILITY]!, 'SIGKILL');
  screen.line(`         $ kill -9 ${pids[CAPABILITY]}`);
  await sleep(DWELL_MS);
  await run('status');
}

async function tour(): Promise<void> {
  screen.step('start');
  screen.line('         $ strangler dev');
  const stack = await DevStack.start(folder, (event) => {
    if (event.event === 'started')
      screen.line(`         ${event.name} up after ${((event.ms ?? 0) / 1000).toFixed(1)} s`);
    if (event.event === 'crashed' || event.event === 'restarted')
      screen.line(`         ${event.name} ${event.event}`);
  });
  try {
    const { urls } = readStack(folder);
    const shop = shopAt(urls.edge!, await productsOnSale(urls.edge!));
    const crowd = new Crowd(shop, ledger, CUSTOMERS, THINK_MS);
    screen.countLive();
    try {
      await migrate(shop);
    } finally {
      await crowd.leave();
      screen.stop();
    }
    screen.step('afterwards');
    const lost = await lostWrites(ledger, urls.monolith!, (customer) =>
      logIn(urls.monolith!, shop.email(customer), shop.password),
    );
    screen.detail(
      `${ledger.writes.length} reviews were accepted, ${ledger.writes.length - lost.length} are in the shop`,
    );
    problems.push(...lost.map((each) => `lost write: ${each}`));
    await run('history', CAPABILITY);
  } finally {
    await stack.stop();
  }
}

process.once('SIGINT', () => process.exit(130));
try {
  await tour();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
}
screen.stop();
problems.push(
  ...ledger.failures().map((outcome) => `failed request during “${outcome.step}”: ${outcome.wrong}`),
);
console.log(`\n${finalTable(ledger, folder)}`);
if (problems.length > 0) {
  console.log(`\n${problems.length} problems:`);
  for (const problem of problems.slice(0, 20)) console.log(`- ${problem}`);
  if (problems.length > 20) console.log(`- and ${problems.length - 20} more`);
  process.exitCode = 1;
} else {
  console.log('\nNo request failed, no answer was wrong, no write was lost.');
}
