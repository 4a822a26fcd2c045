import type { Project } from '../../../migration-plans/project/project.ts';
import { type CloudMapEndpoint, startCloudMapEndpoint } from '../../cloud-map/server.ts';
import type { StateFolder } from '../folder/state-folder.ts';
import type { PartAddress } from './ports.ts';

/** The Cloud Map of the stack: a local endpoint that keeps its registrations, unless the project names one that runs elsewhere. */
export async function startCloudMap(
  project: Project,
  folder: StateFolder,
  address: PartAddress,
): Promise<Pick<CloudMapEndpoint, 'url' | 'close'>> {
  const { endpoint, region } = project.cloudMap;
  if (endpoint !== undefined && endpoint !== 'local') return { url: endpoint, close: async () => undefined };
  return startCloudMapEndpoint({ dataDir: folder.cloudMap, ...address, region });
}
