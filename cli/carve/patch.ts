import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { unpatch } from './unpatch.ts';

const LIMIT_MS = 60_000;

export type PatchOutcome = 'applied' | 'reversed' | 'was applied already' | 'was not applied';

/**
 * Applies the monolith's patch, in the place of the one of a carve before: whole or not at all.
 *
 * @param folder to which the patch's paths are relative
 * @param capability as it stands in the name of the ports file
 * @throws StranglerError `CARVE_NO_GIT`, `CARVE_PATCH_REFUSED` where the monolith's text is not what the patch expects
 */
export function applyPatch(folder: string, patch: string, capability: string): PatchOutcome {
  if (git(folder, patch, ['--check', '--reverse']).ok) return 'was applied already';
  const former = unpatch(folder, capability);
  const done = keepingModes(folder, patch, () => git(folder, patch, []));
  if (done.ok) return 'applied';
  former?.redo();
  throw refused(folder, done.said);
}

/**
 * Takes the patch of a capability back.
 *
 * @param kept the patch as it stands beside the service, for one that left no traces in the monolith
 * @throws StranglerError `CARVE_NO_GIT`, `CARVE_PATCH_REFUSED`
 */
export function reversePatch(folder: string, capability: string, kept: string | undefined): PatchOutcome {
  // One of an older version says nothing of itself.
  if (kept !== undefined && git(folder, kept, ['--check', '--reverse']).ok) {
    const done = keepingModes(folder, kept, () => git(folder, kept, ['--reverse']));
    if (!done.ok) throw refused(folder, done.said);
    return 'reversed';
  }
  return unpatch(folder, capability) === undefined ? 'was not applied' : 'reversed';
}

/** Git writes files anew and knows of their rights only whether they can be run. */
function keepingModes<T>(folder: string, patch: string, work: () => T): T {
  const modes = [...patch.matchAll(/^diff --git a\/(.+) b\/\1$/gm)].flatMap(([, path = '']) => {
    const file = join(folder, path);
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ file, mode: stats.mode & 0o7777 }];
  });
  const result = work();
  for (const { file, mode } of modes) if (existsSync(file)) chmodSync(file, mode);
  return result;
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
