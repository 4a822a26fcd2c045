import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
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
  const start = async (folder: string): Promise<string> => {
    const port = await freePort();
    const script = join(root, folder, entryOf(folder));
    const child = fork(script, {
      env: {
        ...process.env,
        DATABASE_URL: postgres.url,
        PORT: String(port),
        REGISTRATION: 'off',
        DRAIN_DELAY_MS: '0',
      },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    await Promise.race([
      listening(port),
      new Promise((_, fail) => child.once('exit', (code) => fail(new Error(`${script} ended with ${code}`)))),
    ]);
    return `http://127.0.0.1:${port}`;
  };
  const [monolith, service] = await Promise.all([start('monolith'), start('services/reviews')]);
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

/** What `npm start` of a package runs: how its files are laid out is its own business. */
function entryOf(folder: string): string {
  const { scripts } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    scripts?: { start?: string };
  };
  const script = /^node (?:\S+ )*?(\S+\.[cm]?[jt]s)$/.exec(scripts?.start ?? '')?.[1];
  if (script === undefined) throw new Error(`${folder}/package.json has no "start" of the form "node FILE"`);
  return script;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Resolves once something accepts connections there, or rejects after a minute. */
async function listening(port: number): Promise<void> {
  for (const until = Date.now() + 60_000; ; ) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > until) throw new Error(`nothing listens on port ${port}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
