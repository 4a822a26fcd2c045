import { setTimeout as sleep } from 'node:timers/promises';

/** Status of a GET, or why there is none. The body is thrown away. */
export async function probe(url: string, limitMs: number, signal?: AbortSignal): Promise<number | string> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    if (limit.aborted) return `no answer within ${limitMs} ms`;
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    return cause?.code ?? cause?.message ?? message;
  }
}

/** Asks until the answer is 2xx. The last answer when the time is over; undefined: ready. */
export async function waitUntilReady(
  url: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<number | string | undefined> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await probe(url, 2000, signal);
    if (typeof answer === 'number' && answer >= 200 && answer < 300) return undefined;
    if (signal.aborted || performance.now() >= end) return answer;
    await sleep(75, undefined, { signal }).catch(() => undefined);
  }
}
