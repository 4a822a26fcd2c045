/**
 * The soak: a real edge for a long time, with everything around it changing, and clients of every kind. `npm run soak -- --help`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { table } from '../tour/table.ts';
import { Book } from './book.ts';
import { crowd } from './clients.ts';
import { startSoakEdge } from './edge.ts';
import { Fleet, startSide } from './fleet.ts';
import { judge } from './judge.ts';
import { chapter, NAMESPACE, SERVICE } from './story.ts';
import { look, type Sample } from './watch.ts';

const HELP = `npm run soak -- [--seconds 600] [--workers 1] [--json FILE]

A real edge before a steady monolith, with a real PostgreSQL as state store and our Cloud Map endpoint, while instances of a service come and
go, revisions change phases, shares and plans, and the service is killed by kill -9 again and again. Clients read, write (each accepted
write is looked for afterwards), upload, download, listen to events, talk over WebSockets and go away in the middle. Exits with 1 when a
request failed, a write was lost or doubled, memory or handles grew, the event loop was held up or the shadow queue passed its bounds.`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    workers: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = Number(values.seconds);
const workers = Number(values.workers);
if (!(seconds > 0) || !Number.isInteger(workers) || workers < 1) {
  console.error(HELP);
  process.exit(2);
}

/** Between two of each. Milliseconds. */
const REVISION_MS = 3_000;
const CHANGE_MS = 5_000;
const KILL_MS = 7_000;
const SAMPLE_MS = 2_000;
const PROGRESS_MS = 10_000;
/** Edges may serve an older revision, and so another owner of the writes, for this long. */
const SETTLE_MS = 2_500;
/** When all have left, idle connections behind the edge run out within this time. */
const COOL_DOWN_MS = 15_000;

const startedAt = performance.now();
const elapsed = (): number => (performance.now() - startedAt) / 1_000;
const ending: (() => Promise<unknown> | unknown)[] = [];
const kept = async <T>(starting: Promise<T>, end: (part: T) => Promise<unknown> | unknown): Promise<T> => {
  const part = await starting;
  ending.push(() => end(part));
  return part;
};
const say = (line: string): void => console.log(`[${clock(elapsed())}] ${line}`);

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
/** p99 of this process's own event loop since the last call. Milliseconds. */
function ownDelay(): number {
  const ms = delay.percentile(99) / 1e6;
  delay.reset();
  return ms;
}

let stopping = false;
process.once('SIGINT', () => {
  stopping = true;
});
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  for (const end of ending.reverse()) await end();
}

