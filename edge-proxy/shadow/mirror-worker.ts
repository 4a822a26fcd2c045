import { parentPort, workerData } from 'node:worker_threads';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { MirrorClient } from './exchange.ts';
import type { FromMirror, ToMirror } from './mirror-thread.ts';
import { ByteBudget } from './queue.ts';

/** The worker thread of `mirror-thread.ts`: sends what it is told, and tells what came of it. */
const { connectionsPerOrigin, heldBytes } = workerData as { connectionsPerOrigin: number; heldBytes: number };
const client = new MirrorClient(connectionsPerOrigin, new ByteBudget(heldBytes), () => performance.now());
const port = parentPort!;

port.on('message', async (message: ToMirror) => {
  if (message.type === 'stop') {
    client.stop();
    return;
  }
  const answer = await client.send(message.call);
  port.postMessage({ id: message.id, answer } satisfies FromMirror, handedOver(answer));
});

/** Handing a buffer over costs more than copying a small one. */
const COPIED_BYTES = 16_384;

function handedOver(answer: ShadowAnswer): ArrayBuffer[] {
  if ('failure' in answer || answer.body === undefined || answer.body.length <= COPIED_BYTES) return [];
  return [answer.body.buffer as ArrayBuffer];
}
