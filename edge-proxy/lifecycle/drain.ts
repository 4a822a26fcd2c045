import { within } from '../within.ts';

/** The parts of an edge in the order in which they are brought to rest. Each is optional work of another file. */
export interface DrainParts {
  /** Readiness fails from here on; answers say that their connection ends. */
  announce(): Promise<void> | void;
  /** No new connections; idle ones are closed. Resolves when all are. */
  stopAccepting(): Promise<void>;
  /** Resolves when no exchange is under way. */
  finished(): Promise<void>;
  /** What is still under way at the deadline is cut; returns how many. */
  cutOff(): number;
  /** Destroys connections on which nothing is under way any more. */
  closeConnections(): void;
  /** Named, so that one that fails or hangs is told apart. In order. */
  closing: readonly { name: string; run(remainingMs: number): Promise<void> | void }[];
}

export interface DrainTimes {
  /** Between failing readiness and refusing connections, for load balancers to notice. Milliseconds. */
  delayMs: number;
  /** For everything together. Milliseconds. */
  deadlineMs: number;
}

export interface DrainOutcome {
  /** Exchanges that were cut at the deadline. */
  cut: number;
  ms: number;
  problems: { part: string; message: string }[];
}

/** Kept for closing the parts even when exchanges use up the deadline. Milliseconds. */
const CLOSING_RESERVE_MS = 2_000;

const LAST_BYTES_MS = 500;

/**
 * Not ready → wait → stop accepting → finish what is under way → close the parts in order. Nothing after the deadline is waited for,
 * and no part that fails keeps the others from closing.
 */
export async function drain(parts: DrainParts, times: DrainTimes): Promise<DrainOutcome> {
  const startedAt = performance.now();
  const remaining = () => Math.max(0, times.deadlineMs - (performance.now() - startedAt));
  const problems: DrainOutcome['problems'] = [];
  const guarded = async (part: string, limitMs: number, work: () => Promise<void> | void) => {
    try {
      const inTime = await within(limitMs, Promise.resolve(work()));
      if (!inTime) problems.push({ part, message: `did not end within ${Math.round(limitMs)} ms` });
    } catch (error) {
      problems.push({ part, message: error instanceof Error ? error.message : String(error) });
    }
  };

  await guarded('announce', Math.min(1_000, times.deadlineMs), () => parts.announce());
  await pause(Math.min(times.delayMs, remaining()));
  const stopped = parts.stopAccepting();
  const reserve = Math.min(CLOSING_RESERVE_MS, times.deadlineMs / 2);
  const inTime = await within(Math.max(0, remaining() - reserve), parts.finished());
  const cut = inTime ? 0 : parts.cutOff();
  // The last bytes of finished answers may still be on their way; after this only connections that never asked for anything are left.
  if (!(await within(Math.min(LAST_BYTES_MS, Math.max(50, remaining())), stopped))) parts.closeConnections();
  await guarded('connections', Math.max(100, Math.min(1_000, remaining())), () => stopped);
  for (const { name, run } of parts.closing) {
    const limitMs = Math.max(100, remaining());
    await guarded(name, limitMs, () => run(limitMs));
  }
  return { cut, ms: performance.now() - startedAt, problems };
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
