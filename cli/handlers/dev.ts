import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { readYaml } from '../../migration-plans/yaml/source.ts';
import type { Call, Handler } from '../commands/command.ts';
import { actorOf } from '../controller/actor.ts';
import { projectFolder, STORE_DATABASE } from '../controller/embedded-store.ts';
import { firstApply } from '../controller/first-apply.ts';
import { projectOf } from '../controller/project.ts';
import { type WantedAddresses, wantedAddresses } from '../local-stack/dev/asked-ports.ts';
import { waitForFormer } from '../local-stack/dev/former.ts';
import { assignAddresses } from '../local-stack/dev/ports.ts';
import { type Stack, startStack } from '../local-stack/dev/stack.ts';
import { lastPorts, runningStack } from '../local-stack/dev/stack-file.ts';
import type { StateFolder } from '../local-stack/folder/state-folder.ts';
import { ensureDatabase } from '../local-stack/postgres/database.ts';
import { lockHolder, type ProcessLock, tryLock } from '../local-stack/process/lock.ts';
import { durationText } from '../terminal/units.ts';
import { stackReporter } from './dev-report.ts';

/** Starts the local stack and supervises it until it is told to stop. */
export const dev: Handler = async (call) => {
  const project = await projectOf(call);
  const folder = projectFolder(project);
  const lock = lockStack(folder);
  const onEvent = stackReporter(call.terminal);
  let stack: Stack | undefined;
  try {
    await waitForFormer(folder, onEvent, call.signal);
    const addresses = await assignAddresses(project, wanted(call, project), lastPorts(folder), onEvent);
    stack = await startStack({
      project,
      folder,
      addresses,
      env: call.env,
      signal: call.signal,
      onEvent,
      async openStore(urlOf) {
        const { url } = project.stateStore;
        if (url !== undefined) return openStateStore({ url });
        await ensureDatabase(urlOf('postgres'), STORE_DATABASE);
        return openStateStore({ url: urlOf(STORE_DATABASE) });
      },
      async onUp(store) {
        // Commander's form of an option that turns something off: `--no-apply` makes `apply` false.
        if (call.options.off('apply')) return;
        const tell = (message: string) => onEvent({ event: 'notice', name: 'plans', message });
        await firstApply(store, project, actorOf(call.env), tell, call.signal);
      },
    });
    await aborted(call.signal);
    return undefined;
  } finally {
    await stack?.stop();
    lock.release();
  }
};

/** @throws StranglerError DEV_RUNNING naming the running one. */
function lockStack(folder: StateFolder): ProcessLock {
  const path = join(folder.run, 'dev.lock');
  const lock = tryLock(path);
  if (lock !== undefined) return lock;
  const stack = runningStack(folder);
  const pid = stack?.process.pid ?? lockHolder(path)?.pid;
  const urls =
    stack === undefined ? 'it is still starting' : `edge ${stack.urls.edge}, monolith ${stack.urls.monolith}`;
  const since = stack === undefined ? '' : ` since ${durationText(Date.now() - Date.parse(stack.startedAt))}`;
  throw new StranglerError(
    'DEV_RUNNING',
    `strangler dev runs in this folder already${since} (process ${pid}; ${urls})`,
    { remedy: `use the running one, or stop it first: kill ${pid}` },
  );
}

function wanted(call: Call, project: Project): WantedAddresses {
  const { value } = readYaml(readFileSync(project.file, 'utf8'), project.file, 'PROJECT');
  const written = (path: readonly string[]): boolean => {
    let at: unknown = value;
    for (const key of path) at = (at as Record<string, unknown> | null | undefined)?.[key];
    return at !== undefined;
  };
  return wantedAddresses(
    project,
    { listen: call.options.text('listen'), admin: call.options.text('admin') },
    written,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    // A process that only waits for a signal would end by itself.
    const alive = setInterval(() => undefined, 2 ** 30);
    const onAbort = () => {
      clearInterval(alive);
      done();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
