import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Analysis } from './model.ts';
import { type AnalyzeOptions, type AnalyzeProgress, analyzeHere } from './pipeline.ts';

export type { Analysis } from './model.ts';
export type { AnalyzeOptions, AnalyzeProgress } from './pipeline.ts';

/** Deep programs need a deep stack; the default one of Node's main thread is below a megabyte. */
const STACK_MEGABYTES = 48;

/**
 * Analyses a Node project without running or changing it. Runs in a thread of its own, which keeps the caller responsive
 * and bounds memory.
 *
 * @throws StranglerError `ANALYZE_NO_FOLDER`, `ANALYZE_NOT_NODE`, `ANALYZE_BAD_CAPABILITY`, `ANALYZE_UNKNOWN_MEMBER`
 */
export async function analyze(options: AnalyzeOptions): Promise<Analysis> {
  const { onProgress, ...plain } = options;
  return new Promise((resolve, reject) => {
    const file = new URL(
      `./worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
      import.meta.url,
    );
    if (file.protocol === 'file:' && !existsSync(file)) {
      // Bundled into one file: there is no second one to start a thread from.
      try {
        resolve(analyzeHere(options));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      return;
    }
    const worker = new Worker(file, {
      workerData: plain,
      resourceLimits: { stackSizeMb: STACK_MEGABYTES, maxOldGenerationSizeMb: 4096 },
    });
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress?.(message.event);
      else if (message.kind === 'done') resolve(message.analysis);
      else reject(new StranglerError(message.code, message.message, message.options));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the analysis thread ended with ${code}`)));
  });
}

export type WorkerMessage =
  | { kind: 'progress'; event: AnalyzeProgress }
  | { kind: 'done'; analysis: Analysis }
  | {
      kind: 'refused';
      code: string;
      message: string;
      options: ConstructorParameters<typeof StranglerError>[2];
    };
