import type { EdgeStatus } from '../edge-status.ts';
import type { KillRefusal } from '../kill-switch.ts';
import type { Health } from '../lifecycle/stages.ts';

/** What a supervisor asks of a worker, and what each answers. */
export interface WorkerCalls {
  ready: { args: []; answer: Health };
  metrics: { args: []; answer: object[] };
  status: { args: []; answer: EdgeStatus };
  kill: { args: [capability: string, killed: boolean]; answer: KillRefusal | null };
}
export type WorkerCall = keyof WorkerCalls;

/** How a worker is to run. Sent as its first message, so that secrets stand neither in its arguments nor in its environment. */
export interface WorkerStart {
  type: 'start';
  /** Number of the worker, from 1; stays the same when it is started again. */
  worker: number;
  /** For `edgeSetup`. */
  args: unknown;
  listen: { host: string; port: number; reusePort: boolean };
  announcedAdminUrl: string;
  /** Capabilities whose switch is thrown on this machine. */
  kills: string[];
}

export type ToWorker =
  | WorkerStart
  | { type: 'call'; id: number; call: WorkerCall; args: unknown[] }
  | { type: 'drain'; deadlineMs: number };

export type FromWorker =
  | { type: 'listening'; url: string; id: string }
  | { type: 'failed'; error: { code: string; message: string; remedy: string | undefined; exitCode: number } }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'error'; id: number; message: string };
