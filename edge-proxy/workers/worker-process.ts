import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../../migration-plans/errors.ts';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { FromWorker, ToWorker, WorkerCall, WorkerCalls, WorkerStart } from './protocol.ts';

/** A worker that does not answer by then is treated as one that is not there. Milliseconds. */
const CALL_LIMIT_MS = 2_000;

interface PendingCall {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** One worker process, seen from the supervisor. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves with its address; rejects with the error that it reports, or when it ends before it listens. */
  readonly listening: Promise<{ url: string; id: string }>;
  /** Resolves when the process is gone, with what it ended by. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  call<C extends WorkerCall>(call: C, ...args: WorkerCalls[C]['args']): Promise<WorkerCalls[C]['answer']>;
  drain(deadlineMs: number): void;
  destroy(): void;
}

/** Starts a worker. `cluster` gives workers a port in common where the system cannot (`reusePort`). */
export function startWorker(entry: URL, start: WorkerStart): WorkerProcess {
  const worker = forked(entry);
  const pending = new Map<number, PendingCall>();
  let calls = 0;
  let gone = false;
  const listening = Promise.withResolvers<{ url: string; id: string }>();
  const exited = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  // Whoever started it looks at both; a worker that fails while nobody does must not end the supervisor.
  listening.promise.catch(() => {});

  worker.on('message', (message: FromWorker) => {
    switch (message.type) {
      case 'listening':
        listening.resolve(message);
        break;
      case 'failed':
        listening.reject(reported(message.error));
        break;
      case 'answer':
        settle(message.id, ({ resolve }) => resolve(message.answer));
        break;
      case 'error':
        settle(message.id, ({ reject }) => reject(new Error(message.message)));
        break;
    }
  });
  worker.on('error', (error) => listening.reject(error));
  worker.on('exit', (code: number | null, signal: string | null) => {
    gone = true;
    listening.reject(new Error(`the worker ended before it listened (${signal ?? `exit code ${code}`})`));
    for (const id of [...pending.keys()])
      settle(id, ({ reject }) => reject(new Error('the worker has ended')));
    exited.resolve({ code, signal });
  });
  tell(start);

  function settle(id: number, how: (call: PendingCall) => void): void {
    const call = pending.get(id);
    if (call === undefined) return;
    pending.delete(id);
    clearTimeout(call.timer);
    how(call);
  }

  function tell(message: ToWorker): void {
    // A worker that ended meanwhile is reported by its exit.
    worker.send(message, undefined, () => {});
  }

  return {
    pid: worker.process.pid,
    listening: listening.promise,
    exited: exited.promise,
    call(call, ...args) {
      if (gone) return Promise.reject(new Error('the worker has ended'));
      calls += 1;
      const id = calls;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          settle(id, (late) =>
            late.reject(new Error(`the worker did not answer within ${CALL_LIMIT_MS} ms`)),
          );
        }, CALL_LIMIT_MS);
        pending.set(id, { resolve: resolve as (answer: unknown) => void, reject, timer });
        tell({ type: 'call', id, call, args });
      });
    },
    drain: (deadlineMs) => tell({ type: 'drain', deadlineMs }),
    destroy: () => void worker.process.kill('SIGKILL'),
  };
}

function forked(entry: URL): Worker {
  cluster.setupPrimary({
    exec: fileURLToPath(entry),
    args: [],
    // Flags of the supervisor (`--eval`, `--inspect`) are not for its workers; NODE_OPTIONS reaches them all the same.
    execArgv: [],
    serialization: 'advanced',
  });
  return cluster.fork();
}

function reported(error: Extract<FromWorker, { type: 'failed' }>['error']): StranglerError {
  const { code, message, remedy, exitCode } = error;
  return new StranglerError(code, message, {
    ...(remedy === undefined ? {} : { remedy }),
    exitCode: exitCode as ExitCode,
  });
}
