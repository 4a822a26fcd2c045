import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { isPortFree } from '../process/ports.ts';
import type { ServerUser } from './binaries.ts';
import { serverEnvironment } from './cluster.ts';
import { runningServer } from './postmaster.ts';

/** `$1` to `$n`: the server. Fast shutdown when standard input ends; immediate shutdown if that takes half a minute. */
const KEEP_SERVER = `
exec 3<&0 </dev/null
"$@" 3<&- & server=$!
(
  read -r line <&3
  kill -INT $server
  n=0
  while [ $n -lt 300 ] && kill -0 $server 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
  kill -0 $server 2>/dev/null && kill -QUIT $server
) >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait $server; status=$?
kill $watcher 2>/dev/null
exit $status
`;

/** The same for a server that runs already and whose keeper is gone. `$1`: its process. */
const KEEP_RUNNING = `read -r line; kill -INT $1 2>/dev/null`;

export interface ServerStart {
  binaries: string;
  data: string;
  port: number;
  user: ServerUser | undefined;
  log: string;
  /** Read end of the users' pipe. */
  users: number;
}

/** Longest wait for a server to take connections: recovery after a crash can take this long. Milliseconds. */
const START_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Starts the server below its keeper, both independent of this process.
 * @returns the keeper's process; `port-taken` when another program was quicker; `still-ending` when processes of a killed server
 * have not noticed yet that they are alone.
 * @throws StranglerError POSTGRES_START_FAILED with the last lines of its log.
 */
export async function startServer(
  start: ServerStart,
): Promise<{ keeper: number } | 'port-taken' | 'still-ending'> {
  const { binaries, data, port, user, log } = start;
  rotate(log);
  const logFile = openSync(log, 'a', 0o600);
  const begin = statSync(log).size;
  let keeper: ChildProcess;
  try {
    keeper = spawn(
      '/bin/sh',
      ['-c', KEEP_SERVER, 'strangler-keeper', join(binaries, 'postgres'), '-D', data, ...settings(port)],
      {
        ...user,
        cwd: tmpdir(),
        env: serverEnvironment(),
        detached: true,
        stdio: [start.users, logFile, logFile],
      },
    );
  } finally {
    closeSync(logFile);
  }
  keeper.unref();
  let failed: string | undefined;
  keeper.once('error', (error) => {
    failed = error.message;
  });
  keeper.once('exit', (code, signal) => {
    failed = `it ended with ${signal ?? `code ${code}`}`;
  });
  const end = performance.now() + START_LIMIT_MS;
  while (failed === undefined && performance.now() < end) {
    const server = runningServer(data);
    if (server?.status === 'ready' && server.port === port) {
      keeper.removeAllListeners();
      return { keeper: keeper.pid ?? 0 };
    }
    await sleep(20);
  }
  const said = readFileSync(log, 'utf8').slice(begin).trim();
  if (/could not bind|Address already in use/.test(said) && !(await isPortFree('127.0.0.1', port)))
    return 'port-taken';
  if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(said))
    return 'still-ending';
  throw new StranglerError(
    'POSTGRES_START_FAILED',
    `the embedded PostgreSQL did not start: ${failed ?? `not ready after ${START_LIMIT_MS / 1000} s`}${said ? `\n${lastLines(said, 6)}` : ''}`,
    { remedy: `its log is ${log}` },
  );
}

/** Gives a server that has lost its keeper a new one. */
export function keepRunning(pid: number, users: number, user: ServerUser | undefined): number {
  const keeper = spawn('/bin/sh', ['-c', KEEP_RUNNING, 'strangler-keeper', String(pid)], {
    ...user,
    cwd: tmpdir(),
    env: serverEnvironment(),
    detached: true,
    stdio: [users, 'ignore', 'ignore'],
  });
  keeper.unref();
  return keeper.pid ?? 0;
}

function settings(port: number): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    max_connections: 200,
    max_replication_slots: 32,
    max_wal_senders: 32,
    max_logical_replication_workers: 16,
    max_worker_processes: 32,
    // A statement that fails is its client's affair: only what the server itself has to say is kept.
    log_min_messages: 'log',
    log_checkpoints: 'off',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function rotate(log: string): void {
  try {
    if (statSync(log).size > LOG_LIMIT_BYTES) renameSync(log, `${log}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}
