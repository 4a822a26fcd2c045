import { parentPort, workerData } from 'node:worker_threads';
import { asForwarded } from './as-forwarded.ts';
import { Batch } from './batch.ts';
import { type MirrorCall, MirrorClient } from './exchange.ts';
import { BATCH_MOST, BATCH_MS } from './limits.ts';
import { mirrorHeaders } from './mirror-headers.ts';
import type { Copy, FromMirror, MirrorThreadOptions, ToMirror } from './mirror-thread.ts';
import { ByteBudget } from './queue.ts';
import { ownBuffers } from './transfer.ts';
import { Turns } from './turns.ts';

/** The worker thread of `mirror-thread.ts`: sends what it is told, and tells what came of it. */
const { connectionsPerOrigin, heldBytes } = workerData as MirrorThreadOptions;
const now = (): number => performance.now();
const client = new MirrorClient(connectionsPerOrigin, new ByteBudget(heldBytes), now);
// As many as there are connections: the time that a copy waits for one of them is not the target's.
const turns = new Turns(connectionsPerOrigin, now);
const port = parentPort!;
const answers = new Batch<FromMirror[number]>(
  (items) => port.postMessage(items, ownBuffers(items.map(({ answer }) => answer))),
  BATCH_MS,
  BATCH_MOST,
);

port.on('message', (message: ToMirror) => {
  if (message.type === 'stop') {
    client.stop();
    return;
  }
  for (const sent of message.calls)
    turns.take(sent.copy.origin, sent.mayWaitMs, (inTime) => {
      if (!inTime) {
        answers.add({ id: sent.id, answer: 'expired' }, sent.urgent);
        return undefined;
      }
      return client
        .send(callOf(sent.copy))
        .then((answer) => answers.add({ id: sent.id, answer }, sent.urgent));
    });
});

function callOf({ rawHeaders, peer, target, overrides, ...call }: Copy): MirrorCall {
  return { ...call, headers: mirrorHeaders(asForwarded(call.url, rawHeaders, peer), target, overrides) };
}
