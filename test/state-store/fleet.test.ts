import net from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore, type StateStoreOptions } from '../../migration-plans/state-store/postgres.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { draft, edge, transition } from './samples.ts';

let postgres: TestPostgres;
const stores: StateStore[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await postgres.stop();
});

async function open(options: Partial<StateStoreOptions> = {}): Promise<StateStore> {
  const url = options.url ?? (await postgres.createDatabase());
  const store = await openStateStore({ backoffMs: { first: 20, longest: 100 }, ...options, url });
  stores.push(store);
  return store;
}

describe('watching', () => {
  it('tells of each published revision, and of the newest one when it begins', async () => {
    const url = await postgres.createDatabase();
    const [publisher, watcher] = [await open({ url }), await open({ url })];
    await publisher.publish(draft(), null, []);
    const seen: number[] = [];
    const end = await watcher.watch((number) => seen.push(number));
    await vi.waitFor(() => expect(seen).toEqual([1]));
    await publisher.publish(draft(), 1, []);
    await publisher.publish(draft(), 2, []);
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3]));
    await end();
    await publisher.publish(draft(), 3, []);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('finds what was published while its connection was cut', async () => {
    const url = await postgres.createDatabase();
    const [publisher, watcher] = [
      await open({ url }),
      await open({ url, backoffMs: { first: 300, longest: 300 } }),
    ];
    const seen: number[] = [];
    const states: boolean[] = [];
    await watcher.watch(
      (number) => seen.push(number),
      (connected) => states.push(connected),
    );
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'strangler watch' AND datname = current_database()`,
    );
    await client.end();
    await vi.waitFor(() => expect(states).toEqual([true, false]));
    await publisher.publish(draft(), null, []);
    expect(seen).toEqual([]);
    await vi.waitFor(() => expect(seen).toEqual([1]), { timeout: 5000 });
    expect(states).toEqual([true, false, true]);
  });

  it('ignores notifications that carry no revision number', async () => {
    const url = await postgres.createDatabase();
    const store = await open({ url });
    const seen: number[] = [];
    await store.watch((number) => seen.push(number));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const payload of ['', 'abc', '-1', '1.5', '1e99'])
      await client.query("SELECT pg_notify('strangler_revision', $1)", [payload]);
    await client.query("SELECT pg_notify('strangler_revision', '7')");
    await client.end();
    await vi.waitFor(() => expect(seen).toEqual([7]));
  });
});

describe('a server that goes away', () => {
  it('every call says so in time, and works again on the same store afterwards', async () => {
    // A server of its own, since the others' tests do without a restart.
    const own = await startTestPostgres();
    try {
      const store = await openStateStore({
        url: await own.createDatabase(),
        timeoutMs: 1000,
        backoffMs: { first: 20, longest: 50 },
      });
      await store.publish(draft(), null, []);
      const seen: number[] = [];
      const states: boolean[] = [];
      await store.watch(
        (number) => seen.push(number),
        (connected) => states.push(connected),
      );
      await own.restart(async () => {
        const calls = [
          store.head(),
          store.headNumber(),
          store.publish(draft(), 1, []),
          store.recordRefusal(transition()),
          store.history({}),
          store.reportEdge(edge('a'), 1000),
          store.edges(),
          store.addEvidence([]),
          store.evidence({ capability: 'reviews' }),
        ];
        const results = await Promise.allSettled(calls);
        expect(
          results.map((result) => (result.status === 'rejected' ? result.reason.code : 'answered')),
        ).toEqual(calls.map((_, index) => (index === 7 ? 'answered' : 'STORE_UNREACHABLE')));
      });
      expect((await store.head())?.number).toBe(1);
      await vi.waitFor(() => expect(states).toEqual([true, false, true]), { timeout: 5000 });
      await store.publish(draft(), 1, []);
      await vi.waitFor(() => expect(seen.at(-1)).toBe(2));
      await store.close();
    } finally {
      await own.stop();
    }
  });

  it('one that accepts connections and says nothing is given up on', async () => {
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    await expect(
      openStateStore({ url: `postgresql://u:p@127.0.0.1:${port}/x`, timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    silent.close();
  });
});

describe('leases', () => {
  it('run out by the database’s clock, are renewed, and end at once when removed', async () => {
    const store = await open();
    await store.reportEdge(edge('short'), 0);
    await store.reportEdge(edge('long'), 60_000);
    await store.reportEdge(edge('again', { revision: null, digest: null }), 0);
    await store.reportEdge(edge('again', { revision: 2 }), 60_000);
    const edges = await store.edges();
    expect(edges.map(({ id, live, revision }) => [id, live, revision])).toEqual([
      ['again', true, 2],
      ['long', true, 1],
      ['short', false, 1],
    ]);
    expect(edges[0]).toMatchObject(edge('again', { revision: 2 }));
    expect(Math.abs(Date.parse(edges[0]!.lastSeen) - Date.now())).toBeLessThan(60_000);
    await store.removeEdge('long');
    await store.removeEdge('never-there');
    expect((await store.edges()).map(({ id }) => id)).toEqual(['again', 'short']);
  });

  it('of edges not seen for an hour are forgotten', async () => {
    const url = await postgres.createDatabase();
    const store = await open({ url });
    await store.reportEdge(edge('old'), 0);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("UPDATE strangler_edge_lease SET last_seen = last_seen - interval '61 minutes'");
    expect(await store.edges()).toEqual([]);
    await store.reportEdge(edge('new'), 1000);
    expect((await client.query('SELECT id FROM strangler_edge_lease')).rows).toEqual([{ id: 'new' }]);
    await client.end();
  });
});
