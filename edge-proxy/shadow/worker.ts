import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './comparer.ts';
import { ComparisonDesk } from './comparison-desk.ts';

/** The worker thread of `comparer.ts`: passes messages to the desk, which does the work. */
/** As `nice` counts. */
const BEHIND_USERS = 10;
const { edge } = workerData as { edge: string };
// On Linux this is the priority of the thread alone: comparing gives way to users when there is not enough CPU for both.
if (process.platform === 'linux') setPriority(BEHIND_USERS);

const desk = new ComparisonDesk({ edge, now: Date.now });

parentPort?.on('message', (messages: ToWorker[]) => {
  const replies = messages.map((message) => desk.handle(message)).filter((reply) => reply !== undefined);
  if (replies.length > 0) parentPort?.postMessage(replies satisfies FromWorker[]);
});