async function soak(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  ending.push(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await kept(startTestPostgres(), (server) => server.stop());
  const shopUrl = await postgres.createDatabase();
  const shop = new Client({ connectionString: shopUrl });
  await shop.connect();
  ending.push(() => shop.end());
  await shop.query('CREATE TABLE orders (id text NOT NULL, side text NOT NULL)');
  await shop.query('CREATE INDEX ON orders (id)');
  const storeUrl = await postgres.createDatabase();
  const store = await kept(openStateStore({ url: storeUrl }), (open) => open.close());
  const cloudMap = await kept(startCloudMapEndpoint({ dataDir: join(folder, 'cloud-map') }), (it) =>
    it.close(),
  );
  const env = {
    DATABASE_URL: shopUrl,
    CLOUD_MAP_ENDPOINT: cloudMap.url,
    CLOUD_MAP_NAMESPACE: NAMESPACE,
    CLOUD_MAP_SERVICE: SERVICE,
    AWS_REGION: 'us-east-1',
    HEARTBEAT_MS: '1000',
    DRAIN_DELAY_MS: '1500',
  };
  const monolith = await kept(startSide('monolith', env), ({ child }) => child.kill('SIGKILL'));
  const fleet = new Fleet(env);
  ending.push(() => fleet.close());
  await fleet.start();
  await fleet.start();

  let revision = await store.publish({ ...chapter(0), actor: 'soak', reason: 'begin' }, null, []);
  const edge = await kept(
    startSoakEdge({
      folder,
      monolithUrl: `http://127.0.0.1:${monolith.port}`,
      cloudMapUrl: cloudMap.url,
      storeUrl,
      workers,
    }),
    (running) => running.stop(),
  );
  const pids = edge.pids();
  say(
    `edge ${pids.join(', ')} at http://${edge.host}:${edge.port}, ${workers === 1 ? 'one process' : `${workers} workers`}, for ${seconds} s`,
  );
  const before = await look(elapsed(), pids, edge.adminUrl, ownDelay());

  const book = new Book();
  const writes = { underWay: 0 };
  /** Writes wait while somebody is killed who may have one in hand. */
  let gate: Promise<void> | undefined;
  /** When the service last owned the writes, by the clock of `elapsed`; undefined: never. */
  let ownedAt: number | undefined;
  let open = true;
  const visits = crowd({
    ...{ host: edge.host, port: edge.port, book, writes },
    open: () => open,
    mayWrite: async () => gate,
    ownDelayMs: () => delay.max / 1e6,
  });

  const samples: Sample[] = [];
  const troubles: string[] = [];
  const end = elapsed() + seconds;
  const over = (): boolean => stopping || edge.exited || elapsed() >= end;
  /** Does something again and again until the end; what it throws is a finding, and does not end the soak. */
  const every = async (ms: number, what: string, act: () => Promise<unknown>): Promise<void> => {
    while (!over()) {
      await sleep(Math.min(ms, Math.max(0, (end - elapsed()) * 1_000)));
      if (over()) return;
      await act().catch((error: unknown) => troubles.push(`${what}: ${String(error)}`));
    }
  };
  const kill = async (): Promise<void> => {
    const mayOwn = ownedAt !== undefined && elapsed() - ownedAt < SETTLE_MS / 1_000;
    if (!mayOwn) return fleet.kill(Math.random());
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    while (writes.underWay > 0) await sleep(1);
    await fleet.kill(Math.random());
    gate = undefined;
    opened.resolve();
  };
  await Promise.all([
    every(REVISION_MS, 'revision', async () => {
      const next = chapter(revision.number);
      const touch = (): void => {
        if (next.states[SERVICE]!.owner === 'service' || revision.states[SERVICE]!.owner === 'service') {
          ownedAt = elapsed();
        }
      };
      touch();
      revision = await store.publish({ ...next, actor: 'soak', reason: 'on with it' }, revision.number, []);
      touch();
      if (next.states[SERVICE]!.owner === 'service') ownedAt = Number.POSITIVE_INFINITY;
    }),
    every(CHANGE_MS, 'instances', () => fleet.change(Math.random())),
    every(KILL_MS, 'kill', kill),
    every(SAMPLE_MS, 'sample', async () => {
      samples.push(await look(elapsed(), pids, edge.adminUrl, ownDelay()));
    }),
    every(PROGRESS_MS, 'progress', async () => {
      const last = samples.at(-1);
      if (last === undefined) return;
      const { started, drained, killed } = fleet.counts;
      say(
        `${book.requests} requests, ${book.failed} failed, ${book.accepted.size} writes; ${(last.residentBytes / 1e6).toFixed(0)} MB, ${last.handles} handles, lag ${last.lagMs.toFixed(0)} ms; revision ${last.revision} (${revision.states[SERVICE]!.phase}); instances ${fleet.size}: ${started} started, ${drained} drained, ${killed} killed; shadow ${last.shadowCompared} compared, ${last.shadowDropped} dropped`,
      );
    }),
  ]);
  if (edge.exited) troubles.push('the edge ended by itself');
  open = false;
  await visits;
  // As at the beginning, so that what is open then and now can be compared.
  revision = await store.publish({ ...chapter(0), actor: 'soak', reason: 'the end' }, revision.number, []);
  say('all clients have left; idle connections run out');
  await sleep(COOL_DOWN_MS);
  const after = await look(elapsed(), pids, edge.adminUrl, ownDelay());

  const { rows } = await shop.query<{ id: string; count: string }>(
    'SELECT id, count(*) AS count FROM orders GROUP BY id',
  );
  const found = new Map(rows.map(({ id, count }) => [id, Number(count)]));
  const lost = [...book.accepted].filter((id) => !found.has(id));
  const duplicated = [...found].filter(([, count]) => count > 1);
  const findings = judge({
    ...{ samples, before, after, workers },
    requests: book.requests,
    failed: book.failed,
    accepted: book.accepted.size,
    lost: lost.length,
    duplicated: duplicated.length,
    revisions: revision.number,
    killed: fleet.counts.killed,
  });
  if (troubles.length > 0) {
    findings.push({ what: 'troubles of the soak itself', seen: troubles[0]!, wanted: 'none', ok: false });
  }
  const kinds = book.summaries();
  console.log(
    `\n${table(
      ['clients', 'requests', 'failed', 'p50 ms', 'p99 ms'],
      kinds.map(({ kind, requests, failed, p50Ms, p99Ms }) => [
        kind,
        ...[requests, failed].map(String),
        ...[p50Ms, p99Ms].map((ms) => ms.toFixed(1)),
      ]),
    )}`,
  );
  const answered = Object.entries(book.answered).map(([target, count]) => `${target} ${count}`);
  console.log(
    `claimed requests answered by: ${answered.join(', ')}; ${book.aborted} given up by their clients\n`,
  );
  console.log(
    table(
      ['finding', 'seen', 'wanted', ''],
      findings.map(({ what, seen, wanted, ok }) => [what, seen, wanted, ok ? 'ok' : 'FAILED']),
    ),
  );
  for (const problem of book.problems.slice(0, 20)) console.log(`- ${problem}`);
  for (const id of lost.slice(0, 10)) console.log(`- accepted and not there: order ${id}`);
  for (const [id, count] of duplicated.slice(0, 10)) console.log(`- order ${id} is there ${count} times`);
  if (values.json !== undefined) {
    const { accepted: _, ...counts } = { ...book, requests: book.requests, failed: book.failed };
    const document = {
      seconds,
      workers,
      kinds,
      ...counts,
      instances: fleet.counts,
      findings,
      troubles,
      samples,
    };
    writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
  }
  return findings.every(({ ok }) => ok);
}

function clock(at: number): string {
  return `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(Math.floor(at % 60)).padStart(2, '0')}`;
}
