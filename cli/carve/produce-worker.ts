/** The thread that `produceInThread` starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { StranglerError } from '../../migration-plans/errors.ts';
import { MAKERS } from './makers.ts';
import { type ProduceOptions, produce } from './produce.ts';
import type { ProduceMessage } from './produce-thread.ts';

const send = (message: ProduceMessage): void => parentPort?.postMessage(message);

try {
  const production = await produce(
    { ...(workerData as ProduceOptions), onProgress: (event) => send({ kind: 'progress', event }) },
    MAKERS,
  );
  send({ kind: 'done', production });
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
