import { type Finding, StranglerError } from '../../../migration-plans/errors.ts';
import { MANIFEST_FILE, ORIGINALS_FILE } from './manifest.ts';

/** Longest path that is written, in bytes. Most file systems allow 255 for one name. */
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
/** Folders that belong to other tools: what is written there would run or be thrown away. */
const NOT_OURS = new Set(['.git', '.hg', '.svn', 'node_modules']);

/**
 * Refuses names that would leave the service's folder, that another tool owns, or that fall together on a file system which ignores
 * letter case or normalises Unicode. Names come from the monolith's tree, so they are anybody's.
 *
 * @throws StranglerError `CARVE_BAD_PATH` with every one
 */
export function checkPaths(paths: readonly string[]): void {
  const findings: Finding[] = [];
  const wrong = (path: string, message: string): void => {
    findings.push({
      code: 'CARVE_BAD_PATH',
      message: `${JSON.stringify(path)} ${message}`,
      severity: 'error',
    });
  };
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of paths) {
    const problem = problemOf(path);
    if (problem !== undefined) {
      wrong(path, problem);
      continue;
    }
    const key = folded(path);
    const same = files.get(key);
    if (same !== undefined) wrong(path, same === path ? 'is written twice' : `is the same file as ${same}`);
    files.set(key, path);
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length++) {
      const folder = parts.slice(0, length).join('/');
      folders.set(folded(folder), path);
    }
  }
  for (const [key, path] of files) {
    const inside = folders.get(key);
    if (inside !== undefined) wrong(path, `is a file and also the folder of ${inside}`);
  }
  if (findings.length > 0)
    throw new StranglerError('CARVE_BAD_PATH', 'some files of the service have names that can’t be written', {
      findings,
      remedy: 'Rename them in the monolith, or leave them out of the capability.',
    });
}

/** Why a name can't be written; undefined: it can. */
export function problemOf(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is an absolute path';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return 'holds a control character or a backslash';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'leaves the service’s folder or is not in its shortest form';
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES))
    return `has a part longer than ${MAX_NAME_BYTES} bytes`;
  if (parts.some((part) => NOT_OURS.has(part.toLowerCase()))) return 'lies in a folder of another tool';
  if ([MANIFEST_FILE, ORIGINALS_FILE].includes(path.toLowerCase()))
    return 'is a name that carve keeps for itself';
  return undefined;
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
