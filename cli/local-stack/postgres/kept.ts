import { setTimeout as sleep } from 'node:timers/promises';
import { BACKOFF, pauseAfter } from '../parts/backoff.ts';
import { type PostgresOptions, type PostgresUse, usePostgres } from './embedded.ts';

/** The embedded server for a process that runs for long: started again when it is lost, on the same port. */
export interface KeptPostgres {
  current(): PostgresUse;
  release(): Promise<void>;
}

export interface KeptOptions extends PostgresOptions {
  onLost(restartInMs: number): void;
  onBack(use: PostgresUse): void;
  onProblem(error: unknown): void;
}

/** Between two looks at whether the server still runs. Milliseconds. */
const LOOK_EVERY_MS = 1000;

/** Keeps a use alive until it is released. */
export function keepPostgres(first: PostgresUse, options: KeptOptions): KeptPostgres {
  const stop = new AbortController();
  let use = first;

  async function watch(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted || use.alive()) continue;
      const pause = pauseAfter(++failures, BACKOFF);
      options.onLost(pause);
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      try {
        const asked = options.asked ?? { port: use.port, setting: 'the embedded PostgreSQL' };
        const next = await usePostgres({ ...options, asked, signal: stop.signal });
        await use.release();
        use = next;
        failures = 0;
        options.onBack(next);
      } catch (error) {
        if (!stop.signal.aborted) options.onProblem(error);
      }
    }
  }

  const watching = watch();
  return {
    current: () => use,
    async release() {
      stop.abort();
      await watching;
      await use.release();
    },
  };
}
