import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate, withStartLock } from '../src/database/migrate.ts';
import { seedIfEmpty } from '../src/seed/seed.ts';
import { openDatabase } from './shop.ts';

let server: Awaited<ReturnType<typeof openDatabase>>;
const databases: pg.Client[] = [];

/** A new database with a small shop in it. */
async function seeded(name: string): Promise<pg.Client> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = server.url.replace(/\/shop$/, `/${name}`);
  await withStartLock(url, async (client) => {
    await migrate(url);
    await seedIfEmpty(client, () => undefined);
    await seedIfEmpty(client, () => expect.unreachable('it is not empty any more'));
  });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  databases.push(client);
  return client;
}

async function tablesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

beforeAll(async () => {
  process.env.SEED_SCALE = '0.01';
  server = await openDatabase();
  await seeded('one');
  await seeded('two');
});

afterAll(async () => {
  await Promise.all(databases.map((client) => client.end()));
  await server?.close();
});

it('is the same every time, in every table', async () => {
  const digests = await Promise.all(
    databases.map(async (client) => {
      const digest: Record<string, string> = {};
      for (const table of await tablesOf(client)) {
        const { rows } = await client.query(`SELECT t::text FROM "${table}" t ORDER BY 1`);
        digest[table] = `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`;
      }
      return digest;
    }),
  );
  expect(digests[0]).toEqual(digests[1]);
});

it('fills every table but the one that the nightly job fills', async () => {
  const client = databases[0]!;
  const empty = [];
  for (const table of await tablesOf(client)) {
    const { rowCount } = await client.query(`SELECT 1 FROM "${table}" LIMIT 1`);
    if (rowCount === 0) empty.push(table);
  }
  expect(empty).toEqual(['daily_sales']);
});

it('has no reference into the void', async () => {
  const client = databases[0]!;
  const { rows } = await client.query<{ child: string; key: string; parent: string; target: string }>(`
    SELECT c.conrelid::regclass::text AS child, a.attname AS key, c.confrelid::regclass::text AS parent, f.attname AS target
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
    WHERE c.contype = 'f'`);
  expect(rows.length).toBeGreaterThan(40);
  for (const { child, key, parent, target } of rows) {
    const { rowCount } = await client.query(
      `SELECT 1 FROM ${child} c WHERE c."${key}" IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM ${parent} p WHERE p."${target}" = c."${key}") LIMIT 1`,
    );
    expect([`${child}.${key}`, rowCount]).toEqual([`${child}.${key}`, 0]);
  }
});

it('keeps the stored ratings and votes in step with the reviews', async () => {
  const client = databases[0]!;
  const { rows } = await client.query(`
    SELECT p.id FROM products p LEFT JOIN reviews r ON r.product_id = p.id AND r.status = 'PUBLISHED'
    GROUP BY p.id HAVING p.rating_count <> count(r.id) OR p.rating_avg <> coalesce(round(avg(r.rating), 2), 0)`);
  expect(rows).toEqual([]);
  const votes = await client.query(`
    SELECT r.id FROM reviews r LEFT JOIN review_votes v ON v.review_id = r.id
    GROUP BY r.id HAVING r.helpful_count <> count(v.id) FILTER (WHERE v.helpful)`);
  expect(votes.rows).toEqual([]);
});

it('lets new rows continue after the seeded ones', async () => {
  const client = databases[0]!;
  await client.query("INSERT INTO notifications (customer_id, kind, text) VALUES (1, 'x', 'y')");
  await client.query("INSERT INTO brands (slug, name) VALUES ('x', 'y')");
});
