import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isReachableByOthers } from '../src/database/postgres-binaries.ts';
import { openDatabase } from './shop.ts';

const main = join(import.meta.dirname, '../src/main.ts');
let database: Awaited<ReturnType<typeof openDatabase>>;

beforeAll(async () => {
  database = await openDatabase();
});

afterAll(() => database?.close());

function environment(more: Record<string, string> = {}) {
  return { ...process.env, DATABASE_URL: database.url, SEED_SCALE: '0.01', PORT: '0', ...more };
}

/** Starts the shop as a supervisor would, and waits until it listens. */
async function start() {
  const child = fork(main, { env: environment(), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ type: string; port: number }];
  return { child, url: `http://127.0.0.1:${message.port}` };
}

/** How a process ended and what it complained about. */
async function ending(child: ChildProcess): Promise<{ code: number | null; complaint: string }> {
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, complaint };
}

it('starts twice at the same time on an empty database: one fills it, both serve', async () => {
  const shops = await Promise.all([start(), start()]);
  for (const { url } of shops) expect((await fetch(`${url}/products`)).status).toBe(200);
  // One ends by a signal, with a stream open, the other one because its supervisor is gone.
  const [first, second] = shops as [(typeof shops)[0], (typeof shops)[0]];
  const login = await fetch(`${first.url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@example.com', password: 'letmein-staff' }),
  });
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const stream = await fetch(`${first.url}/orders/1/events`, { headers: { cookie } });
  expect(stream.status).toBe(200);
  // Node emits no `close` for a child whose channel its parent has closed.
  const ended = Promise.all(shops.map(({ child }) => once(child, 'exit')));
  first.child.kill('SIGTERM');
  second.child.disconnect();
  expect((await ended).map(([code]) => code)).toEqual([0, 0]);
  expect(await stream.text()).toContain('event: paid');
});

it('says in one line that the port is taken', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const result = await ending(spawn(process.execPath, [main], { env: environment({ PORT: String(port) }) }));
  holder.close();
  expect(result).toEqual({
    code: 1,
    complaint: `monolith: port ${port} is taken: set PORT to another one, or to 0 for any\n`,
  });
});

it.each([
  [
    'an unreachable database',
    { DATABASE_URL: 'postgresql://shop:x@127.0.0.1:1/shop' },
    /^monolith: can't use the database of DATABASE_URL: .*\n$/,
  ],
  [
    'a wrong password',
    { DATABASE_URL: 'WRONG' },
    /^monolith: can't use the database of DATABASE_URL: .*password.*\n$/,
  ],
  ['a port that is none', { PORT: 'http' }, /^monolith: PORT must be a number.*\n$/],
])('says in one line what is wrong with %s', async (_name, more, line) => {
  const env = environment(more);
  if (env.DATABASE_URL === 'WRONG') env.DATABASE_URL = database.url.replace('shop:shop@', 'shop:wrong@');
  const result = await ending(spawn(process.execPath, [main], { env }));
  expect(result.code).toBe(1);
  expect(result.complaint).toMatch(line);
});

it('knows which folders the user of the database server gets to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shop-private-'));
  expect(isReachableByOthers(join(folder, 'data'))).toBe(false);
  chmodSync(folder, 0o755);
  expect(isReachableByOthers(join(folder, 'data'))).toBe(true);
  rmSync(folder, { recursive: true });
});
