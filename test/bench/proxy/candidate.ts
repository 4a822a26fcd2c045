/** What every proxy under test gets from the runner, as environment variables. */
export const ORIGIN_URL = process.env.BENCH_ORIGIN ?? 'http://127.0.0.1:9000';

/** What a process says of its memory, after a collection where it may ask for one (`--expose-gc`). Bytes. */
export interface MemoryFigures {
  rss: number;
  heap: number;
  external: number;
}

export function memoryFigures(): MemoryFigures {
  globalThis.gc?.();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, external: external + arrayBuffers };
}

/** What the runner may ask of a candidate: a name, and one value. */
export type Answers = Record<string, (value: unknown) => unknown>;

/** Tells the runner that this process listens, answers what it asks, and stays until it is disconnected. */
export function listening(port: number, answers: Answers = {}): void {
  const all: Answers = { memory: memoryFigures, ...answers };
  process.on('message', async (message) => {
    const { ask, value } = message as { ask: string; value?: unknown };
    process.send?.({ answer: await all[ask]?.(value) });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port });
}
