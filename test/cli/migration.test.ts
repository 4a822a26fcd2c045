import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openEmbeddedStore } from '../../cli/controller/embedded-store.ts';
import { openStateFolder } from '../../cli/local-stack/folder/state-folder.ts';
import { type PostgresUse, usePostgres } from '../../cli/local-stack/postgres/embedded.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { PROJECT, projectWith, type Ran, REVIEWS, stranglerHere } from './run-command.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

/** One migration by the commands; each test goes on where the one before it ended. No edge runs. */
const { folder, remove } = projectWith(
  { 'strangler.yaml': PROJECT, 'migration-plans/reviews.yaml': REVIEWS },
  true,
);
const plan = join(folder, 'migration-plans/reviews.yaml');
let postgres: PostgresUse;
let store: StateStore;

beforeAll(async () => {
  // Held for the whole file, so that not every command starts it anew.
  postgres = await usePostgres({ folder: openStateFolder(join(folder, '.strangler'), '1.0.0') });
  store = await openEmbeddedStore(postgres);
});
afterAll(async () => {
  await store?.close();
  await postgres?.release();
  remove();
});

const run = (...argv: string[]): Promise<Ran> => stranglerHere(argv, { cwd: folder });

it('says where everything stands before anything was applied', async () => {
  const { code, json } = await run('status', '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    revision: null,
    capabilities: [
      { capability: 'reviews', phase: 'monolith', weight: 0, owner: 'monolith', applied: false },
    ],
    edges: [],
  });
  const early = await run('shadow', 'reviews');
  expect(early.code).toBe(2);
  expect(early.stderr).toContain('was not applied yet');
  expect(early.stderr).toContain('→ strangler apply');
});

it('shows what apply would do, and does it', async () => {
  const dry = await run('apply', '--dry-run', '--json');
  expect(dry.json()).toMatchObject({ revision: null, changed: true, dryRun: true });
  expect(await store.headNumber()).toBeNull();
  const { code, stdout } = await run('apply', '--reason', 'begin');
  expect(code).toBe(0);
  expect(stdout).toContain('revision 1: no edge is running');
  const again = await run('apply', '--json');
  expect(again.json()).toMatchObject({ revision: 1, changed: false });
  expect((await run('plan', 'diff')).stdout).toContain('no change');
});

it('publishes nothing when any plan has a mistake, and tells all mistakes at once', async () => {
  writeFileSync(
    plan,
    REVIEWS.replace('GET /products', 'GOT /products').replace('routes:', 'rutes: []\nroutes:'),
  );
  const { code, stderr } = await run('apply');
  expect(code).toBe(2);
  expect(stderr).toMatch(/reviews\.yaml:3:1.*rutes/);
  const all = await run('plan', 'validate', '--json');
  expect(all.code).toBe(2);
  expect(all.json<{ valid: boolean }>().valid).toBe(false);
  writeFileSync(plan, REVIEWS.replace('reviews\n  - POST', 'revs\n  - BAD ROUTE\n  - POST'));
  expect((await run('plan', 'validate')).stdout).toMatch(/migration-plans\/reviews\.yaml:5:\d+: error/);
  expect(await store.headNumber()).toBe(1);
  writeFileSync(plan, REVIEWS);
});

it('enters shadow, once', async () => {
  const { code, json } = await run('shadow', 'reviews', '--reason', 'compare', '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({ capability: 'reviews', revision: 2, phase: 'shadow', changed: true });
  const again = await run('shadow', 'reviews', '--json');
  expect([again.code, again.json<{ changed: boolean }>().changed]).toEqual([0, false]);
});

it('writes a report that does not find enough evidence', async () => {
  const { code, json } = await run('report', 'reviews', '--out', 'qa', '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    verdict: 'insufficient-evidence',
    compared: 0,
    mismatched: 0,
    clusters: [],
    files: { html: join(folder, 'qa/reviews.html') },
  });
  expect((await run('report', 'reviews', '--fail-on', 'no-go')).code).toBe(0);
  expect((await run('report', 'reviews', '--fail-on', 'insufficient-evidence')).code).toBe(3);
});

it('is refused by a closed gate, which says what would open it, and records that', async () => {
  const { code, stderr, json } = await run('canary', 'reviews', '--weight', '5', '--json');
  expect(code).toBe(3);
  expect(stderr).toContain('no edge is running, so nothing is measured');
  expect(json<{ error: object }>().error).toMatchObject({
    code: 'GATE_REFUSED',
    findings: expect.arrayContaining([expect.objectContaining({ code: 'canary.minCompared' })]),
  });
  const [last] = await store.history({ limit: 1 });
  expect(last).toMatchObject({ command: 'canary', outcome: 'refused', actor: 'tester', revision: 2 });
  await run('canary', 'reviews', '--weight', '5', '--dry-run');
  expect((await store.history({ limit: 1 }))[0]?.id).toBe(last?.id);
});

