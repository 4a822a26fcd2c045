import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRecorder } from './cloud-map-recorder.ts';
import { openShopDatabase, type TestDatabase } from './shop.ts';

const main = join(import.meta.dirname, '../src/main.ts');
let database: TestDatabase;
let cloudMap: Awaited<ReturnType<typeof startRecorder>>;

beforeAll(async () => {
  database = await openShopDatabase();
  cloudMap = await startRecorder();
});

afterAll(async () => {
  await cloudMap?.stop();
  await database?.stop();
});

async function start(instance: string, more: Record<string, string> = {}) {
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    PORT: '0',
    INSTANCE_ID: instance,
    CLOUD_MAP_ENDPOINT: cloudMap.endpoint,
    SERVICE_VERSION: '3.1',
    DRAIN_DELAY_MS: '400',
    ...more,
  };
  const child: ChildProcess = fork(main, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { child, port: message.port, url: `http://127.0.0.1:${message.port}` };
}

it('is found under its own port, leaves first, serves on for a while, then ends', async () => {
  const { child, port, url } = await start('one');
  await cloudMap.until(() => cloudMap.health.get('one') === 'HEALTHY');
  expect(cloudMap.instances.get('one')).toMatchObject({ AWS_INSTANCE_PORT: String(port), version: '3.1' });
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await cloudMap.until(() => !cloudMap.instances.has('one'));
  expect((await fetch(`${url}/api/reviews/1`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect(await ended).toEqual([0, null]);
});

it('ends, and is no longer found, when its supervisor is gone', async () => {
  const { child } = await start('two');
  await cloudMap.until(() => cloudMap.instances.has('two'));
  const ended = once(child, 'exit');
  child.disconnect();
  expect(await ended).toEqual([0, null]);
  expect(cloudMap.instances.has('two')).toBe(false);
});

it('serves without a registration when Cloud Map is away, and ends all the same', async () => {
  const { child, url } = await start('three', { CLOUD_MAP_ENDPOINT: 'http://127.0.0.1:1' });
  expect((await fetch(`${url}/api/reviews/1`)).status).toBe(200);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it('says in one line what is wrong with its settings', async () => {
  const child = spawn(process.execPath, [main], { env: { ...process.env, DATABASE_URL: '' } });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(complaint).toBe('reviews: DATABASE_URL is not set: it names the PostgreSQL database of the shop\n');
});
