import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { readText, writeFileAtomically } from '../folder/files.ts';
import type { StateFolder } from '../folder/state-folder.ts';
import { isReachableByOthers, type ServerUser, SHARED_FOLDER } from './binaries.ts';

export const SUPERUSER = 'strangler';

/** Major version of the server that the toolkit brings. Its data folders are unreadable for others. */
const MAJOR = '18';

/**
 * Where the server's data are: in the state folder, or, when root keeps that where the server's user cannot get, in a folder of
 * its own. The state folder names it, so that a new state folder in the same place never finds the data of the one before.
 */
export function dataFolder(folder: StateFolder, user: ServerUser | undefined): string {
  if (user === undefined || isReachableByOthers(folder.path)) return join(folder.path, 'postgres');
  const marker = join(folder.path, 'postgres-home');
  let name = readText(marker)?.trim() ?? '';
  if (!/^[0-9a-f]{16}$/.test(name)) {
    name = randomBytes(8).toString('hex');
    writeFileAtomically(marker, `${name}\n`);
  }
  const home = join(SHARED_FOLDER, `data-${name}`);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return join(home, 'postgres');
}

/**
 * Makes the data folder unless it is there. It appears as a whole: what an interrupted attempt left is thrown away.
 * @throws StranglerError STATE_FOLDER_VERSION when another major version of PostgreSQL made it.
 */
export async function ensureCluster(
  data: string,
  binaries: string,
  user: ServerUser | undefined,
  password: string,
): Promise<'made' | 'found'> {
  const version = readText(join(data, 'PG_VERSION'))?.trim();
  if (version !== undefined) {
    if (version === MAJOR) return 'found';
    throw new StranglerError(
      'STATE_FOLDER_VERSION',
      `the data in ${data} are of PostgreSQL ${version}, this version of strangler brings PostgreSQL ${MAJOR}`,
      { remedy: 'use the version of strangler that wrote them, or move the state folder away to begin anew' },
    );
  }
  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  // The password goes by a file that only the server's user can read: arguments are visible to everybody.
  const secret = mkdtempSync(join(tmpdir(), 'strangler-initdb-'));
  const passwordFile = join(secret, 'password');
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user) for (const path of [draft, secret, passwordFile]) chownSync(path, user.uid, user.gid);
    await promisify(execFile)(
      join(binaries, 'initdb'),
      [
        `--pgdata=${draft}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
      { ...user, cwd: tmpdir(), env: serverEnvironment() },
    );
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new StranglerError(
      'POSTGRES_INIT_FAILED',
      `the embedded PostgreSQL could not make ${basename(data)} in ${data}: ${(stderr ?? String(cause)).trim().split('\n').slice(-3).join(' ')}`,
      { remedy: 'check that the disk has room and that the folder can be written', cause },
    );
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
  if (existsSync(data)) rmSync(data, { recursive: true });
  renameSync(draft, data);
  return 'made';
}

/** Nothing of the user's environment may reach the server: PGDATA, PGPORT or a language would change what it does. */
export function serverEnvironment(): Record<string, string | undefined> {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}
