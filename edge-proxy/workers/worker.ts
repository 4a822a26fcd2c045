import cluster from 'node:cluster';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { type RunningEdge, startEdge } from '../server.ts';
import type { FromWorker, ToWorker, WorkerStart } from './protocol.ts';
import type { EdgeSetup, EdgeSetupFunction } from './setup.ts';

/** Time to finish what is under way when the supervisor is gone. Milliseconds. */
const ORPHAN_DEADLINE_MS = 10_000;

let edge: RunningEdge | undefined;
let setup: EdgeSetup | undefined;
let ending: Promise<void> | undefined;

/** Makes this process a worker. The entry module that `startWorkers` names calls it, once and with nothing else to do. */
export function runWorker(edgeSetup: EdgeSetupFunction): void {
  // Signals of a terminal reach the whole process group; when and how workers end is for the supervisor to say.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  // Node would end a worker at once when its supervisor is gone, with whatever is under way.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  process.on('disconnect', () => void end(ORPHAN_DEADLINE_MS));
  process.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'start':
        void start(message, edgeSetup);
        break;
      case 'call':
        void answer(message.id, message.call, message.args);
        break;
      case 'drain':
        void end(message.deadlineMs);
        break;
    }
  });
}

async function start(message: WorkerStart, edgeSetup: EdgeSetupFunction): Promise<void> {
  try {
    setup = await edgeSetup(message.args, message.worker);
    const { options, parts } = setup;
    const { listen, announcedAdminUrl } = message;
    const id = options.id === undefined ? {} : { id: `${options.id}/${message.worker}` };
    edge = await startEdge({ ...options, ...id, listen, announcedAdminUrl }, parts);
    for (const capability of message.kills) await edge.control.kill(capability, true);
    tell({ type: 'listening', url: edge.url, id: edge.id });
  } catch (error) {
    const known = error instanceof StranglerError;
    tell({
      type: 'failed',
      error: {
        code: known ? error.code : 'EDGE_INTERNAL',
        message: error instanceof Error ? error.message : String(error),
        remedy: known ? error.remedy : undefined,
        exitCode: known ? error.exitCode : EXIT.failed,
      },
    });
    await end(0);
  }
}

async function answer(id: number, call: string, args: unknown[]): Promise<void> {
  try {
    tell({ type: 'answer', id, answer: await ask(call, args) });
  } catch (error) {
    tell({ type: 'error', id, message: error instanceof Error ? error.message : String(error) });
  }
}

async function ask(call: string, args: unknown[]): Promise<unknown> {
  if (edge === undefined) throw new Error('the worker is starting');
  const { control } = edge;
  switch (call) {
    case 'ready':
      return control.ready();
    case 'metrics':
      return control.samples();
    case 'status':
      return control.status();
    case 'kill':
      return (await control.kill(String(args[0]), args[1] === true)) ?? null;
    default:
      throw new Error(`no such call: ${call}`);
  }
}

function end(deadlineMs: number): Promise<void> {
  ending ??= (async () => {
    try {
      await edge?.drain(deadlineMs);
      await setup?.close?.();
    } finally {
      process.exit(EXIT.done);
    }
  })();
  return ending;
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
