import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** As `nice` counts. */
const BEHIND_USERS = 10;
/** Name of the threads on which V8 compiles and collects beside those that run JavaScript. */
const HELPER = 'V8Worker';

/** When there is not enough CPU for both, the users' thread goes first. On Linux the priority is that of the calling thread alone. */
export function giveWay(): void {
  if (process.platform === 'linux') lower(0);
}

/**
 * The same for the threads on which V8 compiles and collects: nobody waits for what they do, but on few cores a request waits for them.
 * For a process that is an edge and nothing else, at its start. Does nothing where threads have no priority of their own, or no name.
 */
export function helpersGiveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
      if (name === HELPER) lower(Number(thread));
    }
  } catch {
    // A process that may not look at itself serves as well, only less evenly.
  }
}

/** Never raises one, which only root may. 0: the calling thread. */
function lower(thread: number): void {
  if (getPriority(thread) < BEHIND_USERS) setPriority(thread, BEHIND_USERS);
}
