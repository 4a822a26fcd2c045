/** What lies in the folder of a service before a carve writes there. Reads only, and never through links. */

import { isUtf8 } from 'node:buffer';
import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { digestOf } from './digest.ts';
import { MANIFEST_FILE, type Manifest, ORIGINALS_FILE, parseManifest } from './manifest.ts';
import { unpackOriginals } from './originals.ts';
import type { FoundFile } from './reconcile.ts';

export interface Target {
  /** Absolute, with the links of its parents resolved. */
  dir: string;
  /** `new`: nothing is there, or an empty folder. `ours`: a carve wrote it. */
  state: 'new' | 'ours';
  before: Manifest | undefined;
  beforeText: string | undefined;
  originalsText: string | undefined;
  originals: Map<string, string>;
}

/** Names that say nothing of an owner: a folder with only these counts as empty. */
const INSIGNIFICANT = new Set(['.DS_Store', '.gitkeep', '.keep']);

/**
 * @throws StranglerError `CARVE_OUT_TAKEN` for a folder that holds something else, `CARVE_OUT_LINK` for a link, `CARVE_OUT_OTHER` for
 * the service of another capability, `CARVE_BAD_MANIFEST`
 */
export function inspectTarget(out: string, capability: string): Target {
  const dir = realTarget(out);
  const nothing: Target = {
    dir,
    state: 'new',
    before: undefined,
    beforeText: undefined,
    originalsText: undefined,
    originals: new Map(),
  };
  const stats = statOf(dir);
  if (stats === undefined) return nothing;
  if (!stats.isDirectory())
    throw new StranglerError('CARVE_OUT_TAKEN', `${dir} is a file`, {
      exitCode: EXIT.usage,
      remedy: 'Name a folder for the service with --out.',
    });
  const entries = access(dir, () => readdirSync(dir));
  const manifestPath = join(dir, MANIFEST_FILE);
  const beforeText = readText(dir, MANIFEST_FILE);
  if (beforeText === undefined) {
    const foreign = entries.filter((name) => !INSIGNIFICANT.has(name));
    if (foreign.length === 0) return nothing;
    throw new StranglerError(
      'CARVE_OUT_TAKEN',
      `${dir} holds ${count(foreign.length, 'entry', 'entries')} that carve did not write, such as ${foreign.sort()[0]}`,
      {
        exitCode: EXIT.usage,
        remedy: `Name another folder with --out, or move what is there away. (A service that carve wrote has a ${MANIFEST_FILE}.)`,
      },
    );
  }
  const before = parseManifest(beforeText, manifestPath);
  if (before.capability !== capability)
    throw new StranglerError('CARVE_OUT_OTHER', `${dir} is the service of ${before.capability}`, {
      exitCode: EXIT.usage,
      remedy: 'Name another folder with --out.',
    });
  const originalsText = readText(dir, ORIGINALS_FILE);
  return {
    dir,
    state: 'ours',
    before,
    beforeText,
    originalsText,
    originals: unpackOriginals(originalsText, before),
  };
}

/** Links among the parents are the user's business; the folder itself must be a real one, because it is replaced as a whole. */
export function realTarget(out: string): string {
  const asked = resolve(out);
  if (asked === dirname(asked))
    throw new StranglerError('CARVE_OUT_TAKEN', `${asked} is the root of the file system`, {
      exitCode: EXIT.usage,
      remedy: 'Name a folder for the service with --out.',
    });
  if (statOf(asked)?.isSymbolicLink())
    throw new StranglerError('CARVE_OUT_LINK', `${asked} is a symbolic link`, {
      exitCode: EXIT.usage,
      remedy: 'Name the folder that it points to.',
    });
  const missing: string[] = [basename(asked)];
  for (let parent = dirname(asked); ; parent = dirname(parent)) {
    const stats = statOf(parent);
    if (stats !== undefined) {
      // A parent that is a dangling link fails here, with its name.
      const real = access(parent, () => realpathSync(parent));
      if (!lstatSync(real).isDirectory())
        throw new StranglerError('CARVE_OUT_TAKEN', `${parent} is a file`, {
          exitCode: EXIT.usage,
          remedy: 'Name a folder for the service with --out.',
        });
      return join(real, ...missing);
    }
    missing.unshift(basename(parent));
  }
}

