import { createServer } from 'node:net';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { AdminServer, AdminTarget } from '../admin/server.ts';
import type { KillRefusal } from '../kill-switch.ts';
import type { Stage } from '../lifecycle/stages.ts';
import { listening } from '../listener.ts';
import { type AdminListen, listenForAdmin } from '../server.ts';
import { joinHealth, joinMetrics } from './join.ts';
import { restartDelay, SETTLED_MS } from './restart-delay.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

export interface WorkersOptions {
  /** Worker processes. */
  count: number;
  listen: { host: string; port: number };
  admin: AdminListen;
  /** Module that a worker process runs: it calls `runWorker` of `worker.ts`. */
  entry: URL;
  /** What its setup is called with: must be copyable to another process. Sent as a message, so it may hold secrets. */
  args: unknown;
  deadlineMs?: number;
  /** Told what happens to workers, for the log. */
  onEvent?(event: WorkerEvent): void;
}

export type WorkerEvent =
  | { kind: 'listening'; worker: number; pid: number | undefined; id: string }
  | { kind: 'ended'; worker: number; code: number | null; signal: string | null; restartInMs: number }
  | { kind: 'failed'; worker: number; message: string };

/** Several edges on one port, seen as one. */
export interface RunningWorkers {
  readonly url: string;
  readonly adminUrl: string;
  readonly control: AdminTarget;
  pids(): (number | undefined)[];
  drain(deadlineMs?: number): Promise<void>;
  close(): Promise<void>;
}

interface Slot {
  number: number;
  process: WorkerProcess | undefined;
  crashes: number;
  timer: NodeJS.Timeout | undefined;
}

const DEADLINE_MS = 30_000;
/** A worker that is still there so long after its deadline is killed. Milliseconds. */
const KILL_AFTER_MS = 2_000;

/** Where each process can have a listening socket of its own on the same port, the kernel spreads connections over them. */
const REUSE_PORT = process.platform === 'linux' || process.platform === 'freebsd';

