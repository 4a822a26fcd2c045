import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exists, identityOf, isRunning } from '../../cli/local-stack/process/identity.ts';
import { lockHolder, tryLock, waitForLock } from '../../cli/local-stack/process/lock.ts';
import { temporaryFolder } from './temporary-folder.ts';

const lockFile = () => join(temporaryFolder(), 'dev.lock');

it('is held by one at a time and names its holder', () => {
  const path = lockFile();
  const lock = tryLock(path);
  expect(lock).toBeDefined();
  expect(tryLock(path)).toBeUndefined();
  expect(lockHolder(path)?.pid).toBe(process.pid);
  lock?.release();
  expect(lockHolder(path)).toBeUndefined();
  expect(tryLock(path)).toBeDefined();
});

it('is free again when its holder was killed', async () => {
  const path = lockFile();
  const child = spawn('sleep', ['30']);
  writeFileSync(path, JSON.stringify(identityOf(child.pid!)));
  expect(tryLock(path)).toBeUndefined();
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
  expect(tryLock(path)).toBeDefined();
});

it('is free when another process got the number of its holder', () => {
  const path = lockFile();
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago' }));
  expect(tryLock(path)).toBeDefined();
});

it('takes a file that a crash left half-written for nobody’s', () => {
  const path = lockFile();
  writeFileSync(path, '{"pi');
  expect(tryLock(path)).toBeDefined();
});

it('is not released by one who lost it', () => {
  const path = lockFile();
  const lock = tryLock(path);
  writeFileSync(path, JSON.stringify(identityOf(process.ppid)));
  lock?.release();
  expect(lockHolder(path)?.pid).toBe(process.ppid);
});

it('leaves nothing beside the lock', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'x.lock');
  const lock = tryLock(path);
  tryLock(path);
  expect(readdirSync(folder)).toEqual(['x.lock']);
  lock?.release();
  expect(readdirSync(folder)).toEqual([]);
});

it('can be waited for, for a bounded time', async () => {
  const path = lockFile();
  const lock = tryLock(path);
  expect(await waitForLock(path, 60)).toBeUndefined();
  setTimeout(() => lock?.release(), 50);
  expect(await waitForLock(path, 10_000)).toBeDefined();
});

it('tells a process from another one with its number', () => {
  const self = identityOf(process.pid);
  expect(isRunning(self)).toBe(true);
  if (process.platform === 'linux') expect(isRunning({ ...self, started: '1' })).toBe(false);
  expect(exists(2 ** 30)).toBe(false);
  expect(exists(Number.NaN)).toBe(false);
});
