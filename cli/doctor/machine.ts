import { statfs } from 'node:fs/promises';
import type { Project } from '../../migration-plans/project/project.ts';
import { isPortFree } from '../local-stack/process/ports.ts';
import { broken, type Check, ok, warning } from './check.ts';

const NEEDED = [22, 18] as const;
const DISK_LOW_BYTES = 500 * 1024 * 1024;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const recent = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  return recent
    ? ok('node', `Node ${version}`)
    : broken('node', `Node ${version} is too old`, `install Node ${NEEDED.join('.')} or newer`);
}

/** Room for the embedded database and its logs. */
export async function checkDisk(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`;
  return free < DISK_LOW_BYTES
    ? warning('disk', text, 'make room: the embedded database stops when the disk is full')
    : ok('disk', text);
}

/** Leases, pins and overrides live by the clock. `databaseNow`: milliseconds, undefined: there is no store to compare with. */
export function checkClock(now: number, databaseNow: number | undefined): Check {
  if (now < Date.UTC(2026, 0, 1))
    return broken(
      'clock',
      `the clock says ${new Date(now).toISOString()}`,
      'set it: tokens and leases depend on it',
    );
  if (databaseNow === undefined) return ok('clock', new Date(now).toISOString());
  const off = Math.abs(now - databaseNow);
  return off > 5000
    ? warning(
        'clock',
        `this machine and the state store differ by ${(off / 1000).toFixed(1)} s`,
        'synchronise both clocks (NTP)',
      )
    : ok('clock', 'agrees with the state store');
}

/** Whether an edge could listen where the project says. `inUse`: the addresses of edges that run. */
export async function checkPorts(project: Project, inUse: readonly string[]): Promise<Check[]> {
  const used = new Set(inUse.map((url) => new URL(url).port));
  const settings = [
    ['edge.listen', '--listen', project.edge.listen],
    ['edge.admin', '--admin', project.edge.admin],
  ] as const;
  return Promise.all(
    settings.map(async ([name, flag, { host, port }]) => {
      if (port === 0) return ok(name, 'any free port');
      if (used.has(String(port))) return ok(name, `port ${port}: an edge of this project listens there`);
      return (await isPortFree(host, port))
        ? ok(name, `port ${port} is free`)
        : warning(
            name,
            `port ${port} on ${host} is taken by another program`,
            `stop it, or choose another by ${name} in strangler.yaml or ${flag}`,
          );
    }),
  );
}
