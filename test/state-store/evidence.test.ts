import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore, type StateStoreOptions } from '../../migration-plans/state-store/postgres.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { delta, edge } from './samples.ts';

let postgres: TestPostgres;
const stores: StateStore[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await postgres.stop();
});

async function open(evidence: StateStoreOptions['evidence'] = {}) {
  const url = await postgres.createDatabase();
  const store = await openStateStore({ url, evidence });
  stores.push(store);
  const rows = async (): Promise<{ edge: string; epoch: number }[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const result = await client.query('SELECT edge, epoch FROM strangler_evidence ORDER BY epoch, edge');
    await client.end();
    return result.rows;
  };
  return { url, store, rows };
}

const compared = async (store: StateStore, filter = {}): Promise<number | undefined> =>
  (await store.evidence({ capability: 'reviews', ...filter })).funnel['GET /reviews/:id']?.compared;

describe('evidence', () => {
  it('is empty before anything was measured', async () => {
    const { store } = await open();
    expect(await store.evidence({ capability: 'reviews' })).toMatchObject({
      capability: 'reviews',
      epoch: null,
      runs: [],
      serviceVersions: [],
      funnel: {},
    });
  });

  it('adds up over edges that write at the same time, losing nothing', async () => {
    const { store, rows } = await open();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.addEvidence([delta(`edge-${index % 4}`, 1), delta(`edge-${index % 3}`, 1)]),
      ),
    );
    expect(await compared(store)).toBe(80);
    expect(await rows()).toHaveLength(4);
  });

  it('of the newest epoch is read unless another run is named', async () => {
    const { store } = await open();
    await store.addEvidence([
      delta('a', 1),
      delta('a', 10, { epoch: 2 }),
      delta('b', 100, { epoch: 2, serviceVersion: '2.0.0' }),
    ]);
    const summary = await store.evidence({ capability: 'reviews' });
    expect([summary.epoch, [...summary.serviceVersions].sort()]).toEqual([2, ['1.0.0', '2.0.0']]);
    expect(summary.runs.map((run) => [run.epoch, run.compared]).sort()).toEqual([
      [1, 1],
      [2, 10],
      [2, 100],
    ]);
    expect(await compared(store)).toBe(110);
    expect(await compared(store, { epoch: 1 })).toBe(1);
    expect(await compared(store, { serviceVersion: '2.0.0' })).toBe(100);
    expect(await compared(store, { epoch: 7 })).toBeUndefined();
  });

  it('of edges that are gone is folded into one row; a live edge keeps its own', async () => {
    const { store, rows } = await open({ rowsPerRun: 3 });
    await store.reportEdge(edge('edge-0'), 60_000);
    for (let index = 0; index < 12; index++) await store.addEvidence([delta(`edge-${index}`, 1)]);
    const kept = (await rows()).map((row) => row.edge);
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(kept).toEqual(expect.arrayContaining(['(folded)', 'edge-0']));
    expect(await compared(store)).toBe(12);
  });

  it('of old runs is dropped beyond the limit, oldest first', async () => {
    const { store, rows } = await open({ runs: 3 });
    for (let epoch = 1; epoch <= 6; epoch++) await store.addEvidence([delta('a', 1, { epoch })]);
    expect((await rows()).map((row) => row.epoch)).toEqual([4, 5, 6]);
  });

  it('loses its examples, never its counts, when a document outgrows the limit', async () => {
    const { store } = await open({ documentChars: 3000 });
    const big = delta('a', 1);
    const example = {
      at: '$',
      time: big.from,
      method: 'GET',
      url: '/',
      traceId: undefined,
      left: 'x'.repeat(5000),
      right: '\u0000\ud800',
      leftBody: undefined,
      rightBody: undefined,
      bytes: 5000,
    };
    big.clusters = [
      {
        id: 'c',
        route: 'GET /reviews/:id',
        path: '$',
        kind: 'value',
        shape: 's',
        seen: 3,
        noiseSeen: 0,
        firstSeen: big.from,
        lastSeen: big.to,
        examples: [example],
      },
    ];
    await store.addEvidence([big]);
    const summary = await store.evidence({ capability: 'reviews' });
    expect(summary.clusters).toMatchObject([{ id: 'c', seen: 3, examples: [] }]);
  });

  it('that is not evidence is refused on reading', async () => {
    const { store, url } = await open();
    await store.addEvidence([delta('a', 1)]);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`UPDATE strangler_evidence SET document = '{"funnel":{}}'`);
    await client.end();
    await expect(store.evidence({ capability: 'reviews' })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});
