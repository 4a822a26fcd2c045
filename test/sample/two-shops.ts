import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { startEmbeddedDatabase } from '../../monolith/src/database/embedded.ts';
import { migrate, withStartLock } from '../../monolith/src/database/migrate.ts';
import { seedIfEmpty } from '../../monolith/src/seed/seed.ts';

const root = resolve(import.meta.dirname, '../..');

export interface Shop {
  port: number;
  database: pg.Client;
}

export interface TwoShops {
  monolith: Shop;
  service: Shop;
  stop(): Promise<void>;
}

/** Cookies of people whose sessions both shops know. */
export const sessions = {
  author: 'author-session',
  reader: 'reader-session',
  moderator: 'moderator-session',
  expired: 'expired-session',
};

/** The monolith and the reviews service, each on a database of its own with the same content. */
export async function startTwoShops(): Promise<TwoShops> {
  const folder = mkdtempSync(join(tmpdir(), 'two-shops-'));
  // The server may run as another user.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedDatabase(folder, ['-c', 'fsync=off', '-c', 'shared_buffers=16MB']);
  await withStartLock(postgres.url, async (client) => {
    await migrate(postgres.url);
    process.env.SEED_SCALE = '0.01';
    await seedIfEmpty(client, () => undefined);
    await openSessions(client);
  });
  await copyDatabase(postgres.url);

  const children: ChildProcess[] = [];
  const start = async (script: string, databaseUrl: string): Promise<Shop> => {
    const child = fork(join(root, script), {
      env: { ...process.env, DATABASE_URL: databaseUrl, PORT: '0', REGISTRATION: 'off', DRAIN_DELAY_MS: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    const port = await new Promise<number>((done, fail) => {
      child.on('message', (message: { type: string; port: number }) => done(message.port));
      child.on('exit', (code) => fail(new Error(`${script} ended with ${code}`)));
    });
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    return { port, database };
  };
  const [monolith, service] = await Promise.all([
    start('monolith/src/main.ts', postgres.url),
    start('services/reviews/service/main.ts', urlOf(postgres.url, 'copy')),
  ]);
  return {
    monolith,
    service,
    stop: async () => {
      await Promise.all([monolith.database.end(), service.database.end()]);
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

function urlOf(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

async function copyDatabase(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: urlOf(url, 'postgres') });
  await admin.connect();
  await admin.query('CREATE DATABASE copy TEMPLATE shop');
  await admin.end();
}

async function openSessions(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ id: number }>("SELECT id FROM customers WHERE role = 'STAFF'");
  const people = [
    [sessions.author, 1],
    [sessions.reader, 2],
    [sessions.moderator, rows[0]?.id],
  ];
  for (const [sid, customer] of people) {
    await client.query(
      `INSERT INTO "Session" (id, customer_id, expires_at) VALUES ($1, $2, now() + interval '1 day')`,
      [sid, customer],
    );
  }
  await client.query(
    `INSERT INTO "Session" (id, customer_id, expires_at) VALUES ($1, 1, now() - interval '1 day')`,
    [sessions.expired],
  );
}
