import { resolve } from 'node:path';
import { loadProject, requireProject } from '../../migration-plans/project/load.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { Call } from '../commands/command.ts';

/** The project of a command: named by `--config`, by STRANGLER_CONFIG, or the nearest strangler.yaml here or above. */
export async function projectOf(call: Pick<Call, 'options' | 'cwd' | 'env' | 'terminal'>): Promise<Project> {
  const { file, because } = await configFile(call);
  const project = await loadProject(file, call.env);
  call.terminal.detail(`configuration: ${file} (${because})`);
  return project;
}

/** Which project file is used, and why this one. */
export async function configFile(
  call: Pick<Call, 'options' | 'cwd' | 'env'>,
): Promise<{ file: string; because: string }> {
  const option = call.options.text('config');
  if (option !== undefined) return { file: resolve(call.cwd, option), because: '--config' };
  const variable = call.env.STRANGLER_CONFIG;
  if (variable !== undefined && variable !== '')
    return { file: resolve(call.cwd, variable), because: 'STRANGLER_CONFIG' };
  return { file: await requireProject(call.cwd), because: 'nearest to the working folder' };
}
