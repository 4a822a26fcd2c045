import { runWorker } from '../../edge-proxy/workers/worker.ts';
import { type EdgeArguments, setUpEdge } from './setup.ts';

// A worker process of `strangler edge --workers`: it opens a state store of its own.
runWorker((args) => setUpEdge(args as EdgeArguments));
