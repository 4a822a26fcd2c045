import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { migrate, withStartLock } from '../src/database/migrate.ts';
import { seedIfEmpty } from '../src/seed/seed.ts';

export interface TestShop {
  app: FastifyInstance;
  /** Of the server that listens, for what needs a real connection. */
  url: string;
  databaseUrl: string;
  /** A browser: keeps its cookies. */
  browser(): ReturnType<typeof supertest.agent>;
  /** A browser that has logged in. */
  login(email: string): Promise<ReturnType<typeof supertest.agent>>;
  stop(): Promise<void>;
}

/** A PostgreSQL for one test file, gone afterwards. */
export async function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'shop-test-'));
  // The server may run as another user.
  chmodSync(folder, 0o755);
  const database = await startEmbeddedDatabase(folder, ['-c', 'fsync=off', '-c', 'shared_buffers=16MB']);
  return {
    url: database.url,
    close: async () => {
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A small shop, a hundredth of the real one, on a PostgreSQL of its own. */
export async function openShop(): Promise<TestShop> {
  const database = await openDatabase();
  const databaseUrl = database.url;
  process.env.DATABASE_URL = databaseUrl;
  process.env.SEED_SCALE = '0.01';
  process.env.LOG_LEVEL = 'fatal';
  await withStartLock(databaseUrl, async (client) => {
    await migrate(databaseUrl);
    await seedIfEmpty(client, () => undefined);
  });
  const { buildApp } = await import('../src/app.ts');
  const app = await buildApp();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const browser = () => supertest.agent(url);
  return {
    app,
    url,
    databaseUrl,
    browser,
    login: async (email) => {
      const agent = browser();
      const password = email.startsWith('customer') ? 'letmein' : 'letmein-staff';
      await agent.post('/api/login').send({ email, password }).expect(200);
      return agent;
    },
    stop: async () => {
      await app.close();
      await database.close();
    },
  };
}

/** The token of the forms on a page. */
export function tokenOf(html: string): string {
  const token = /name="_csrf" value="([^"]+)"/.exec(html)?.[1];
  if (!token) throw new Error('the page has no form');
  return token;
}
