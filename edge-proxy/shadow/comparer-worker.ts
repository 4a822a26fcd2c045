import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../thread-priority.ts';
import type { FromComparer, ToComparer } from './comparer.ts';
import { ComparisonDesk, type FromDesk, type ToDesk } from './comparison-desk.ts';

/** The worker thread of `comparer.ts`: passes messages to the desk, which does the work. */
const { edge } = workerData as { edge: string };
giveWay();

const desk = new ComparisonDesk({ edge, now: Date.now });
let line: MessagePort | undefined;

parentPort!.on('message', (message: ToComparer) => {
  if (message.type === 'line') {
    line?.close();
    desk.forgetWaiting();
    line = message.port;
    serve(message.port);
  } else {
    parentPort!.postMessage({ id: message.id, deltas: desk.drain() } satisfies FromComparer);
  }
});

function serve(port: MessagePort): void {
  port.on('message', (messages: ToDesk[]) => {
    const replies = messages.map((message) => desk.handle(message)).filter((reply) => reply !== undefined);
    if (replies.length > 0) port.postMessage(replies satisfies FromDesk[]);
  });
}
