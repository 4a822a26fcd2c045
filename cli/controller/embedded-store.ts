import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../migration-plans/project/project.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { checkFormat, openStateFolder, type StateFolder } from '../local-stack/folder/state-folder.ts';
import { ensureDatabase } from '../local-stack/postgres/database.ts';
import { type PostgresUse, usePostgres } from '../local-stack/postgres/embedded.ts';
import { toolkitVersion } from '../version.ts';

/** Database of the state store on the embedded server. */
export const STORE_DATABASE = 'strangler_state';

/** A store and what has to be given back with it. */
export interface OpenStore {
  store: StateStore;
  /** The embedded server; undefined: the project names a server of its own. */
  postgres: PostgresUse | undefined;
  close(): Promise<void>;
}

/** The project's state folder, made and checked. */
export function projectFolder(project: Project): StateFolder {
  return openStateFolder(project.stateDir, toolkitVersion());
}

/**
 * Opens the project's state store: the one it names, or the embedded one, which is started when it does not run and stopped again
 * when nobody else uses it.
 */
export async function openProjectStore(project: Project, signal?: AbortSignal): Promise<OpenStore> {
  const { url } = project.stateStore;
  if (url !== undefined) {
    const store = await openStateStore({ url });
    return { store, postgres: undefined, close: () => store.close() };
  }
  const postgres = await usePostgres({ folder: projectFolder(project), signal });
  try {
    const store = await openEmbeddedStore(postgres);
    return {
      store,
      postgres,
      async close() {
        await store.close();
        await postgres.release();
      },
    };
  } catch (error) {
    await postgres.release();
    throw error;
  }
}

/** The state store on a running embedded server. */
export async function openEmbeddedStore(postgres: PostgresUse): Promise<StateStore> {
  await ensureDatabase(postgres.url('postgres'), STORE_DATABASE);
  return openStateStore({ url: postgres.url(STORE_DATABASE) });
}

/**
 * Whether there is anything that a state store could hold: one named by the project, one that was used before, or a plan that may
 * be applied. Without any an edge needs none.
 */
export function mayHaveStore(project: Project): boolean {
  if (project.stateStore.url !== undefined || hasPlans(project)) return true;
  if (!existsSync(project.stateDir)) return false;
  checkFormat(project.stateDir);
  return existsSync(join(project.stateDir, 'postgres-password'));
}

function hasPlans(project: Project): boolean {
  return globSync('*.{yaml,yml}', { cwd: project.plansDir }).length > 0;
}
