import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openStateFolder, type StateFolder } from '../../cli/local-stack/folder/state-folder.ts';
import { ensureDatabase } from '../../cli/local-stack/postgres/database.ts';
import { type PostgresUse, usePostgres } from '../../cli/local-stack/postgres/embedded.ts';
import { keepPostgres } from '../../cli/local-stack/postgres/kept.ts';
import { exists } from '../../cli/local-stack/process/identity.ts';
import { eventually, temporaryFolder } from './temporary-folder.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

const newFolder = (): StateFolder => openStateFolder(join(temporaryFolder(), '.strangler'), '1.0.0');

async function use(folder: StateFolder): Promise<PostgresUse> {
  const made = await usePostgres({ folder });
  onTestFinished(() => made.release());
  return made;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

/** Another process that uses the server until it is killed. */
async function otherUser(
  folder: StateFolder,
): Promise<{ child: ChildProcess; server: number; port: number }> {
  const script = join(folder.run, 'user.ts');
  const stack = join(import.meta.dirname, '../../cli/local-stack');
  writeFileSync(
    script,
    `import { openStateFolder } from ${JSON.stringify(join(stack, 'folder/state-folder.ts'))};
     import { usePostgres } from ${JSON.stringify(join(stack, 'postgres/embedded.ts'))};
     const use = await usePostgres({ folder: openStateFolder(process.argv[2], '1.0.0') });
     console.log(JSON.stringify({ server: use.pid, port: use.port }));
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [script, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await new Promise<Buffer>((done) => child.stdout.once('data', done));
  return { child, ...(JSON.parse(said.toString()) as { server: number; port: number }) };
}

it('starts, is shared, and stops with its last user; data, port and password stay', async () => {
  const folder = newFolder();
  const first = await use(folder);
  expect(first.how).toBe('started');
  expect(await ensureDatabase(first.url('postgres'), 'shop "old"')).toBe('made');
  expect(await ensureDatabase(first.url('postgres'), 'shop "old"')).toBe('found');
  await ask(first.url('shop "old"'), 'CREATE TABLE kept AS SELECT 42 AS n');
  expect(await ask(first.url('postgres'), 'SHOW wal_level')).toBe('logical');
  expect(await ask(first.url('postgres'), 'SHOW listen_addresses')).toBe('127.0.0.1');

  const second = await use(folder);
  expect([second.how, second.pid]).toEqual(['joined', first.pid]);
  await first.release();
  expect(exists(first.pid)).toBe(true);
  await second.release();
  expect(exists(first.pid)).toBe(false);

  const third = await use(folder);
  expect([third.how, third.port, third.moved]).toEqual(['started', first.port, false]);
  expect(await ask(third.url('shop "old"'), 'SELECT n FROM kept')).toBe(42);
});

it('keeps its password out of the process list and the folder’s readers', async () => {
  const folder = newFolder();
  const server = await use(folder);
  const password = new URL(server.url('postgres')).password;
  expect(password.length).toBeGreaterThan(30);
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(password);
  expect(statSync(folder.postgresPassword).mode & 0o077).toBe(0);
  await expect(ask(server.url('postgres').replace(password, 'wrong'), 'SELECT 1')).rejects.toThrow(
    /password authentication failed/,
  );
});

it('ends when its only user is killed', async () => {
  const folder = newFolder();
  const { child, server } = await otherUser(folder);
  expect(exists(server)).toBe(true);
  child.kill('SIGKILL');
  await eventually(() => !exists(server));
});

it('goes on when its starter is killed while another uses it', async () => {
  const folder = newFolder();
  const { child, server } = await otherUser(folder);
  const mine = await use(folder);
  expect([mine.how, mine.pid]).toEqual(['joined', server]);
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
  expect(await ask(mine.url('postgres'), 'SELECT 1')).toBe(1);
  await mine.release();
  expect(exists(server)).toBe(false);
});

it('is adopted, and kept again, when everything around it was killed', async () => {
  const folder = newFolder();
  const { child, server } = await otherUser(folder);
  const args = execFileSync('ps', ['-eo', 'pid=,pgid=,args='], { encoding: 'utf8' }).split('\n');
  const keepers = args
    .filter((line) => line.includes('strangler-keeper') && line.includes(folder.path))
    .map((line) => Number(line.trim().split(/\s+/)[0]));
  expect(keepers.length).toBeGreaterThan(0);
  for (const keeper of keepers) process.kill(keeper, 'SIGKILL');
  child.kill('SIGKILL');
  const adopted = await use(folder);
  expect([adopted.how, adopted.pid]).toEqual(['joined', server]);
  await adopted.release();
  expect(exists(server)).toBe(false);
});

it('starts once, however many want it at the same time', async () => {
  const folder = newFolder();
  const all = await Promise.all([1, 2, 3].map(() => use(folder)));
  expect(all.filter(({ how }) => how === 'started')).toHaveLength(1);
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
});

it('comes back on the same port when it crashes under a long-running user', async () => {
  const folder = newFolder();
  const first = await usePostgres({ folder });
  const lost: number[] = [];
  const kept = keepPostgres(first, {
    folder,
    onLost: (pause) => lost.push(pause),
    onBack: () => undefined,
    onProblem: () => undefined,
  });
  onTestFinished(() => kept.release());
  process.kill(first.pid, 'SIGKILL');
  await eventually(() => kept.current().pid !== first.pid);
  expect(lost.length).toBeGreaterThan(0);
  expect(kept.current().port).toBe(first.port);
  expect(await ask(first.url('postgres'), 'SELECT 1')).toBe(1);
});

it('refuses data of another major version of PostgreSQL', async () => {
  const folder = newFolder();
  const server = await use(folder);
  const data = String(await ask(server.url('postgres'), 'SHOW data_directory'));
  await server.release();
  writeFileSync(join(data, 'PG_VERSION'), '17\n');
  await expect(usePostgres({ folder })).rejects.toMatchObject({
    code: 'STATE_FOLDER_VERSION',
    message: expect.stringContaining('PostgreSQL 17'),
  });
});
