import { execFileSync } from 'node:child_process';
import { readText } from '../folder/files.ts';

/** A process beyond its number, which the system gives out again: with the time it was started, in the system's own unit. */
export interface ProcessIdentity {
  pid: number;
  started: string | undefined;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: startOf(pid) };
}

/** Still the same process, not another one that got its number. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  if (!exists(pid)) return false;
  return started === undefined || startOf(pid) === started;
}

export function exists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Name of the program that the process runs: `postgres`. */
export function programOf(pid: number): string | undefined {
  if (process.platform === 'linux') return readText(`/proc/${pid}/comm`)?.trim();
  return ps(pid, 'comm')?.split('/').at(-1);
}

function startOf(pid: number): string | undefined {
  // Field 22 of proc(5) stat, counted behind the name, which may hold blanks and brackets.
  if (process.platform === 'linux') return statFields(pid)?.[19];
  return ps(pid, 'lstart');
}

/** Ended, but not yet waited for by its parent: signals still reach it. */
function isZombie(pid: number): boolean {
  return process.platform === 'linux' && statFields(pid)?.[0] === 'Z';
}

function statFields(pid: number): string[] | undefined {
  const stat = readStat(pid);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readStat(pid: number): string | undefined {
  try {
    return readText(`/proc/${pid}/stat`);
  } catch {
    // ESRCH: the process ended between opening and reading.
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
