import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';

const LIMIT_MS = 60_000;

export type PatchOutcome = 'applied' | 'reversed' | 'was applied already' | 'was not applied';

/**
 * Applies the monolith's patch, or takes it back: whole or not at all.
 *
 * @param folder to which the patch's paths are relative
 * @throws StranglerError `CARVE_NO_GIT`, `CARVE_PATCH_REFUSED` where the monolith's text is not what the patch expects
 */
export function applyPatch(folder: string, patch: string, reverse: boolean): PatchOutcome {
  const there = git(folder, patch, ['--check', ...(reverse ? ['--reverse'] : [])]);
  if (there.ok) {
    const done = git(folder, patch, reverse ? ['--reverse'] : []);
    if (!done.ok) throw refused(folder, done.said);
    return reverse ? 'reversed' : 'applied';
  }
  if (git(folder, patch, ['--check', ...(reverse ? [] : ['--reverse'])]).ok)
    return reverse ? 'was not applied' : 'was applied already';
  throw refused(folder, there.said);
}

function git(folder: string, patch: string, flags: readonly string[]): { ok: boolean; said: string } {
  const { status, stderr, error } = spawnSync('git', ['apply', '--whitespace=nowarn', ...flags, '-'], {
    cwd: folder,
    input: patch,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    // Inside a repository git silently leaves out paths that it takes to lie outside of the folder.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder), LC_ALL: 'C' },
  });
  if (error !== undefined)
    throw new StranglerError('CARVE_NO_GIT', 'git, which applies the patch, can’t be run', {
      remedy: 'Install git, or apply the patch by another program: it stands in the service’s folder.',
      cause: error,
    });
  return { ok: status === 0, said: stderr };
}

function refused(folder: string, said: string): StranglerError {
  return new StranglerError(
    'CARVE_PATCH_REFUSED',
    `the patch does not fit the monolith in ${folder}; nothing was changed there`,
    {
      exitCode: EXIT.conflict,
      findings: said
        .split('\n')
        .filter((line) => line !== '')
        .slice(0, 20)
        .map((line) => ({
          code: 'CARVE_PATCH_REFUSED',
          message: line.replace(/^error: /, ''),
          severity: 'error',
        })),
      remedy: 'Carve again, so that the patch is made for the monolith as it is now.',
    },
  );
}
