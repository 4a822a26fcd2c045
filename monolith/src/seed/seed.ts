import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { seedBackOffice } from './back-office.ts';
import { seedOpinions } from './opinions.ts';
import { seedPeople } from './people.ts';
import { patternPng } from './png.ts';
import { makeProducts, seedCatalog } from './products.ts';
import { seedSales } from './sales.ts';
import { contextFor, scaleOf } from './scale.ts';

/** Fills an empty database with the sample shop, the same one every time. `SEED_SCALE` (default 1) makes it smaller. */
export async function seedIfEmpty(client: ClientBase, report: (line: string) => void): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM settings LIMIT 1');
  if (rowCount) return;
  const factor = Number(process.env.SEED_SCALE ?? 1);
  if (!(factor > 0 && factor <= 10)) throw new Error('SEED_SCALE must be a number above 0, up to 10');
  const started = performance.now();
  report('filling the empty database');
  await client.query('BEGIN');
  await skipForeignKeyChecks(client);
  try {
    const rows = await seed(client, factor);
    await client.query('COMMIT');
    report(`wrote ${rows} rows in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function seed(client: ClientBase, factor: number): Promise<number> {
  const scale = scaleOf(factor);
  const products = makeProducts(contextFor('products', scale));
  const people = seedPeople(contextFor('people', scale));
  const sales = seedSales(contextFor('sales', scale), products, people.addressOf);
  const opinions = seedOpinions(contextFor('opinions', scale), products, sales.purchases);
  const images = await writeImages(client);
  const tables = [
    ...people.tables,
    ...seedCatalog(contextFor('catalog', scale), products, opinions.ratingOf, images),
    ...sales.tables,
    ...opinions.tables,
    ...seedBackOffice(contextFor('back office', scale)),
  ];
  let rows = images.length;
  for (const table of tables) rows += await table.write(client);
  await advanceSequences(client);
  return rows;
}

/**
 * Checking every reference takes as long as writing the rows. Where we may (only a superuser may), the checks are left
 * out for this transaction; a test makes sure that nothing points into the void.
 */
async function skipForeignKeyChecks(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ rolsuper: boolean }>(
    'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.rolsuper) await client.query('SET LOCAL session_replication_role = replica');
}

/** A few pictures that the products share. */
async function writeImages(client: ClientBase): Promise<string[]> {
  const hashes = [];
  for (let number = 0; number < 24; number++) {
    const data = patternPng(96, [120 + ((number * 37) % 130), 120 + ((number * 71) % 130), 140], 3 + number);
    const hash = createHash('sha256').update(data).digest('hex');
    await client.query(
      "INSERT INTO image_blobs (hash, content_type, size, data, created_at) VALUES ($1, 'image/png', $2, $3, '2024-01-15T08:00:00')",
      [hash, data.length, data],
    );
    hashes.push(hash);
  }
  return hashes;
}

/** New rows continue after the seeded ids. */
async function advanceSequences(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ table_name: string }>(`
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name = 'id' AND column_default LIKE 'nextval(%'`);
  for (const { table_name: table } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, 'id'), (SELECT coalesce(max(id), 1) FROM "${table}"))`,
      [`"${table}"`],
    );
  }
}
