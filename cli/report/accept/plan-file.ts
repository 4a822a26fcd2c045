import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { MAX_PLAN_FILES, parsePlan } from '../../../migration-plans/plan/load.ts';
import { readTextFile } from '../../../migration-plans/yaml/file.ts';

/**
 * The file that holds a capability's plan, and its text.
 * @throws StranglerError REPORT_NO_PLAN_FILE when none of the folder's files holds a valid plan of it.
 */
export async function planFileOf(
  plansDir: string,
  capability: string,
): Promise<{ file: string; text: string }> {
  const names = (await readdir(plansDir)).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
  for (const name of names.sort().slice(0, MAX_PLAN_FILES)) {
    const file = join(plansDir, name);
    const text = await readTextFile(file, 'PLAN');
    if (parsePlan(text, file).loaded?.plan.capability === capability) return { file, text };
  }
  throw new StranglerError('REPORT_NO_PLAN_FILE', `no valid plan file of "${capability}" is in ${plansDir}`, {
    exitCode: EXIT.usage,
    remedy: 'strangler plan validate shows what is wrong',
  });
}