/**
 * Reads files of the target by their paths; what is not there is left out.
 *
 * @throws StranglerError `CARVE_LINK` for paths that lead through links, or that are no regular files, all at once
 */
export function readFound(dir: string, paths: Iterable<string>): Map<string, FoundFile> {
  const found = new Map<string, FoundFile>();
  const wrong: string[] = [];
  for (const path of paths) {
    const outcome = lookAt(dir, path);
    if (outcome === 'absent') continue;
    if (outcome === 'link') wrong.push(path);
    else {
      const file = readRegular(dir, path);
      if (file !== undefined) found.set(path, file);
    }
  }
  if (wrong.length > 0)
    throw new StranglerError('CARVE_LINK', `${dir} holds links or folders where carve would write files`, {
      exitCode: EXIT.usage,
      findings: wrong.map((path) => ({
        code: 'CARVE_LINK',
        message: `${path} leads through a link, or is no regular file`,
        severity: 'error',
        place: { file: join(dir, path) },
      })),
      remedy: 'Links are never followed: replace them with what they point to, or move them away.',
    });
  return found;
}

function lookAt(dir: string, path: string): 'absent' | 'link' | 'file' {
  const parts = path.split('/');
  let at = dir;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const stats = statOf(at);
    if (stats === undefined) return 'absent';
    const last = index === parts.length - 1;
    if (last ? !stats.isFile() : !stats.isDirectory()) return 'link';
  }
  return 'file';
}

function readRegular(dir: string, path: string): FoundFile | undefined {
  const file = join(dir, ...path.split('/'));
  const stats = statOf(file);
  if (stats === undefined || !stats.isFile()) return undefined;
  const bytes = access(file, () => readFileSync(file));
  return {
    digest: digestOf(bytes),
    content: isUtf8(bytes) ? bytes.toString('utf8') : bytes,
    executable: (stats.mode & 0o111) !== 0,
  };
}

function readText(dir: string, path: string): string | undefined {
  const content = readRegular(dir, path)?.content;
  return content === undefined || typeof content === 'string' ? content : '';
}

/** Paths of all regular files below a folder but those of other tools; links are left out. Sorted. */
export function listFiles(dir: string, limit = 100_000): string[] {
  const found: string[] = [];
  const walk = (folder: string, prefix: string): void => {
    for (const entry of access(folder, () => readdirSync(folder, { withFileTypes: true })).sort(byName)) {
      if (entry.name === 'node_modules' || entry.name === '.git') continue;
      if (entry.isDirectory()) walk(join(folder, entry.name), `${prefix}${entry.name}/`);
      else if (entry.isFile()) found.push(`${prefix}${entry.name}`);
      if (found.length > limit)
        throw new StranglerError('CARVE_OUT_TAKEN', `${dir} holds more than ${limit} files`, {
          remedy: 'Name another folder with --out.',
        });
    }
  };
  walk(dir, '');
  return found;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A part of the path is a file: nothing can be there.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw fileSystemError(error, path);
  }
}

/** Refusals of the file system as errors that say what to do. */
export function access<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

const REMEDIES: Record<string, string> = {
  EACCES: 'Give yourself the right to write there, or name another folder with --out.',
  EPERM: 'Give yourself the right to write there, or name another folder with --out.',
  EROFS: 'The file system is read-only: name another folder with --out.',
  ENOSPC: 'The disk is full: make room, then run it again.',
  EFBIG: 'A file is larger than this process may write: raise the limit (ulimit -f).',
  EDQUOT: 'Your disk quota is used up: make room, then run it again.',
  ENAMETOOLONG: 'Name a folder with a shorter path with --out.',
  ELOOP: 'Links lead in a circle there: name another folder with --out.',
  ENOTDIR: 'A part of the path is a file: name another folder with --out.',
  ENOENT: 'A part of the path is missing, or a link to nothing: name another folder with --out.',
};

export function fileSystemError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy === undefined || error instanceof StranglerError) return error;
  return new StranglerError('CARVE_CANT_WRITE', `${path} can’t be used (${code})`, {
    remedy,
    cause: error,
    place: { file: path },
  });
}

export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
