import type { Project } from '../../../migration-plans/project/project.ts';
import { parseListen } from '../../terminal/units.ts';

/** An address that a part listens on, and the setting that asked for exactly this port; undefined: any will do. */
export interface WantedAddress {
  host: string;
  /** Taken if it is free. */
  port: number;
  setting: string | undefined;
}

export interface WantedAddresses {
  edge: WantedAddress;
  admin: WantedAddress;
  monolith: WantedAddress;
}

/**
 * What the flags and the project file ask for. `written` tells whether a key stands in the file: a default of ours is a wish,
 * not a demand.
 */
export function wantedAddresses(
  project: Project,
  flags: { listen: string | undefined; admin: string | undefined },
  written: (path: readonly string[]) => boolean,
): WantedAddresses {
  const listener = (flag: string | undefined, option: string, key: 'listen' | 'admin'): WantedAddress => {
    if (flag !== undefined) return { ...parseListen(flag, option), setting: option };
    const setting = written(['edge', key]) ? `edge.${key} in ${project.file}` : undefined;
    return { ...project.edge[key], setting };
  };
  const url = new URL(project.monolith.url);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return {
    edge: listener(flags.listen, '--listen', 'listen'),
    admin: listener(flags.admin, '--admin', 'admin'),
    monolith: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      setting: port === 0 ? undefined : `monolith.url in ${project.file}`,
    },
  };
}
