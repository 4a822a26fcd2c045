import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { readJson, writeJsonAtomically } from '../folder/files.ts';
import { readOrCreateSecret } from '../folder/secret.ts';
import type { StateFolder } from '../folder/state-folder.ts';
import { exists } from '../process/identity.ts';
import { waitForLock } from '../process/lock.ts';
import { choosePort, portTaken } from '../process/ports.ts';
import { serverBinaries, serverUser } from './binaries.ts';
import { dataFolder, ensureCluster, SUPERUSER } from './cluster.ts';
import { runningServer } from './postmaster.ts';
import { keepRunning, startServer } from './server.ts';
import { holdPipe, type UserHold } from './users.ts';

/** The use of the embedded server by this process. The server runs as long as any process has one. */
export interface PostgresUse {
  port: number;
  /** The server's own process. */
  pid: number;
  /** `started`: it was not running; `joined`: another process uses it too, or left it behind. */
  how: 'started' | 'joined';
  /** The remembered port was taken by another program. */
  moved: boolean;
  url(database: string): string;
  /** The server still runs, as far as this machine knows. Cheap. */
  alive(): boolean;
  /** Ends the use. If it was the last one, waits until the server has stopped. */
  release(): Promise<void>;
}

export interface PostgresOptions {
  folder: StateFolder;
  /** A port that the user asked for, with the name of the setting. */
  asked?: { port: number; setting: string } | undefined;
  signal?: AbortSignal | undefined;
}

interface Remembered {
  port?: number;
  keeper?: number;
}

const LOCK_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 40_000;

/**
 * Starts the embedded PostgreSQL of a state folder, or joins it when it runs: one that other commands use, or one that was left
 * behind by kill -9 of everything. Loopback only, with a random password that only the folder's owner can read.
 * @throws StranglerError POSTGRES_… with what to do.
 */
export async function usePostgres(options: PostgresOptions): Promise<PostgresUse> {
  const { folder, signal } = options;
  const user = serverUser();
  const binaries = serverBinaries(user);
  const data = dataFolder(folder, user);
  const lock = await waitForLock(join(folder.run, 'postgres.lock'), LOCK_LIMIT_MS, signal);
  if (lock === undefined)
    throw new StranglerError('POSTGRES_BUSY', 'another command has been starting PostgreSQL for too long', {
      remedy: `look at ${join(folder.logs, 'postgres.log')}, then try again`,
    });
  let hold: UserHold | undefined;
  try {
    const password = readOrCreateSecret(folder.postgresPassword);
    await ensureCluster(data, binaries, user, password);
    hold = holdPipe(join(folder.run, 'postgres.users'));
    const remembered = readRemembered(folder);
    const joined = await joinRunning(data, password, signal);
    if (joined !== undefined) {
      let keeper = remembered.keeper ?? 0;
      if (!exists(keeper)) keeper = withKeeperEnd(hold, (users) => keepRunning(joined.pid, users, user));
      remember(folder, { port: joined.port, keeper });
      return useOf(data, password, { ...joined, keeper }, hold, 'joined', false);
    }
    for (let attempt = 0; ; attempt++) {
      const preferred = remembered.port;
      const { port, moved } = await choosePort({ host: '127.0.0.1', asked: options.asked, preferred });
      const users = hold.openForKeeper();
      const log = join(folder.logs, 'postgres.log');
      const outcome = await startServer({ binaries, data, port, user, log, users }).finally(() =>
        closeSync(users),
      );
      if (outcome === 'port-taken') {
        if (options.asked?.port === port) throw portTaken('127.0.0.1', port, options.asked.setting);
        continue;
      }
      if (outcome === 'still-ending') {
        if (attempt === 100) throw stuck(data);
        await sleep(100, undefined, signal && { signal });
        continue;
      }
      remember(folder, { port, keeper: outcome.keeper });
      const server = runningServer(data);
      if (server !== undefined)
        return useOf(data, password, { ...server, keeper: outcome.keeper }, hold, 'started', moved);
    }
  } catch (error) {
    hold?.release();
    throw error;
  } finally {
    lock.release();
  }
}

function withKeeperEnd<T>(hold: UserHold, work: (users: number) => T): T {
  const users = hold.openForKeeper();
  try {
    return work(users);
  } finally {
    closeSync(users);
  }
}

/** The running server once it takes connections; undefined: none runs any more. */
async function joinRunning(
  data: string,
  password: string,
  signal: AbortSignal | undefined,
): Promise<{ pid: number; port: number } | undefined> {
  const end = performance.now() + STOP_LIMIT_MS;
  for (;;) {
    const server = runningServer(data);
    if (server === undefined) return undefined;
    if (server.status === 'ready' && (await answers(server.port, password))) return server;
    if (performance.now() > end) throw stuck(data, server.pid);
    await sleep(50, undefined, signal && { signal });
  }
}

function stuck(data: string, pid?: number): StranglerError {
  const who = pid === undefined ? 'processes of a PostgreSQL server' : `a PostgreSQL server (process ${pid})`;
  return new StranglerError('POSTGRES_STUCK', `${who} hold ${data} and take no connections`, {
    remedy: pid === undefined ? 'end what ps shows as postgres with that folder' : `end it: kill -INT ${pid}`,
  });
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 3000,
  });
  // A server that is just stopping ends the connection from its side.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function useOf(
  data: string,
  password: string,
  server: { pid: number; port: number; keeper: number },
  hold: UserHold,
  how: PostgresUse['how'],
  moved: boolean,
): PostgresUse {
  const { pid, port, keeper } = server;
  const left = () => exists(pid) || exists(keeper) || runningServer(data)?.pid === pid;
  return {
    port,
    pid,
    how,
    moved,
    url: (database) =>
      `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    alive: () => exists(pid),
    async release() {
      if (!hold.release()) return;
      const end = performance.now() + STOP_LIMIT_MS;
      while (left() && performance.now() < end) await sleep(20);
    },
  };
}

function readRemembered(folder: StateFolder): Remembered {
  const content = readJson(join(folder.run, 'postgres.json'));
  if (typeof content !== 'object' || content === null) return {};
  const { port, keeper } = content as Record<string, unknown>;
  return {
    ...(typeof port === 'number' ? { port } : {}),
    ...(typeof keeper === 'number' ? { keeper } : {}),
  };
}

function remember(folder: StateFolder, content: Remembered): void {
  writeJsonAtomically(join(folder.run, 'postgres.json'), content);
}
