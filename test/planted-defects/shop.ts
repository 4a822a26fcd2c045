import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { startEmbeddedDatabase } from '../../monolith/src/database/embedded.ts';
import { migrate, withStartLock } from '../../monolith/src/database/migrate.ts';
import { seedIfEmpty } from '../../monolith/src/seed/seed.ts';

const root = resolve(import.meta.dirname, '../..');

/** Cookies of people whose sessions the shop knows. */
export const SESSIONS = ['customer-one', 'customer-two'] as const;

/** The real monolith and the real reviews service, as two processes on one database: where most migrations start. */
export interface SampleShop {
  monolith: string;
  service: string;
  database: pg.Client;
  /** What the traffic may ask for. */
  products: { id: number; slug: string }[];
  reviews: number[];
  stop(): Promise<void>;
}

export async function startSampleShop(): Promise<SampleShop> {
  const folder = mkdtempSync(join(tmpdir(), 'planted-defects-'));
  // The server may run as another user.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedDatabase(folder, ['-c', 'fsync=off', '-c', 'shared_buffers=16MB']);
  await withStartLock(postgres.url, async (client) => {
    await migrate(postgres.url);
    process.env.SEED_SCALE = '0.01';
    await seedIfEmpty(client, () => undefined);
    for (const [index, session] of SESSIONS.entries()) {
      await client.query(
        `INSERT INTO "Session" (id, customer_id, expires_at) VALUES ($1, $2, now() + interval '1 day')`,
        [session, index + 1],
      );
    }
  });
  const children: ChildProcess[] = [];
  const start = async (script: string): Promise<string> => {
    const child = fork(join(root, script), {
      env: {
        ...process.env,
        DATABASE_URL: postgres.url,
        PORT: '0',
        REGISTRATION: 'off',
        DRAIN_DELAY_MS: '0',
      },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    return new Promise((done, fail) => {
      child.on('message', (message: { port: number }) => done(`http://127.0.0.1:${message.port}`));
      child.on('exit', (code) => fail(new Error(`${script} ended with ${code}`)));
    });
  };
  const [monolith, service] = await Promise.all([
    start('monolith/src/main.ts'),
    start('services/reviews/src/main.ts'),
  ]);
  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  const products = await database.query<{ id: number; slug: string }>(
    `SELECT p.id, p.slug FROM products p JOIN reviews r ON r.product_id = p.id AND r.status = 'PUBLISHED'
     GROUP BY p.id, p.slug ORDER BY count(*) DESC, p.id LIMIT 20`,
  );
  const reviews = await database.query<{ id: number }>(
    `SELECT id FROM reviews WHERE status = 'PUBLISHED' ORDER BY id LIMIT 100`,
  );
  return {
    monolith,
    service,
    database,
    products: products.rows,
    reviews: reviews.rows.map(({ id }) => id),
    async stop() {
      await database.end();
      await Promise.all(
        children.map((child) => {
          const ended = new Promise((done) => child.once('exit', done));
          child.kill('SIGTERM');
          return ended;
        }),
      );
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
