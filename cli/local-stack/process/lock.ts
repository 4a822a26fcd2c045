import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson } from '../folder/files.ts';
import { identityOf, isRunning, type ProcessIdentity } from './identity.ts';

export interface ProcessLock {
  release(): void;
}

/**
 * Takes a lock that is a file naming its holder. It holds between processes and is free again when its holder is gone, however
 * that ended. Undefined: another living process holds it.
 */
export function tryLock(path: string): ProcessLock | undefined {
  const mine = JSON.stringify({ ...identityOf(process.pid), key: randomBytes(8).toString('hex') });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, mine, { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link appears with its whole content, and only if the name is free.
      if (linked(draft, path)) return { release: () => removeIf(path, mine) };
      const holder = lockHolder(path);
      if (holder !== undefined && isRunning(holder)) return undefined;
      breakStale(path);
    }
    return undefined;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Waits for the lock, at most `limitMs`. Undefined: it was held all the time.
 */
export async function waitForLock(
  path: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<ProcessLock | undefined> {
  const end = performance.now() + limitMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined || performance.now() >= end) return lock;
    await sleep(40, undefined, signal && { signal });
  }
}

/** Who holds the lock; undefined: nobody. */
export function lockHolder(path: string): ProcessIdentity | undefined {
  const content = readJson(path) as { pid?: unknown; started?: unknown } | undefined;
  if (typeof content?.pid !== 'number') return undefined;
  return { pid: content.pid, started: typeof content.started === 'string' ? content.started : undefined };
}

/** Moves a dead holder's file away. If a living one's was caught, because it was taken just now, it is put back. */
function breakStale(path: string): void {
  const aside = `${path}.stale.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = lockHolder(aside);
  if (holder !== undefined && isRunning(holder)) linked(aside, path);
  rmSync(aside, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeIf(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) rmSync(path, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
