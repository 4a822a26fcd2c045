import type { EdgeSetup } from '../../../edge-proxy/workers/setup.ts';
import { runWorker } from '../../../edge-proxy/workers/worker.ts';
import { MemoryStore } from './memory-store.ts';
import { Places, partsWith } from './places.ts';
import { reviews } from './revisions.ts';

export interface TestSetup {
  monolith: string;
  service: string;
  /** An address that no edge starts with. */
  fail?: string;
}

/** What test workers run: everything of reviews goes to the service. */
async function edgeSetup(args: unknown, worker: number): Promise<EdgeSetup> {
  const { monolith, service, fail } = args as TestSetup;
  const store = new MemoryStore();
  store.publish(reviews(7, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
  return {
    options: {
      id: 'machine',
      monolith: fail ?? monolith,
      store: store.asStore(),
      answerHeader: 'x-strangler-target',
      log: { level: 'silent' },
      accessLog: false,
      overrideSecret: `the same for all, not ${worker}`.slice(0, 20),
    },
    parts: partsWith(new Places({ 'default/reviews': service })),
  };
}

runWorker(edgeSetup);
