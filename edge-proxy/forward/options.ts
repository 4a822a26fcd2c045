import type { PoolLimits } from './connection-pool.ts';
import { DEFAULT_FORWARDING_HEADERS, type ForwardingHeaders } from './forwarding-headers.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** Every bound of the forwarder. Times in milliseconds, sizes in bytes. */
export interface ForwardLimits extends PoolLimits {
  /** Wait for a connection when all are in use; then 503. */
  queueMs: number;
  /** Largest request body; 0: unlimited. Declared ones beyond it are refused before anything is sent, others cut off. */
  maxRequestBytes: number;
  /** Between two pieces of a request's body, on top of what a route says; then 408. 0: only what the route says. */
  requestIdleMs: number;
  /** What is kept of a request's body so that it can be sent again. */
  replayBytes: number;
  /** Attempts at other endpoints of the same upstream. */
  retries: number;
  /** A write takes a kept connection only if it was used this recently: the less idle, the less likely it is just being closed. */
  writeReuseMs: number;
  /** After an early answer the rest of an upload is read and dropped for so long, and so much, before the connection is closed. */
  lingerMs: number;
  lingerBytes: number;
  /** A tunnel in which nothing moves for so long is closed; 0: never. Dead peers are found by TCP's own probes. */
  tunnelIdleMs: number;
}

export const DEFAULT_FORWARD_LIMITS: ForwardLimits = {
  maxSockets: 1024,
  maxQueue: 1024,
  queueMs: 2000,
  idleMs: 4000,
  idleMarginMs: 1000,
  maxHeadBytes: 65_536,
  maxRequestBytes: 0,
  requestIdleMs: 60_000,
  replayBytes: 65_536,
  retries: 1,
  writeReuseMs: 1000,
  lingerMs: 2000,
  lingerBytes: 1_048_576,
  tunnelIdleMs: 3_600_000,
};

export interface ForwarderOptions {
  limits?: Partial<ForwardLimits>;
  headers?: Partial<ForwardingHeaders>;
  /** Told of errors that should not be possible; the exchange in which one occurs is cut. Default: a warning of the process. */
  onDefect?: (error: unknown) => void;
  /** For tests. Default: one of its own. */
  wheel?: TimerWheel;
}

export interface ResolvedOptions {
  limits: ForwardLimits;
  headers: ForwardingHeaders;
}

export function resolveOptions(options: ForwarderOptions): ResolvedOptions {
  return {
    limits: { ...DEFAULT_FORWARD_LIMITS, ...options.limits },
    headers: { ...DEFAULT_FORWARDING_HEADERS, ...options.headers },
  };
}
