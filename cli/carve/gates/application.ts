/** Runs an application in its gate folder, on a port of its own, until it is ready. */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { request as send } from 'undici';
import { gateEnvironment, lastWords, type Started, startCommand } from './run-process.ts';

export interface Application {
  url: string;
  said(): string;
  /** Ends it with all that it has started. */
  stop(): Promise<void>;
}

export interface ApplicationOptions {
  folder: string;
  command: string;
  env: Record<string, string>;
  /** Path that answers 200 when it is ready. Undefined: any answer will do. */
  readyPath: string | undefined;
  limitMs: number;
  signal: AbortSignal;
}

export type StartOutcome = { app: Application } | { failed: string; said: string[] };

/** Never rejects for what the application does. */
export async function startApplication(options: ApplicationOptions): Promise<StartOutcome> {
  // Between finding a port and using it somebody else may take it.
  for (let attempt = 1; ; attempt++) {
    const outcome = await startOnce(options, await freePort());
    const taken = 'failed' in outcome && outcome.said.some((line) => line.includes('EADDRINUSE'));
    if (!taken || attempt === 3) return outcome;
  }
}

async function startOnce(options: ApplicationOptions, port: number): Promise<StartOutcome> {
  const { folder, command, env, readyPath, limitMs, signal } = options;
  const started = startCommand(command, {
    cwd: folder,
    env: gateEnvironment(folder, { ...env, PORT: String(port), HOST: '127.0.0.1' }),
    signal,
  });
  const url = `http://127.0.0.1:${port}`;
  let ended: { code: number | null } | undefined;
  void started.ended.then((code) => {
    ended = { code };
  });
  const end = performance.now() + limitMs;
  let last = 'it does not listen on the port that PORT names';
  while (performance.now() < end && !signal.aborted) {
    if (ended !== undefined)
      return {
        failed: `it ended with ${ended.code ?? 'a signal'} before it was ready`,
        said: lastWords(started.said(), 20),
      };
    const answer = await ask(`${url}${readyPath ?? '/'}`);
    if (typeof answer === 'number') {
      if (readyPath === undefined || answer === 200)
        return { app: { url, said: started.said, stop: () => stop(started) } };
      last = `${readyPath} answers ${answer}`;
    }
    await sleep(50);
  }
  await stop(started);
  return {
    failed: `it was not ready after ${limitMs / 1000} s: ${last}`,
    said: lastWords(started.said(), 20),
  };
}

async function ask(url: string): Promise<number | undefined> {
  try {
    const { statusCode, body } = await send(url, { headersTimeout: 5000, bodyTimeout: 5000 });
    await body.dump();
    return statusCode;
  } catch {
    return undefined;
  }
}

/** At once: its database is thrown away, and draining would only wait for our own kept connections. */
async function stop(started: Started): Promise<void> {
  started.end('SIGKILL');
  await started.ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
