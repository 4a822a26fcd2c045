import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { draft, transition } from './samples.ts';

let postgres: TestPostgres;
const stores: StateStore[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await postgres.stop();
});

async function open(url: string): Promise<StateStore> {
  const store = await openStateStore({ url });
  stores.push(store);
  return store;
}

async function sql(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

describe('opening', () => {
  it('many processes at once on an empty database create the tables once', async () => {
    const url = await postgres.createDatabase();
    const opened = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    expect(await Promise.all(opened.map((store) => store.head()))).toEqual(Array(6).fill(null));
    const { rows } = await sql(
      url,
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    );
    expect(rows).toHaveLength(2);
  });

  it('refuses a store of another version and the database of another application', async () => {
    const url = await postgres.createDatabase();
    await open(url);
    await sql(url, 'UPDATE strangler_store_version SET version = 99');
    await expect(openStateStore({ url })).rejects.toMatchObject({
      code: 'STORE_VERSION',
      message: 'the state store has version 99; this toolkit works with version 2',
    });
    const foreign = await postgres.createDatabase();
    await sql(foreign, 'CREATE TABLE customers (id int)');
    await expect(openStateStore({ url: foreign })).rejects.toMatchObject({
      code: 'STORE_FOREIGN_DATABASE',
      exitCode: 2,
    });
  });

  it('a wrong password, database or address is an error that does not show the URL', async () => {
    const wrongPassword = postgres.url.replace(/:[0-9a-f]{24}@/, ':s3cret@');
    await expect(openStateStore({ url: wrongPassword })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(
      openStateStore({ url: postgres.url.replace('/postgres', '/nowhere') }),
    ).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    const error = await openStateStore({ url: 'postgresql://me:s3cret@127.0.0.1:1/x' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(String(error)).not.toContain('s3cret');
  });
});

describe('publishing', () => {
  it('numbers revisions, keeps their content and digest, and writes the transitions with them', async () => {
    const store = await open(await postgres.createDatabase());
    const first = await store.publish(draft('one\u0000'), null, [transition('one')]);
    const second = await store.publish(draft('two'), 1, [transition('two'), transition('two more')]);
    expect([first.number, first.parent, second.number, second.parent]).toEqual([1, null, 2, 1]);
    expect(first.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(second.digest).toBe(first.digest);
    expect(await store.head()).toEqual(second);
    expect(await store.headNumber()).toBe(2);
    expect(await store.revision(1)).toEqual(first);
    expect(await store.revision(3)).toBeNull();
    expect(await store.revision(Number.NaN)).toBeNull();
    const history = await store.history({});
    expect(history.map((entry) => [entry.revision, entry.reason])).toEqual([
      [2, 'two more'],
      [2, 'two'],
      [1, 'one'],
    ]);
    expect(history[0]).toMatchObject({ ...transition('two more') });
    expect(await store.history({ capability: 'other' })).toEqual([]);
    expect(await store.history({ limit: 1 })).toHaveLength(1);
  });

  it('of 20 parallel publishers on each revision exactly one wins, and losers leave no transition', async () => {
    const url = await postgres.createDatabase();
    const [one, two] = [await open(url), await open(url)];
    for (const parent of [null, 1, 2]) {
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? one : two).publish(draft(`${index}`), parent, [transition(`${parent}/${index}`)]),
        ),
      );
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected')
          expect(result.reason).toMatchObject({ code: 'REVISION_CONFLICT', exitCode: 5, status: 409 });
    }
    expect(await one.headNumber()).toBe(3);
    expect(await one.history({})).toHaveLength(3);
  });

  it('refuses a draft that breaks an invariant', async () => {
    const store = await open(await postgres.createDatabase());
    const broken = draft();
    broken.states.reviews!.owner = 'service';
    await expect(async () => store.publish(broken, null, [])).rejects.toThrow(/owner/);
    expect(await store.head()).toBeNull();
  });

  it('records refusals on the revision they were judged on', async () => {
    const store = await open(await postgres.createDatabase());
    await store.recordRefusal(transition('no plan yet', { outcome: 'refused', to: null }));
    await store.publish(draft(), null, []);
    await store.recordRefusal(transition('not enough', { outcome: 'refused' }));
    expect((await store.history({})).map((entry) => [entry.revision, entry.outcome, entry.to])).toEqual([
      [1, 'refused', { phase: 'monolith', weightBp: 0, owner: 'monolith' }],
      [0, 'refused', null],
    ]);
  });
});

describe('a database that others write to', () => {
  it('does not change or lose history', async () => {
    const url = await postgres.createDatabase();
    const store = await open(url);
    await store.publish(draft(), null, [transition()]);
    for (const table of ['strangler_transition', 'strangler_revision'])
      for (const change of [`UPDATE ${table} SET reason = 'x'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
        await expect(sql(url, change)).rejects.toThrow(/append-only/);
    expect(await store.history({})).toHaveLength(1);
  });

  it.each([
    ['another plan', `plans = replace(plans, '/reviews/:id', '/admin/:id')`, /digest/],
    ['no JSON', `plans = '{'`, /not JSON/],
    ['another format', 'format_version = 2', /format version 2/],
    ['a list', `states = '[]'`, /not a JSON object/],
  ])('a revision with %s is refused', async (_, change, message) => {
    const url = await postgres.createDatabase();
    const store = await open(url);
    await store.publish(draft(), null, []);
    await sql(
      url,
      `ALTER TABLE strangler_revision DISABLE TRIGGER USER; UPDATE strangler_revision SET ${change}`,
    );
    await expect(store.head()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringMatching(message),
    });
  });
});
