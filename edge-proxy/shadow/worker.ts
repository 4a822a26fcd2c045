import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './comparer.ts';
import { ComparisonDesk } from './comparison-desk.ts';

/** The worker thread of `comparer.ts`: passes messages to the desk, which does the work. */
const { edge } = workerData as { edge: string };
const desk = new ComparisonDesk({ edge, now: Date.now });

parentPort?.on('message', (message: ToWorker) => {
  const reply = desk.handle(message);
  if (reply !== undefined) parentPort?.postMessage(reply satisfies FromWorker);
});
