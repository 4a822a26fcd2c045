import { parentPort, workerData } from 'node:worker_threads';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { mayHaveStore, openProjectStore } from '../../controller/embedded-store.ts';
import { pageOf } from './page.ts';
import type { PageOrder, PageReply } from './thread.ts';

// One page, then this thread ends.
const { project, capability } = workerData as PageOrder;
parentPort?.postMessage(await answer());

async function answer(): Promise<PageReply> {
  if (!mayHaveStore(project)) return { page: undefined };
  try {
    const opened = await openProjectStore(project);
    try {
      return { page: await pageOf(project, opened.store, capability, new Date()) };
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error;
    const { code, message, remedy } = error;
    return { refused: { code, message, remedy } };
  }
}
