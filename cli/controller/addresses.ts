import type { Project } from '../../migration-plans/project/project.ts';
import { lastPorts, runningStack } from '../local-stack/dev/stack-file.ts';
import { stateFolderAt } from '../local-stack/folder/state-folder.ts';

/** Where the local endpoint listens when it never ran. */
const CLOUD_MAP_PORT = 9902;

/** Where Cloud Map is asked; undefined: AWS itself. `local` is the endpoint of the stack that runs, or of the last one. */
export function cloudMapEndpoint(project: Project): string | undefined {
  const { endpoint } = project.cloudMap;
  if (endpoint !== undefined && endpoint !== 'local') return endpoint;
  const folder = stateFolderAt(project.stateDir);
  const running = runningStack(folder);
  if (running !== undefined) return running.cloudMap.endpoint;
  if (endpoint === undefined) return undefined;
  return `http://127.0.0.1:${lastPorts(folder)['cloud-map'] ?? CLOUD_MAP_PORT}`;
}

/** Where the monolith answers: that of the stack that runs, or what the project says. */
export function monolithAddress(project: Project): string {
  const running = runningStack(stateFolderAt(project.stateDir));
  return running?.urls.monolith ?? project.monolith.url;
}
