import { isAbsolute, relative } from 'node:path';
import { EXIT } from '../migration-plans/errors.ts';
import { run } from './run.ts';

/** The command line of this process: its exit code is left in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  let streams = false;
  tolerateClosedPipes(() => streams);
  const stop = interruption();
  try {
    process.exitCode = await run(argv, {
      streams: process,
      cwd: folderOfCall(process.env, process.cwd()),
      signal: stop.signal,
      onCommand: (spec) => {
        streams = spec.streams === true;
      },
    });
  } finally {
    stop.release();
  }
}

/** One Ctrl-C under `npx` arrives twice: from the terminal, and passed on by npm. Milliseconds. */
const SAME_INTERRUPTION_MS = 400;

/** The first signal asks the command to end in order, the second ends the process at once. */
function interruption(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > SAME_INTERRUPTION_MS) process.exit(EXIT.interrupted);
      return;
    }
    firstAt = performance.now();
    controller.abort(new Interrupted('interrupted'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

class Interrupted extends Error {
  override readonly name = 'AbortError';
}

/**
 * `strangler history | head -1`: a reader that has seen enough is no error. One that runs until it is stopped goes on: an edge
 * serves its users whether or not somebody reads what it says.
 */
function tolerateClosedPipes(goesOn: () => boolean): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!goesOn()) process.exit(process.exitCode ?? EXIT.done);
    });
}

/** npx moves up to the workspace's root before it runs a command, and says where it was typed. */
function folderOfCall(env: NodeJS.ProcessEnv, cwd: string): string {
  const { npm_command, INIT_CWD } = env;
  if (npm_command !== 'exec' || INIT_CWD === undefined) return cwd;
  // Inherited from another npx further up, it names a folder elsewhere.
  const below = relative(cwd, INIT_CWD);
  return below.startsWith('..') || isAbsolute(below) ? cwd : INIT_CWD;
}
