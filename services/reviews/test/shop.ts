import { readFileSync } from 'node:fs';
import pg from 'pg';
import { startTestPostgres } from '../../../test/support/postgres.ts';

export interface TestDatabase {
  url: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  postgres: Awaited<ReturnType<typeof startTestPostgres>>;
  stop(): Promise<void>;
}

/** The shop's tables with a product, three customers who are logged in, and a review. */
export async function openShopDatabase(): Promise<TestDatabase> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  process.env.DATABASE_URL = url;
  process.env.LOG_LEVEL = 'silent';
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  // A test may stop the server.
  pool.on('error', () => undefined);
  await pool.query(readFileSync(new URL('shop-tables.sql', import.meta.url), 'utf8'));
  await pool.query(`
    INSERT INTO customers (email, first_name, last_name, role) VALUES
      ('ada@example.com', 'Ada', 'Albers', 'CUSTOMER'), ('ben@example.com', 'Ben', 'Brandt', 'CUSTOMER'),
      ('mo@example.com', 'Mo', 'Möller', 'STAFF');
    INSERT INTO "Session" (id, customer_id, expires_at) VALUES
      ('ada', 1, now() + interval '1 day'), ('ben', 2, now() + interval '1 day'), ('mo', 3, now() + interval '1 day'),
      ('late', 1, now() - interval '1 second');
    INSERT INTO products (slug, name, price, updated_at) VALUES ('blue-mug', 'Blue Mug', 9.9, now()), ('red-mug', 'Red Mug', 8, now());
    INSERT INTO orders (customer_id, status) VALUES (2, 'PAID');
    INSERT INTO order_items (order_id, product_id) VALUES (1, 1);
    INSERT INTO reviews (product_id, customer_id, rating, title, body, status, updated_at)
      VALUES (1, 1, 4, 'Good & blue', 'I like this mug very much.', 'PUBLISHED', now());`);
  return {
    url,
    postgres,
    query: async (sql, values) => (await pool.query<Record<string, unknown>>(sql, values)).rows,
    stop: async () => {
      await pool.end();
      await postgres.stop();
    },
  };
}
