import { emptyObservations } from '../../migration-plans/observe/merge.ts';
import type { Observations } from '../../migration-plans/observe/observation.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { mayHaveStore, openProjectStore } from '../controller/embedded-store.ts';

/** What the edges of a project saw. A store is not made for this question: without one nothing was seen. */
export async function observedBy(
  project: Project,
  since: number | undefined,
  signal?: AbortSignal,
): Promise<Observations> {
  if (!mayHaveStore(project)) return emptyObservations();
  const opened = await openProjectStore(project, signal);
  try {
    return await opened.store.observations(
      since === undefined ? {} : { since: new Date(since).toISOString() },
    );
  } finally {
    await opened.close();
  }
}