it('waits for evidence as long as it is told, and opens when it comes', async () => {
  const impatient = await run('canary', 'reviews', '--wait-for-evidence', '300ms');
  expect(impatient.code).toBe(3);
  expect(impatient.stderr).toContain('waiting for the gate to open: canary.minCompared 0 of 200');
  const waiting = run('canary', 'reviews', '--weight', '5', '--wait-for-evidence', '20s', '--json');
  await store.addEvidence([await evidenceOf(2)]);
  const { code, json } = await waiting;
  expect(code).toBe(0);
  expect(json()).toMatchObject({ phase: 'canary', weight: 5, changed: true });
});

it('needs a reason to go on against a gate', async () => {
  const silent = await run('cutover', 'reviews', '--force');
  expect([silent.code, silent.stderr.includes('needs a reason')]).toEqual([2, true]);
  const { code, json } = await run('cutover', 'reviews', '--force', '--reason', 'we know', '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({ phase: 'cutover', weight: 100, owner: 'service' });
});

it('rolls back without any gate, and keeps the whole story', async () => {
  expect((await run('rollback', 'reviews', '--reason', 'enough')).code).toBe(0);
  const { transitions } = (await run('history', 'reviews', '--json')).json<{
    transitions: { command: string; outcome: string; reason: string }[];
  }>();
  expect(transitions.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual([
    'rollback done',
    'cutover done',
    'cutover refused',
    'canary done',
    'canary refused',
    'canary refused',
    'shadow done',
    'apply done',
  ]);
  expect(transitions[1]?.reason).toBe('forced: we know');
});

it('never gives up the way back unasked', async () => {
  await run('shadow', 'reviews');
  await run('canary', 'reviews', '--weight', '100', '--force', '--reason', 'x');
  await run('cutover', 'reviews', '--force', '--reason', 'x');
  const unasked = await run('retire', 'reviews');
  expect(unasked.code).toBe(2);
  expect(unasked.stderr).toContain('--yes');
  expect((await store.head())?.states.reviews?.phase).toBe('cutover');
  const removed = await run('apply', '--dry-run');
  expect(removed.code).toBe(0);
  rmSync(plan);
  const refused = await run('apply');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('Roll it back first');
  writeFileSync(plan, REVIEWS);
  expect((await run('retire', 'reviews', '--yes')).code).toBe(0);
});

it('cannot move data yet, whatever the gates say', async () => {
  writeFileSync(
    join(folder, 'migration-plans/orders.yaml'),
    'apiVersion: strangler/v1\ncapability: orders\nroutes: [GET /orders]\ndata: { stage: own-database, tables: [Order] }\n',
  );
  await run('apply');
  await run('shadow', 'orders');
  await run('canary', 'orders', '--force', '--reason', 'x');
  const { code, stderr } = await run('cutover', 'orders', '--force', '--reason', 'x');
  expect(code).toBe(3);
  expect(stderr).toContain('cannot do yet');
});

it('names the edges that lag, and says that the revision is published all the same', async () => {
  await store.reportEdge(
    {
      id: 'edge-1',
      revision: 1,
      digest: null,
      url: 'http://127.0.0.1:1',
      adminUrl: 'http://127.0.0.1:2',
      startedAt: new Date().toISOString(),
      draining: false,
      services: [],
    },
    60_000,
  );
  const { code, stderr } = await run('rollback', 'orders', '--timeout', '200ms');
  expect(code).toBe(6);
  expect(stderr).toMatch(/is published, but after 0\.2 s 1 of 1 edges do not serve it: edge-1/);
  expect((await store.head())?.states.orders?.phase).toBe('monolith');
  const now = await run('shadow', 'orders', '--no-wait');
  expect(now.code).toBe(0);
  await store.removeEdge('edge-1');
});

it('loses against somebody who was quicker, and says so', async () => {
  const head = await store.head();
  const all = await Promise.all(
    ['a', 'b', 'c', 'd'].map((reason) =>
      run(reason === 'a' ? 'rollback' : 'kill', 'orders', '--reason', reason),
    ),
  );
  const conflicts = all.filter(({ code }) => code === 5);
  for (const { stderr } of conflicts) expect(stderr).toContain('give the command again');
  expect(all.every(({ code }) => code === 0 || code === 5)).toBe(true);
  expect((await store.headNumber())!).toBeGreaterThan(head!.number);
});

/** What an edge would have measured of a service that answers as the monolith does. */
async function evidenceOf(epoch: number) {
  const route = 'GET /products/:slug/reviews';
  const now = new Date().toISOString();
  const counts = { eligible: 5000, sampled: 5000, sent: 5000, completed: 5000, compared: 5000, equal: 5000 };
  return {
    run: {
      capability: 'reviews',
      epoch: (await store.head())?.states.reviews?.epoch ?? epoch,
      serviceVersion: '1',
    },
    edge: 'edge-1',
    from: now,
    to: now,
    funnel: { [route]: { ...counts, mismatched: 0, probes: 200, probesDiffering: 0, dropped: {} } },
    coverage: [{ route, method: 'GET', statusClass: '2xx', compared: 5000, mismatched: 0 }],
    clusters: [],
    clustersOmitted: 0,
    traffic: [],
    shadowLatency: [],
    rulesHidden: {},
    notices: {},
    redactions: 0,
  };
}
