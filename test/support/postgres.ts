import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type ServerUser, serverBinaries, serverUser } from '../../cli/local-stack/postgres/binaries.ts';

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
 * Starts in about half a second, as root and in a private folder too. Call `stop` in `afterAll`.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-test-pg-'));
  const data = join(folder, 'data');
  const user = serverUser();
  const binaries = serverBinaries(user);
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (user) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  await promisify(execFile)(
    join(binaries, 'initdb'),
    [`--pgdata=${data}`, '--username=postgres', `--pwfile=${passwordFile}`, ...INITDB_FLAGS],
    { ...user, cwd: tmpdir() },
  );
  let { server, port } = await startOnFreePort(binaries, data, user);
  const urlOf = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    url: urlOf('postgres'),
    createDatabase: async () => {
      databases += 1;
      const name = `test_${databases}`;
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return urlOf(name);
    },
    restart: async (whileDown) => {
      await stopServer(server);
      await whileDown?.();
      server = await startServer(binaries, data, port, user);
    },
    stop: async () => {
      await stopServer(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const INITDB_FLAGS = ['--auth=scram-sha-256', '--no-sync', '--encoding=UTF8', '--locale=C'];

/** `invalid_password` of PostgreSQL's error codes. */
const WRONG_PASSWORD = '28P01';

const FLAGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'wal_level=logical',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=16MB',
];

async function startOnFreePort(
  binaries: string,
  data: string,
  user: ServerUser | undefined,
): Promise<{ server: ChildProcess; port: number }> {
  // Between asking for a free port and using it another test may take it.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { server: await startServer(binaries, data, port, user), port };
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** Resolves when the server takes connections; rejects with what it said when it ends before. */
async function startServer(
  binaries: string,
  data: string,
  port: number,
  user: ServerUser | undefined,
): Promise<ChildProcess> {
  const flags = [...FLAGS, `port=${port}`].flatMap((flag) => ['-c', flag]);
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...flags], {
    ...user,
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let ended = false;
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  server.once('error', (error) => {
    said += error.message;
    ended = true;
  });
  server.once('exit', () => {
    ended = true;
  });
  while (!ended) {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'none',
      database: 'postgres',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
    } catch (error) {
      // Refusing a password, it takes connections.
      if ((error as { code?: string }).code === WRONG_PASSWORD) return server;
      await sleep(25);
    }
  }
  throw new Error(`PostgreSQL did not start: ${said}`);
}

/** Fast shutdown: clients are disconnected, nothing is lost. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await gone;
}

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
