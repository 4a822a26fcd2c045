import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openEmbeddedStore } from '../../cli/controller/embedded-store.ts';
import { openStateFolder } from '../../cli/local-stack/folder/state-folder.ts';
import { type PostgresUse, usePostgres } from '../../cli/local-stack/postgres/embedded.ts';
import { pagesInThread } from '../../cli/report/live/thread.ts';
import { emptyEvidence, emptyFunnel } from '../../migration-plans/evidence/merge.ts';
import { parsePlan } from '../../migration-plans/plan/load.ts';
import { loadProject } from '../../migration-plans/project/load.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { clusterOf } from '../report/clusters.ts';
import { PROJECT, projectWith, type Ran, REVIEWS, stranglerHere } from './run-command.ts';

// PostgreSQL is started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000 });

const ROUTE = 'GET /products/:slug/reviews';
const RATING = clusterOf(
  ROUTE,
  { kind: 'value', path: '$.average', shape: 'decimal→decimal', left: '4.27', right: '4.3' },
  { url: '/products/mug/reviews' },
);
const STATUS = clusterOf(ROUTE, { kind: 'status', path: 'status', shape: '404→500' }, { method: 'POST' });

const { folder, remove } = projectWith(
  { 'strangler.yaml': PROJECT, 'migration-plans/reviews.yaml': `# ours\n${REVIEWS}` },
  true,
);
const plan = join(folder, 'migration-plans/reviews.yaml');
let postgres: PostgresUse;
let store: StateStore;

const run = (...argv: string[]): Promise<Ran> => stranglerHere(argv, { cwd: folder });

beforeAll(async () => {
  postgres = await usePostgres({ folder: openStateFolder(join(folder, '.strangler'), '1.0.0') });
  store = await openEmbeddedStore(postgres);
  await run('apply');
  const funnel = { ...emptyFunnel(), eligible: 300, sampled: 300, sent: 300, completed: 300, compared: 300 };
  await store.addEvidence([
    {
      ...emptyEvidence(),
      run: { capability: 'reviews', epoch: 1, serviceVersion: '1.0.0' },
      edge: 'edge-1',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T01:00:00.000Z',
      funnel: { [ROUTE]: { ...funnel, probes: 60, mismatched: 120 } },
      clusters: [RATING, STATUS].map((cluster) => ({ ...cluster, seen: 120 })),
    },
  ]);
});
afterAll(async () => {
  await store?.close();
  await postgres?.release();
  remove();
});

it('shows the rule that would hide a difference, and writes nothing, with --dry-run', async () => {
  const before = readFileSync(plan, 'utf8');
  const { code, stdout } = await run(
    ...['report', 'reviews', 'accept', RATING.id.slice(0, 6)],
    ...['--reason', 'the app rounds', '--expires', '2030-01-31', '--dry-run'],
  );
  expect(stdout).toContain('tolerance, absolute 0.03, relative 0 at json $.average');
  expect(stdout).toContain('until 2030-01-31');
  expect(code).toBe(0);
  expect(readFileSync(plan, 'utf8')).toBe(before);
});

it('writes the rule into the plan file, keeps what stood there, and says how it is published', async () => {
  const before = readFileSync(plan, 'utf8');
  const { code, stdout } = await run('report', 'accept', 'reviews', RATING.id, '--reason', 'the app rounds');
  expect(code).toBe(0);
  expect(stdout).toContain('strangler apply publishes it');
  const after = readFileSync(plan, 'utf8');
  expect(after.startsWith(before)).toBe(true);
  expect(parsePlan(after, plan).loaded!.plan.compare.rules).toMatchObject([
    {
      routes: [ROUTE],
      at: { json: '$.average' },
      do: { kind: 'tolerance', absolute: 0.03 },
      reason: 'the app rounds',
      owner: 'tester',
    },
  ]);
  expect((await run('plan', 'diff', '--json')).stdout).toContain('$.average');
});

it.each([
  [['report', 'reviews', 'accept', RATING.id], 'accepted for a reason'],
  [['report', 'reviews', 'accept', 'zzz', '--reason', 'x'], 'there is no cluster "zzz"'],
  [['report', 'revews', 'accept', 'zzz', '--reason', 'x'], 'did you mean reviews?'],
  [['report', 'reviews', 'accept', STATUS.id, '--reason', 'x'], 'no rule can express this'],
  [['report', 'reviews', 'accept', RATING.id, '--reason', 'x', '--expires', 'soon'], '--expires wants a day'],
  [['report', 'reviews', 'replay', '--service', 'here'], '--service wants a URL'],
])('refuses %j as wrong usage and leaves the plan as it is', async (argv, message) => {
  const before = readFileSync(plan, 'utf8');
  const { code, stderr } = await run(...argv);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect(readFileSync(plan, 'utf8')).toBe(before);
});

it('sends what may be sent again to both sides, and says what became of it', async () => {
  let average = 4.3;
  const serve = async (value: () => number): Promise<string> => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ average: value() }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const sides = ['--monolith', await serve(() => 4.27), '--service', await serve(() => average)];
  const first = await run('report', 'reviews', 'replay', ...sides);
  expect(first.stdout).toContain('still different  GET /products/mug/reviews  4.27 ↔ 4.3');
  expect(first.stdout).toContain('not sent  POST /things/1  POST may change data');
  expect(first.code).toBe(3);
  average = 4.27;
  const second = await run('report', 'replay', 'reviews', RATING.id.slice(0, 5), ...sides, '--json');
  expect(second.json()).toMatchObject({ results: [{ cluster: RATING.id, outcome: 'fixed' }] });
  expect(second.code).toBe(0);
});

it('exports tests into a folder of its choice', async () => {
  const { code, stdout } = await run('report', 'reviews', 'export', '--out', 'contract');
  expect(code).toBe(0);
  expect(stdout).toContain('2 tests, 1 of them skipped');
  expect(readFileSync(join(folder, 'contract/reviews.contract.test.ts'), 'utf8')).toContain(RATING.id);
  expect(existsSync(join(folder, 'reports'))).toBe(false);
});

it('is made for the admin listener in a thread of its own, from the same store', async () => {
  const make = pagesInThread(await loadProject(join(folder, 'strangler.yaml'), {}));
  const page = await make('reviews');
  expect(page?.html).toContain('Shadow report: reviews');
  expect(page?.html).toContain(RATING.id);
  expect(await make('nothing')).toBeUndefined();
});

it('still writes the report itself', async () => {
  const { code, stdout } = await run('report', 'reviews', '--fail-on', 'no-go');
  expect(stdout).toContain('no-go');
  expect(code).toBe(3);
  expect(existsSync(join(folder, 'reports/reviews/reviews.html'))).toBe(true);
});
