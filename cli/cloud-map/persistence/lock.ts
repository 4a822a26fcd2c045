import { open, readFile, rm } from 'node:fs/promises';
import { StranglerError } from '../../../migration-plans/errors.ts';

/**
 * Takes a lock file for this process. A lock whose process is gone, as after `kill -9`, is taken over; the process is told apart
 * from a later one with the same id by its start time, where the system says it.
 *
 * @returns the way to give it back
 * @throws StranglerError CLOUD_MAP_DATA_IN_USE
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const self = `${process.pid} ${await startOf(process.pid)}\n`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = await open(file, 'wx', 0o600);
      try {
        await handle.writeFile(self);
      } finally {
        await handle.close();
      }
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await holderOf(file);
    if (holder !== undefined) {
      throw new StranglerError(
        'CLOUD_MAP_DATA_IN_USE',
        `Another Cloud Map endpoint (process ${holder}) uses this data folder.`,
        { place: { file }, remedy: `Stop process ${holder}, or give another data folder.` },
      );
    }
    await rm(file, { force: true });
  }
  throw new StranglerError('CLOUD_MAP_DATA_IN_USE', 'Other processes keep taking this data folder.', {
    place: { file },
    remedy: 'Start one Cloud Map endpoint at a time.',
  });
}

/** The id of the live process that holds the lock; undefined: nobody does. */
async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [pid = '', start = ''] = text.trim().split(' ');
  if (!/^\d+$/.test(pid)) return undefined;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  return (await startOf(Number(pid))) === start ? Number(pid) : undefined;
}

/** When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); `-` where the system doesn't say. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // the name in field 2 may contain blanks, but the last parenthesis ends it
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
  } catch {
    return '-'; // no such file system, such as on macOS: the process id alone decides
  }
}
