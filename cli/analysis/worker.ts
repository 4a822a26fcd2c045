/** The thread that `analyze` starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { WorkerMessage } from './analyze.ts';
import { type AnalyzeOptions, analyzeHere } from './pipeline.ts';

const send = (message: WorkerMessage): void => parentPort?.postMessage(message);

try {
  const analysis = analyzeHere({
    ...(workerData as AnalyzeOptions),
    onProgress: (event) => send({ kind: 'progress', event }),
  });
  send({ kind: 'done', analysis });
} catch (error) {
  if (!(error instanceof StranglerError)) throw error;
  const { code, message, remedy, place, exitCode, status, findings } = error;
  send({
    kind: 'refused',
    code,
    message,
    options: { ...(remedy && { remedy }), ...(place && { place }), exitCode, status, findings },
  });
}
