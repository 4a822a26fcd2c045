import { join } from 'node:path';
import { readText } from '../folder/files.ts';
import { exists, programOf } from '../process/identity.ts';

/** What a running server writes of itself into its data folder (`postmaster.pid`; src/include/utils/pidfile.h of PostgreSQL). */
export interface Postmaster {
  pid: number;
  port: number;
  status: 'starting' | 'stopping' | 'ready' | 'standby' | 'unknown';
}

/** The server that runs on a data folder now; undefined: none, or only the file of one that died. */
export function runningServer(data: string): Postmaster | undefined {
  const lines = readText(join(data, 'postmaster.pid'))?.split('\n');
  const pid = Number(lines?.[0]);
  if (!lines || !exists(pid)) return undefined;
  const program = programOf(pid);
  if (program !== undefined && program !== 'postgres') return undefined;
  const status = lines[7]?.trim();
  const known = status === 'starting' || status === 'stopping' || status === 'ready' || status === 'standby';
  return { pid, port: Number(lines[3]) || 0, status: known ? status : 'unknown' };
}
