import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Column, readCatalog, type Table } from '../../../cli/carve/gates/catalog.ts';
import { type GateDatabase, startGateDatabase, withClient } from '../../../cli/carve/gates/database.ts';
import type { Row } from '../../../cli/carve/gates/sample-rows.ts';
import {
  activate,
  activation,
  adoptRows,
  findAccount,
  raise,
  raisedValue,
} from '../../../cli/carve/gates/sign-in/account.ts';
import { column } from './column.ts';

const stamp = 'timestamp without time zone';

describe('a column that keeps an account waiting', () => {
  it.each<[string, string, string | null, string | undefined]>([
    ['isVerified', 'boolean', 'false', 'true'],
    ['email_confirmed', 'boolean', 'false', 'true'],
    ['active', 'boolean', 'false', 'true'],
    ['unconfirmed', 'boolean', 'true', 'false'],
    ['is_unverified', 'boolean', 'true', 'false'],
    ['verificationRequired', 'boolean', 'true', 'false'],
    ['inactive', 'boolean', 'true', 'false'],
    ['is_banned', 'boolean', 'true', 'false'],
    ['newsletter', 'boolean', 'false', undefined],
    ['emailVerifiedAt', stamp, null, '2024-01-01 12:00:00'],
    ['confirmed_on', 'date', null, '2024-01-01 12:00:00'],
    ['emailVerifiedAt', stamp, '2020-01-01 00:00:00', undefined],
    ['deletedAt', stamp, null, undefined],
    ['verificationSentAt', stamp, null, undefined],
    ['status', 'text', 'PENDING', 'ACTIVE'],
    ['state', 'character varying', 'unverified', 'active'],
    ['status', 'text', 'gold', undefined],
  ])('%s (%s) of %s becomes %s', (name, type, value, expected) => {
    expect(activation(column(name, type), value)).toBe(expected);
  });
  it('of an enum becomes the label that says so, or stays', () => {
    const status = (labels: string[]) =>
      activation(column('status', 'Status', { labels }), labels[0] ?? null);
    expect(status(['PENDING', 'INACTIVE', 'ACTIVE'])).toBe('ACTIVE');
    expect(status(['NEW', 'OLD'])).toBeUndefined();
    expect(activation(column('status', 'Status', { labels: ['ACTIVE'], array: true }), null)).toBeUndefined();
  });
});

describe('a column that gives rights', () => {
  it.each<[string, string, Partial<Column>, string | null, string | undefined]>([
    ['role', 'Role', { labels: ['CUSTOMER', 'STAFF', 'ADMIN'] }, 'CUSTOMER', 'ADMIN'],
    ['role', 'Role', { labels: ['ADMIN', 'SUPER_ADMIN'] }, 'ADMIN', 'SUPER_ADMIN'],
    ['role', 'Role', { labels: ['reader', 'editor'] }, 'reader', 'editor'],
    ['roles', 'Role', { labels: ['USER', 'ADMIN'], array: true }, '{USER}', '{ADMIN}'],
    ['kind', 'Kind', { labels: ['USER', 'ADMIN'] }, 'USER', undefined],
    ['type', 'Kind', { labels: ['PERSON', 'COMPANY'] }, 'PERSON', undefined],
    ['role', 'text', {}, 'user', 'admin'],
    ['role', 'text', {}, 'USER', 'ADMIN'],
    ['roles', 'text', { array: true }, '{USER}', '{ADMIN}'],
    ['role', 'text', {}, null, 'admin'],
    ['roleId', 'integer', {}, '1', undefined],
    ['isAdmin', 'boolean', {}, 'false', 'true'],
    ['is_superuser', 'boolean', {}, 'false', 'true'],
    ['staff', 'boolean', {}, 'false', 'true'],
    ['isAdminNotified', 'boolean', {}, 'false', undefined],
    ['name', 'text', {}, 'A', undefined],
  ])('%s (%s) %o of %s becomes %s', (name, type, more, value, expected) => {
    expect(raisedValue(column(name, type, more), value)).toBe(expected);
  });
});

