import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { disconnect } from './database.ts';
import { requestsInFlight } from './metrics.ts';
import { state } from './platform.ts';

/** What has to be ended; filled in while the service starts. */
export interface Running {
  server: Server | undefined;
  close: () => Promise<void>;
  leave: () => Promise<void>;
}

/** Ends the service on SIGTERM and SIGINT, and when the supervisor that started it is gone. */
export function endOnSignals(running: Running, config: Config): void {
  let ending = false;
  /** Not found any more → whoever found us just before still gets answers → no new connections → last answers → end. */
  const end = async (drainDelay: number): Promise<void> => {
    // A second signal is somebody's impatience.
    if (ending) process.exit(1);
    ending = true;
    state.draining = true;
    await running.leave();
    await sleep(drainDelay);
    setTimeout(() => process.exit(1), config.finishLimit).unref();
    running.server?.close();
    while (requestsInFlight() > 0) await sleep(10);
    await running.close();
    await disconnect();
    process.exit(0);
  };
  /** What goes wrong on the way out must not keep the process. */
  const endOrDie = (drainDelay: number): void => {
    end(drainDelay).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  };
  process.on('SIGTERM', () => endOrDie(config.drainDelay));
  process.on('SIGINT', () => endOrDie(config.drainDelay));
  // Started by a supervisor: when that is gone, even by kill -9, this process must not stay behind.
  if (process.send) {
    if (!process.connected) endOrDie(0);
    process.on('disconnect', () => {
      if (!ending) endOrDie(0);
    });
  }
}
