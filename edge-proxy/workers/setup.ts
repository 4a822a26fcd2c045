import type { EdgeParts } from '../edge.ts';
import type { StartEdgeOptions } from '../server.ts';

/** What a worker needs besides where it listens. */
export interface EdgeSetup {
  options: Omit<StartEdgeOptions, 'listen' | 'admin'>;
  parts?: EdgeParts;
  /** Called when the worker has drained: closes what the setup opened, such as the state store. */
  close?(): Promise<void>;
}

/**
 * What the entry module of a worker hands to `runWorker`. A state store cannot be handed from process to process, so each worker opens
 * its own. `args` are those of `startWorkers`, copied; `worker` counts from 1.
 */
export type EdgeSetupFunction = (args: unknown, worker: number) => Promise<EdgeSetup>;