describe('an account in a database', () => {
  let database: GateDatabase;
  let tables: Table[];
  const inside = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    withClient(database.url('shop'), work);
  const all = (sql: string): Promise<Row[]> => inside(async (client) => (await client.query<Row>(sql)).rows);

  beforeAll(async () => {
    database = await startGateDatabase(new AbortController().signal);
    await database.create('shop');
    const sql = `
      CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
      CREATE TABLE "Newsletter" (id serial PRIMARY KEY, email text);
      CREATE TABLE "User" (id serial PRIMARY KEY, email text UNIQUE, role "Role" DEFAULT 'USER', verified boolean DEFAULT false,
        active boolean DEFAULT false CHECK (NOT active), created timestamptz DEFAULT now());
      CREATE TABLE "Order" (id serial PRIMARY KEY, "userId" int NOT NULL REFERENCES "User");
      CREATE TABLE "Cart" (id serial PRIMARY KEY, "userId" int NOT NULL UNIQUE REFERENCES "User");
      CREATE TABLE "CartItem" (id serial PRIMARY KEY, "cartId" int NOT NULL REFERENCES "Cart");
      CREATE TABLE "Odd""Name" (id serial PRIMARY KEY, "who's" int REFERENCES "User");
      INSERT INTO "User" (email) VALUES ('sample1@example.com'), ('carve@example.com');
      INSERT INTO "Newsletter" (email) VALUES ('carve@example.com');
      INSERT INTO "Order" ("userId") VALUES (1), (1), (2);
      INSERT INTO "Cart" ("userId") VALUES (1), (2);
      INSERT INTO "CartItem" ("cartId") VALUES (2);
      INSERT INTO "Odd""Name" ("who's") VALUES (1);`;
    await database.run('shop', [{ name: 'tables', sql }]);
    tables = await inside(readCatalog);
  });
  afterAll(() => database.stop());
  const account = async () => {
    const found = await inside((client) => findAccount(client, tables, ['carve@example.com', "o'neil"]));
    if (found === undefined) throw new Error('no account');
    return found;
  };

  it('is found in the table that most others refer to, wherever else its e-mail stands', async () => {
    expect(await account()).toMatchObject({
      table: { name: 'User' },
      row: { id: '2', email: 'carve@example.com' },
    });
    expect(await inside((client) => findAccount(client, tables, ['nobody@example.com']))).toBeUndefined();
  });
  it('is made usable and raised, its own row only; what a rule of the database forbids stays', async () => {
    const it = await account();
    expect(await inside((client) => activate(client, it))).toEqual(['verified']);
    expect(await inside((client) => raise(client, it))).toEqual([{ column: 'role', value: 'ADMIN' }]);
    expect(
      await all('SELECT id::text, role::text, verified::text, active::text FROM "User" ORDER BY id'),
    ).toEqual([
      { id: '1', role: 'USER', verified: 'false', active: 'false' },
      { id: '2', role: 'ADMIN', verified: 'true', active: 'false' },
    ]);
  });
  it('takes over the rows of a sample; where one is allowed, the own makes room unless others hang on it', async () => {
    const [sample] = await all('SELECT id::text FROM "User" WHERE id = 1');
    await inside(async (client) => adoptRows(client, tables, await account(), sample ?? {}));
    const owners = (table: string, name = 'userId') =>
      all(
        `SELECT ${pg.escapeIdentifier(name)}::text AS owner FROM ${pg.escapeIdentifier(table)} ORDER BY id`,
      );
    expect(await owners('Order')).toEqual([{ owner: '2' }, { owner: '2' }, { owner: '2' }]);
    expect(await owners('Odd"Name', "who's")).toEqual([{ owner: '2' }]);
    // An item lies in the account's own cart: nothing is lost.
    expect(await owners('Cart')).toEqual([{ owner: '1' }, { owner: '2' }]);
    await all('DELETE FROM "CartItem"');
    await inside(async (client) => adoptRows(client, tables, await account(), sample ?? {}));
    expect(await owners('Cart')).toEqual([{ owner: '2' }]);
  });
});
