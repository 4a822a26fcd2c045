import { helpersGiveWay } from '../../edge-proxy/thread-priority.ts';
import { runWorker } from '../../edge-proxy/workers/worker.ts';
import { type EdgeArguments, setUpEdge } from './setup.ts';

// A worker process of `strangler edge --workers`: it opens a state store of its own.
helpersGiveWay();
runWorker((args) => setUpEdge(args as EdgeArguments));
