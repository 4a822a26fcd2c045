import { randomFillSync } from 'node:crypto';

/** W3C Trace Context, version 00 and, as the specification asks, later versions by the same prefix. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

export function isTraceparent(value: string): boolean {
  return value.length >= 55 && TRACEPARENT.test(value) && (value.length === 55 || !value.startsWith('00'));
}

const POOL_BYTES = 24 * 256;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** A new, unsampled trace: services may correlate their logs by it, but nobody is told to record it. */
export function newTraceparent(): string {
  if (used === POOL_BYTES) {
    // One call for many requests: asking the system for 24 bytes costs as much as asking for 6 000.
    randomFillSync(pool);
    used = 0;
  }
  const traceId = pool.toString('hex', used, used + 16);
  const parentId = pool.toString('hex', used + 16, used + 24);
  used += 24;
  return `00-${traceId}-${parentId}-00`;
}
