/** The thread that `dryRunCarve` starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { StranglerError } from '../../migration-plans/errors.ts';
import { type CarveMessage, type DryRunOptions, dryRunHere } from './carve.ts';

const send = (message: CarveMessage): void => parentPort?.postMessage(message);

try {
  const plan = dryRunHere({
    ...(workerData as DryRunOptions),
    onProgress: (event) => send({ kind: 'progress', event }),
  });
  send({ kind: 'done', plan });
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
