import { Worker } from 'node:worker_threads';
import type { ReportPage, ReportSource } from '../../../edge-proxy/admin/server.ts';
import { StranglerError } from '../../../migration-plans/errors.ts';
import type { Project } from '../../../migration-plans/project/project.ts';

/** What the thread is told. */
export interface PageOrder {
  project: Project;
  capability: string;
}

/** What it answers. */
export type PageReply =
  | { page: ReportPage | undefined }
  | { refused: { code: string; message: string; remedy: string | undefined } };

const LIMIT_MS = 30_000;
const HEAP_MB = 512;

/**
 * Makes each page in a thread of its own, with a state store of its own: judging and rendering thousands of clusters takes half a second,
 * which no user's request should have to wait for. A thread that takes too long or too much memory is ended.
 */
export function pagesInThread(project: Project): ReportSource {
  // The same extension as this file has: the checkout runs TypeScript, the package JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`./worker.${extension}`, import.meta.url);
  return (capability) => {
    const order: PageOrder = { project, capability };
    const worker = new Worker(entry, {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.unref();
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => reject(failed('REPORT_FAILED', message));
      const timer = setTimeout(() => {
        fail('the report took too long to make');
        void worker.terminate();
      }, LIMIT_MS);
      timer.unref();
      worker.once('message', (reply: PageReply) => {
        if ('page' in reply) resolve(reply.page);
        else reject(failed(reply.refused.code, reply.refused.message, reply.refused.remedy));
      });
      worker.once('error', (error) => fail(error instanceof Error ? error.message : 'unknown failure'));
      worker.once('exit', () => {
        clearTimeout(timer);
        fail('the report could not be made');
      });
    });
  };
}

function failed(code: string, message: string, remedy?: string): StranglerError {
  return new StranglerError(code, message, { status: 503, ...(remedy === undefined ? {} : { remedy }) });
}
