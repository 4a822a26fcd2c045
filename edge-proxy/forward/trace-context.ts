import { randomFillSync } from 'node:crypto';

/** W3C Trace Context, version 00 and, as the specification asks, later versions by the same prefix. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

export function isTraceparent(value: string): boolean {
  return value.length >= 55 && TRACEPARENT.test(value) && (value.length === 55 || !value.startsWith('00'));
}

/** Traces for which random bytes are fetched at a time: asking the system for 24 bytes costs as much as asking for 6 000. */
const TRACES = 256;
const HEX_DIGITS = 48;
const pool = Buffer.alloc((TRACES * HEX_DIGITS) / 2);
let hex = '';
let used = 0;

/** A new, unsampled trace: services may correlate their logs by it, but nobody is told to record it. */
export function newTraceparent(): string {
  if (used === hex.length) {
    randomFillSync(pool);
    hex = pool.toString('hex');
    used = 0;
  }
  const traceId = hex.slice(used, used + 32);
  const parentId = hex.slice(used + 32, used + HEX_DIGITS);
  used += HEX_DIGITS;
  return `00-${traceId}-${parentId}-00`;
}
