import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MergeOutcome } from './reconcile.ts';

const LIMIT_MS = 20_000;

/** Three-way merge of texts by git, where there is one. Never throws; conflicts are an outcome. */
export function mergeTexts(mine: string, base: string, theirs: string): MergeOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-merge-'));
  try {
    const files = { mine, base, theirs };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stdout, error } = spawnSync('git', ['merge-file', '-p', 'mine', 'base', 'theirs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (error !== undefined) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      return {
        clean: false,
        why: missing ? 'git, which merges, is not installed' : 'git could not merge it',
      };
    }
    if (status === 0) return { clean: true, text: stdout };
    // The status is the number of conflicts, 255 for texts that can't be merged.
    const conflicts = status === 1 ? '1 place' : `${status ?? 0} places`;
    return {
      clean: false,
      why: status === null || status >= 128 ? 'it can’t be merged as text' : `both changed ${conflicts}`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