/**
 * Runs worker processes that share a port and nothing else. Each follows the state store by itself; what a client can see they agree on,
 * because decisions depend on the revision, the request and the common secret alone. Crashed ones are started again, with growing pauses.
 * Rejects with what the first worker reports, or `EDGE_LISTEN`; then nothing is left running.
 */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { count, onEvent = () => {} } = options;
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    throw new StranglerError('EDGE_WORKERS', `${count} is no number of workers.`, {
      remedy: 'Give a whole number from 1 to 256; as many as there are processors is a good one.',
      exitCode: 2,
    });
  }
  let stage: Stage = 'starting';
  let restarts = 0;
  const kills = new Set<string>();
  const slots: Slot[] = Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    process: undefined,
    crashes: 0,
    timer: undefined,
  }));
  const control = controlOf();
  const admin: AdminServer = await listenForAdmin(control, options.admin);
  let { port } = options.listen;
  let url: string;
  try {
    // A socket that may be shared is shared with anybody of this user: without a look first, a second edge would go unnoticed.
    await listening('listen', options.listen, () => checkFree(options.listen));
    // Where the port is the system's to choose, the first worker learns it.
    url = (await launch(slots[0]!)).url;
    port = Number(new URL(url).port);
    await Promise.all(slots.slice(1).map(launch));
  } catch (error) {
    await endAll(0);
    await admin.close();
    throw error;
  }
  stage = 'ready';
  process.once('exit', endWithSupervisor);
  for (const slot of slots) void keepAlive(slot);

  async function launch(slot: Slot): Promise<{ url: string; id: string }> {
    const process = startWorker(options.entry, {
      type: 'start',
      worker: slot.number,
      args: options.args,
      listen: { host: options.listen.host, port, reusePort: REUSE_PORT },
      announcedAdminUrl: admin.url,
      kills: [...kills],
    });
    slot.process = process;
    const listens = await process.listening;
    onEvent({ kind: 'listening', worker: slot.number, pid: process.pid, id: listens.id });
    return listens;
  }

  async function keepAlive(slot: Slot): Promise<void> {
    while (stage === 'ready' && slot.process !== undefined) {
      const startedAt = performance.now();
      const { code, signal } = await slot.process.exited;
      slot.process = undefined;
      if (stage !== 'ready') return;
      slot.crashes = performance.now() - startedAt >= SETTLED_MS ? 1 : slot.crashes + 1;
      const restartInMs = restartDelay(slot.crashes);
      onEvent({ kind: 'ended', worker: slot.number, code, signal, restartInMs });
      await new Promise<void>((resolve) => {
        slot.timer = setTimeout(resolve, restartInMs);
      });
      if (stage !== 'ready') return;
      restarts += 1;
      // Its exit is what the loop waits for next, so a start that fails is retried with a longer pause.
      await launch(slot).catch((error: unknown) => {
        onEvent({
          kind: 'failed',
          worker: slot.number,
          message: error instanceof Error ? error.message : String(error),
        });
      });
    }
  }

  /** What each worker answers; undefined: it does not. */
  function askAll<T>(ask: (worker: WorkerProcess) => Promise<T>): Promise<(T | undefined)[]> {
    return Promise.all(
      slots.map(async ({ process }) => {
        try {
          return process && (await ask(process));
        } catch {
          return undefined;
        }
      }),
    );
  }

  function controlOf(): AdminTarget {
    const started = () => ({
      ok: stage !== 'starting',
      stage,
      reasons: stage === 'starting' ? ['the workers are starting'] : [],
    });
    return {
      live: () => ({ ok: true, stage, reasons: [] }),
      started,
      ready: async () => joinHealth(stage, await askAll((worker) => worker.call('ready'))),
      async metrics() {
        const samples = await askAll((worker) => worker.call('metrics'));
        const known = samples.filter((each) => each !== undefined);
        const text = await joinMetrics(known, ownMetrics(count, known.length, restarts));
        return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text };
      },
      samples: async () => [],
      async status() {
        const workers = await askAll((worker) => worker.call('status'));
        return { stage, workers: workers.map((status) => status ?? null), restarts };
      },
      kills: () => [...kills].sort(),
      async kill(capability, killed) {
        const refusals = await askAll((worker) => worker.call('kill', capability, killed));
        const refusal = refusals.find((each): each is KillRefusal => typeof each === 'string');
        if (refusal !== undefined) return refusal;
        // Also for workers that are being started again: they are told at their start.
        if (killed) kills.add(capability);
        else kills.delete(capability);
        return undefined;
      },
      drain: () => void drain(),
    };
  }

  /** A process that ends although it is draining was told a second time: then nobody waits for what is under way. */
  function endWithSupervisor(): void {
    if (stage === 'draining') for (const slot of slots) slot.process?.destroy();
  }

  let draining: Promise<void> | undefined;
  function drain(deadlineMs = options.deadlineMs ?? DEADLINE_MS): Promise<void> {
    stage = 'draining';
    draining ??= (async () => {
      await endAll(deadlineMs);
      stage = 'closed';
      process.off('exit', endWithSupervisor);
      await admin.close();
    })();
    return draining;
  }

  async function endAll(deadlineMs: number): Promise<void> {
    for (const { timer } of slots) clearTimeout(timer);
    await Promise.all(
      slots.map(async ({ process }) => {
        if (process === undefined) return;
        process.drain(deadlineMs);
        const timer = setTimeout(() => process.destroy(), deadlineMs + KILL_AFTER_MS);
        await process.exited;
        clearTimeout(timer);
      }),
    );
  }

  return {
    url,
    adminUrl: admin.url,
    control,
    pids: () => slots.map(({ process }) => process?.pid),
    drain,
    close: () => drain(0),
  };
}

function checkFree(at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: at.host, port: at.port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

function ownMetrics(workers: number, answering: number, restarts: number): string {
  return `
# HELP strangler_workers Worker processes that are to run.
# TYPE strangler_workers gauge
strangler_workers ${workers}

# HELP strangler_workers_answering Worker processes that answered this scrape.
# TYPE strangler_workers_answering gauge
strangler_workers_answering ${answering}

# HELP strangler_worker_restarts_total Worker processes started again after a crash.
# TYPE strangler_worker_restarts_total counter
strangler_worker_restarts_total ${restarts}
`;
}
