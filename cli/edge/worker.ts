import { runWorker } from '../../edge-proxy/workers/worker.ts';
import { edgeSetup } from './setup.ts';

/** What each worker process of `strangler edge --workers N` runs. */
runWorker(edgeSetup);
