import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { monolithAddress } from '../controller/addresses.ts';
import { runningStack } from '../local-stack/dev/stack-file.ts';
import { stateFolderAt } from '../local-stack/folder/state-folder.ts';

/** Where both sides answer: those of the local stack while it runs, else what project and plan say. */
export function originsOf(project: Project, plan: Plan): { monolith: string; service: string } {
  const { capability } = plan;
  const services = runningStack(stateFolderAt(project.stateDir))?.urls ?? {};
  const process = Object.values(project.dev.processes).find((each) => each.capability === capability);
  return {
    monolith: monolithAddress(project),
    service: services[process?.name ?? capability] ?? `${plan.service.scheme}://${plan.service.name}`,
  };
}
