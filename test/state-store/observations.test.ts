import { PrismaPg } from '@prisma/adapter-pg';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeObservations } from '../../migration-plans/observe/merge.ts';
import type { ObservationDelta } from '../../migration-plans/observe/observation.ts';
import { PrismaClient } from '../../migration-plans/state-store/generated/client.ts';
import {
  addObservationRows,
  OBSERVATION_LIMITS,
} from '../../migration-plans/state-store/observation-rows.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { learnerOf } from '../observe/support/traffic.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
const open: { close(): Promise<unknown> }[] = [];
const HOUR = 3_600_000;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(open.map((each) => each.close()));
  await postgres.stop();
});

async function openStore(): Promise<{
  store: StateStore;
  url: string;
  sql: (text: string) => Promise<Record<string, unknown>[]>;
}> {
  const url = await postgres.createDatabase();
  const store = await openStateStore({ url });
  open.push(store);
  return {
    store,
    url,
    async sql(text) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** The same tables, by the functions below the store: with a clock of the test's own. */
function rowsAt(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // `end` resolves before its connections are closed: the server that stops next may still tell them so.
  pool.on('error', () => {});
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  open.push({
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  });
  return (deltas: ObservationDelta[], now: number, limits = OBSERVATION_LIMITS) =>
    addObservationRows(prisma, deltas, limits, now);
}

function delta(edge: string, at: number, paths: readonly string[]): ObservationDelta {
  const { see, take } = learnerOf();
  for (const url of paths) see({ method: 'GET', url, status: 200, answerType: 'text/html' });
  const time = new Date(at).toISOString();
  return { ...take(), from: time, to: time, edge };
}

describe('what edges observed', () => {
  it('is added up over edges and deliveries', async () => {
    const { store } = await openStore();
    const now = Date.now();
    await store.addObservations([delta('a', now, ['/p/1', '/p/2']), delta('b', now, ['/p/3', '/cart'])]);
    await store.addObservations([delta('a', now, ['/p/1', '/about'])]);
    const { routes, values } = await store.observations({});
    expect(Object.fromEntries(Object.entries(routes).map(([key, { calls }]) => [key, calls]))).toEqual({
      'GET /about': 1,
      'GET /cart': 1,
      'GET /p/{number}': 4,
    });
    expect(Object.keys(values)).toEqual(['/p/{number}']);
  });

  it('is the same in whatever order edges deliver it', async () => {
    const now = Date.now();
    const all = Array.from({ length: 6 }, (_, at) =>
      delta(`edge-${at % 3}`, now, ['/', `/p/${at}`, `/${'abcdef'[at]}`, '/p/1?q=1', '/p/1?q=2']),
    );
    const wanted = mergeObservations(all.map(({ edge: _edge, ...observed }) => observed));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(all, { minLength: all.length }), async (shuffled) => {
        const { store } = await openStore();
        await Promise.all(shuffled.map((one) => store.addObservations([one])));
        expect(await store.observations({})).toEqual(wanted);
        await store.close();
      }),
      { numRuns: 4 },
    );
  });

  it('is kept by the hour, after two days by the day, and after thirty no more', async () => {
    const { store, url, sql } = await openStore();
    const add = rowsAt(url);
    const now = Date.parse('2026-06-30T12:30:00Z');
    for (const hoursAgo of [24 * 31, 24 * 5 + 1, 24 * 5, 30, 2, 1, 0])
      for (const edge of ['a', 'b'])
        await add([delta(edge, now - hoursAgo * HOUR, ['/'])], now - hoursAgo * HOUR);
    const rows = await sql('SELECT start_at, hours, edge FROM strangler_observation ORDER BY start_at, edge');
    expect(rows.map(({ start_at, hours, edge }) => [(start_at as Date).toISOString(), hours, edge])).toEqual([
      ['2026-06-25T00:00:00.000Z', 24, '(folded)'],
      ['2026-06-29T06:00:00.000Z', 1, '(folded)'],
      ['2026-06-30T10:00:00.000Z', 1, '(folded)'],
      ['2026-06-30T11:00:00.000Z', 1, '(folded)'],
      ['2026-06-30T12:00:00.000Z', 1, 'a'],
      ['2026-06-30T12:00:00.000Z', 1, 'b'],
    ]);
    expect((await store.observations({})).routes['GET /']?.calls).toBe(12);
    const since = new Date(now - 90 * 60_000).toISOString();
    expect((await store.observations({ since })).routes['GET /']?.calls).toBe(4);
  });

  it('late news of a day that was folded is added to it', async () => {
    const { store, url, sql } = await openStore();
    const add = rowsAt(url);
    const now = Date.parse('2026-06-30T12:30:00Z');
    await add([delta('a', now - 20 * HOUR, ['/'])], now);
    await add([delta('a', now, ['/'])], now);
    await add([delta('b', now - 20 * HOUR, ['/'])], now);
    expect(await sql('SELECT count(*)::int AS n FROM strangler_observation')).toEqual([{ n: 2 }]);
    expect((await store.observations({})).routes['GET /']?.calls).toBe(3);
  });

  it('of any number of edges takes a bounded number of rows, and an edge whose clock is wrong does no harm', async () => {
    const { store, url, sql } = await openStore();
    const add = rowsAt(url);
    const now = Date.parse('2026-06-30T12:30:00Z');
    for (let at = 0; at < 12; at++)
      await add([delta(`edge-${at}`, at === 5 ? 0 : now, ['/'])], now, {
        ...OBSERVATION_LIMITS,
        rowsPerHour: 4,
      });
    const [row] = await sql('SELECT count(*)::int AS n FROM strangler_observation');
    expect(row!.n).toBeLessThanOrEqual(5);
    expect((await store.observations({})).routes['GET /']?.calls).toBe(12);
  });

  it('that was changed outside the toolkit is refused on reading', async () => {
    const { store, sql } = await openStore();
    await store.addObservations([delta('a', Date.now(), ['/'])]);
    await sql(`UPDATE strangler_observation SET document = '{"routes":{"GET /":{}}}'`);
    await expect(store.observations({})).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('finds room in a store of the version before, which keeps what it holds', async () => {
    const { store, url, sql } = await openStore();
    await store.recordRefusal({
      capability: 'reviews',
      command: 'cutover',
      outcome: 'refused',
      actor: 'me',
      reason: 'kept',
      from: null,
      to: null,
      evidence: [],
    });
    await store.close();
    await sql('DROP TABLE strangler_observation');
    await sql(`DELETE FROM _prisma_migrations WHERE migration_name LIKE '%_observation'`);
    await sql('UPDATE strangler_store_version SET version = 1');
    const again = await openStateStore({ url });
    open.push(again);
    await again.addObservations([delta('a', Date.now(), ['/'])]);
    expect(Object.keys((await again.observations({})).routes)).toEqual(['GET /']);
    expect(await again.history({})).toMatchObject([{ reason: 'kept' }]);
    expect(await sql('SELECT version FROM strangler_store_version')).toEqual([{ version: 2 }]);
  });
});
