import { EXIT } from '../../migration-plans/errors.ts';

/** What a process that runs an edge needs to know of it. */
export interface Drainable {
  drain(deadlineMs?: number): Promise<unknown>;
}

export interface EdgeProcessOptions {
  /** For tests: where signals come from and how the process ends. */
  process?: Pick<NodeJS.Process, 'on' | 'off' | 'exit'>;
  deadlineMs?: number;
  onSignal?(signal: NodeJS.Signals, count: number): void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs an edge until it is told to end. The first SIGTERM or SIGINT drains and the process ends with 0; a second one ends it at
 * once with 130. Resolves with the exit code when the edge has drained.
 */
export async function runEdgeProcess(
  start: () => Promise<Drainable>,
  options: EdgeProcessOptions = {},
): Promise<number> {
  const host = options.process ?? process;
  let signals = 0;
  let signalled: (() => void) | undefined;
  const firstSignal = new Promise<void>((resolve) => {
    signalled = resolve;
  });
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    options.onSignal?.(signal, signals);
    if (signals === 1) signalled?.();
    else host.exit(EXIT.interrupted);
  };
  for (const signal of SIGNALS) host.on(signal, onSignal);
  try {
    const edge = await start();
    await firstSignal;
    await edge.drain(options.deadlineMs);
    return EXIT.done;
  } finally {
    for (const signal of SIGNALS) host.off(signal, onSignal);
  }
}
