/** Where a carve reads and writes, from what was asked for and the project file, if there is one. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Project } from '../../migration-plans/project/project.ts';

export interface Places {
  from: string;
  /** Folder of the service. */
  out: string;
  decisions: string;
  /** It was named, so it has to be there. */
  decisionsNamed: boolean;
  /** Undefined: no project, so the plan goes along with the service. */
  plan: string | undefined;
}

export function placesOf(
  asked: { from?: string | undefined; out?: string | undefined; decisions?: string | undefined },
  capability: string,
  cwd: string,
  project: Pick<Project, 'root' | 'plansDir'> | undefined,
): Places {
  const root = project?.root ?? cwd;
  return {
    from: resolve(cwd, asked.from ?? '.'),
    out: asked.out === undefined ? join(root, 'services', capability) : resolve(cwd, asked.out),
    decisions:
      asked.decisions === undefined
        ? join(project?.plansDir ?? cwd, `${capability}.decisions.yaml`)
        : resolve(cwd, asked.decisions),
    decisionsNamed: asked.decisions !== undefined,
    plan: project === undefined ? undefined : planFile(project.plansDir, capability),
  };
}

function planFile(folder: string, capability: string): string {
  const other = join(folder, `${capability}.yml`);
  return existsSync(other) ? other : join(folder, `${capability}.yaml`);
}
