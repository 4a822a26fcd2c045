import { parentPort, workerData } from 'node:worker_threads';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { giveWay } from '../thread-priority.ts';
import { keepTickShape } from '../tick-shape.ts';
import { Batch } from './batch.ts';
import { ComparisonLine } from './comparison-line.ts';
import { CopySender } from './copy-sender.ts';
import { keepNewest } from './keyed-once.ts';
import { BATCH_MOST, BATCH_MS } from './limits.ts';
import {
  type MirrorThreadOptions,
  OUTCOMES,
  type Outcome,
  type SentCopy,
  type ToMirror,
} from './mirror-thread.ts';
import { type MirroringParts, mirror } from './mirroring.ts';
import { ByteBudget } from './queue.ts';
import { RateLimit } from './rate-limit.ts';

/** The worker thread of `mirror-thread.ts`: mirrors what it is told, and tells what came of it. */
const { monolithUrl, monolithTls, connectionsPerOrigin, heldBytes, confirmationsPerSecond, forwarding } =
  workerData as MirrorThreadOptions;
giveWay();
keepTickShape();
const now = (): number => performance.now();
const sender = new CopySender(
  {
    connectionsPerOrigin,
    budget: new ByteBudget(heldBytes),
    tls: monolithTls === undefined ? {} : { [monolithUrl]: monolithTls },
  },
  now,
);
const line = new ComparisonLine();
const confirmations = new RateLimit(confirmationsPerSecond, now());
const plans = new Map<number, Plan>();
const port = parentPort!;
const outcomes = new Batch<{ id: number; outcome: Outcome }>(
  (items) => port.postMessage(items.flatMap(({ id, outcome }) => [id, OUTCOMES.indexOf(outcome)])),
  BATCH_MS,
  BATCH_MOST,
);
let stopped = false;
const parts: MirroringParts = {
  monolithUrl,
  forwarding,
  send: (call, mayWaitMs) => sender.send(call, mayWaitMs),
  compare: (id, plan, job, urgent) => line.compare(id, plan, job, urgent),
  confirm: (id, again) => line.confirm(id, again),
  mayConfirm: () => confirmations.take(now()),
  stopped: () => stopped,
};

port.on('message', (message: ToMirror) => {
  switch (message.type) {
    case 'stop':
      stopped = true;
      sender.stop();
      return;
    case 'comparer':
      line.connect(message.port);
      return;
    case 'copies':
      for (const [key, plan] of message.plans) keepNewest(plans, key, plan);
      for (const copy of message.copies) void carry(copy);
  }
});

async function carry(copy: SentCopy): Promise<void> {
  const plan = plans.get(copy.planKey);
  // Whatever goes wrong here is no word about the service, and must not end the copies beside it.
  const outcome = plan === undefined ? 'lost' : await mirror(copy, plan, parts).catch((): Outcome => 'lost');
  // The user's next write waits for this one.
  outcomes.add({ id: copy.id, outcome }, copy.sandboxed || stopped);
}
