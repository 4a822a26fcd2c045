import { setTimeout as sleep } from 'node:timers/promises';
import type { StateFolder } from '../folder/state-folder.ts';
import { exists } from '../process/identity.ts';
import type { OnStackEvent } from './events.ts';
import { removeStackFile, staleStack } from './stack-file.ts';

/** Longer than what parts get to end when their stack was killed. Milliseconds. */
const LIMIT_MS = 20_000;

/**
 * Waits for the parts of a stack that was killed: their keepers end them, the edge finishes its requests, and until then their
 * ports are taken. PostgreSQL is not waited for: it is adopted.
 */
export async function waitForFormer(
  folder: StateFolder,
  onEvent: OnStackEvent,
  signal: AbortSignal,
): Promise<void> {
  const former = staleStack(folder);
  if (former === undefined) return;
  const left = () =>
    Object.entries(former.pids)
      .filter(([name, pid]) => name !== 'postgres' && exists(pid))
      .map(([name]) => name);
  const end = performance.now() + LIMIT_MS;
  let told = false;
  while (left().length > 0 && performance.now() < end) {
    if (!told)
      onEvent({
        event: 'notice',
        name: 'dev',
        message: `the stack before this one was killed; waiting for what is left of it: ${left().join(', ')}`,
      });
    told = true;
    await sleep(50, undefined, { signal });
  }
  removeStackFile(folder);
}
