import type { Project } from '../../migration-plans/project/project.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { mayHaveStore, openEmbeddedStore, projectFolder } from '../controller/embedded-store.ts';
import { usePostgres } from '../local-stack/postgres/embedded.ts';
import { type KeptPostgres, keepPostgres } from '../local-stack/postgres/kept.ts';

/** The state store as an edge opens it: when there is one, and again when it was away. */
export interface EdgeStore {
  /** Undefined: no plan exists and none was ever applied, so there is no store, and none is `needed`. */
  open(needed: boolean): Promise<StateStore | undefined>;
  /** Gives back what the store stood on. Close the store itself before. */
  close(): Promise<void>;
}

export function openEdgeStore(project: Project): EdgeStore {
  let postgres: KeptPostgres | undefined;
  return {
    async open(needed) {
      if (!needed && !mayHaveStore(project)) return undefined;
      const { url } = project.stateStore;
      if (url !== undefined) return openStateStore({ url });
      postgres ??= await kept(project);
      return openEmbeddedStore(postgres.current());
    },
    async close() {
      await postgres?.release();
    },
  };
}

/** Whoever of the users is there starts the server again when it is lost; the edge's log tells of the store's absence itself. */
async function kept(project: Project): Promise<KeptPostgres> {
  const folder = projectFolder(project);
  const silent = () => undefined;
  return keepPostgres(await usePostgres({ folder }), {
    folder,
    onLost: silent,
    onBack: silent,
    onProblem: silent,
  });
}
