import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { isReachableByOthers, type ServerUser, serverBinaries, serverUser } from './postgres-binaries.ts';

const run = promisify(execFile);
const password = 'shop';

export interface EmbeddedDatabase {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server of our own on a free port of the loopback interface, with its data in `folder`.
 * The server ends with this process, however that ends.
 */
export async function startEmbeddedDatabase(folder: string, flags: string[] = []): Promise<EmbeddedDatabase> {
  const user = serverUser();
  const bin = join(serverBinaries(user), 'bin');
  const data = join(dataFolder(resolve(folder), user), 'postgres');
  await waitForPreviousServer(data);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(join(bin, 'initdb'), data, user);
  const port = await freePort();
  const child = await startServer(join(bin, 'postgres'), data, port, user, flags);
  const url = `postgresql://shop:${password}@127.0.0.1:${port}/shop`;
  await createDatabase(url);
  return { url, stop: () => stopServer(child) };
}

/** The folder itself, or, when the server's user can't get there, one in the temporary folder that belongs to it. */
function dataFolder(folder: string, user: ServerUser | undefined): string {
  const reachable = user === undefined || isReachableByOthers(folder);
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const chosen = reachable ? folder : join(tmpdir(), `shop-data-${name}`);
  mkdirSync(chosen, { recursive: true, mode: 0o755 });
  return chosen;
}

async function initialise(initdb: string, data: string, user: ServerUser | undefined): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  const secret = mkdtempSync(join(tmpdir(), 'shop-initdb-'));
  const passwordFile = join(secret, 'password');
  writeFileSync(passwordFile, password);
  if (user) for (const path of [data, secret, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    await run(
      initdb,
      [
        `--pgdata=${data}`,
        '--username=shop',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...user, cwd: tmpdir() },
    );
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
}

/** A server whose application was killed ends by itself within moments; one that is in use is left alone. */
async function waitForPreviousServer(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  for (let attempt = 0; existsSync(pidFile); attempt++) {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
    if (!isRunning(pid)) return;
    if (attempt === 50)
      throw new Error(`another server (process ${pid}) is using ${data}: stop it, or set DATABASE_URL`);
    await sleep(100);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Runs the server and ends it (fast shutdown) when standard input closes, as it does when the parent is gone. */
const guard = `exec 3<&0; "$@" </dev/null & server=$!; (cat <&3 >/dev/null; kill -INT $server) & wait $server`;

function startServer(
  postgres: string,
  data: string,
  port: number,
  user: ServerUser | undefined,
  flags: string[],
): Promise<ChildProcess> {
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'];
  args.push('-c', 'unix_socket_directories=', '-c', 'wal_level=logical', ...flags);
  const guarded = platform() !== 'win32';
  // Detached, so that Ctrl-C reaches the application alone, which then stops the server after its last query.
  const child = spawn(
    guarded ? '/bin/sh' : postgres,
    guarded ? ['-c', guard, 'sh', postgres, ...args] : args,
    { ...user, cwd: tmpdir(), detached: guarded, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  return new Promise((done, fail) => {
    let log = '';
    child.on('error', fail);
    child.on('exit', () => fail(new Error(`the embedded PostgreSQL did not start: ${log.trim()}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
      if (log.includes('ready to accept connections')) done(child);
    });
  });
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(/\/shop$/, '/postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'shop'");
    if (rowCount === 0) await client.query('CREATE DATABASE shop');
  } finally {
    await client.end();
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  if (platform() === 'win32') child.kill();
  else child.stdin?.end();
  await ended;
}

/** A port that nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? done(address.port) : fail(new Error('no port')),
      );
    });
  });
}
