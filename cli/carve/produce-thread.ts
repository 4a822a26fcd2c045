import { Worker } from 'node:worker_threads';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { AnalyzeProgress } from '../analysis/pipeline.ts';
import type { ProduceOptions, Production } from './produce.ts';

export type ProduceMessage =
  | { kind: 'progress'; event: AnalyzeProgress }
  | { kind: 'done'; production: Production }
  | {
      kind: 'refused';
      code: string;
      message: string;
      options: ConstructorParameters<typeof StranglerError>[2];
    };

/** `produce` in a thread of its own: deep programs need a deep stack, and its memory is bounded. */
export function produceInThread(options: ProduceOptions): Promise<Production> {
  const { onProgress, ...plain } = options;
  return new Promise((resolve, reject) => {
    const file = new URL(
      `./produce-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
      import.meta.url,
    );
    const worker = new Worker(file, {
      workerData: plain,
      resourceLimits: { stackSizeMb: 48, maxOldGenerationSizeMb: 4096 },
    });
    worker.on('message', (message: ProduceMessage) => {
      if (message.kind === 'progress') onProgress?.(message.event);
      else if (message.kind === 'done') resolve(message.production);
      else reject(new StranglerError(message.code, message.message, message.options));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the planning thread ended with ${code}`)));
  });
}
