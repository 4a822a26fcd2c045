import type { Project } from '../../../migration-plans/project/project.ts';
import { choosePort } from '../process/ports.ts';
import type { WantedAddress, WantedAddresses } from './asked-ports.ts';
import type { OnStackEvent } from './events.ts';

export interface PartAddress {
  host: string;
  port: number;
}

export interface StackAddresses {
  edge: PartAddress;
  admin: PartAddress;
  cloudMap: PartAddress;
  /** By name of `dev.processes`. */
  processes: Record<string, PartAddress>;
}

/** The name of the process that is the monolith. */
export const MONOLITH = 'monolith';
const CLOUD_MAP_PORT = 9902;
const LOOPBACK = '127.0.0.1';

/**
 * An address for every part before anything starts, so that a taken port is told at once and no two parts get the same.
 * `last`: those of the stack before, so that URLs stay the same where nothing was asked for.
 * @throws StranglerError PORT_TAKEN naming the setting.
 */
export async function assignAddresses(
  project: Project,
  wanted: WantedAddresses,
  last: Record<string, number>,
  onEvent: OnStackEvent,
): Promise<StackAddresses> {
  const given = new Set<number>();
  const assign = async (name: string, address: WantedAddress): Promise<PartAddress> => {
    const { host, port, setting } = address;
    const asked = setting !== undefined && port !== 0 ? { port, setting } : undefined;
    const preferred = port === 0 ? last[name] : port;
    const chosen = await choosePort({ host, asked, preferred, given });
    given.add(chosen.port);
    if (chosen.moved && preferred !== undefined)
      onEvent({
        event: 'notice',
        name,
        message: `port ${preferred} is taken, so ${name} listens on ${chosen.port}`,
      });
    return { host, port: chosen.port };
  };
  const edge = await assign('edge', wanted.edge);
  const admin = await assign('admin', wanted.admin);
  const processes: Record<string, PartAddress> = {};
  for (const process of Object.values(project.dev.processes)) {
    const own = Number(process.env.PORT);
    const address: WantedAddress =
      process.name === MONOLITH && wanted.monolith.setting !== undefined
        ? wanted.monolith
        : process.env.PORT !== undefined && Number.isInteger(own)
          ? {
              host: LOOPBACK,
              port: own,
              setting: `dev.processes.${process.name}.env.PORT in ${project.file}`,
            }
          : { host: LOOPBACK, port: 0, setting: undefined };
    processes[process.name] = await assign(process.name, address);
  }
  const cloudMap = await assign('cloud-map', {
    host: LOOPBACK,
    port: last['cloud-map'] ?? CLOUD_MAP_PORT,
    setting: undefined,
  });
  return { edge, admin, cloudMap, processes };
}
