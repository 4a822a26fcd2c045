import type { Target } from '../../migration-plans/revision/revision.ts';
import type { ForwardFailure, ForwardResult } from '../forward/port.ts';

/** The spans of one request: one for the request itself, one for each attempt at an upstream. */
export interface RequestSpan {
  readonly traceId: string;
  /** Begins the span of an attempt; returns the `traceparent` that names it to the upstream. */
  attemptStarts(target: Target): string;
  attemptEnded(
    target: Target,
    endpoint: string,
    status: number,
    failure: ForwardFailure | undefined,
    ms: number,
  ): void;
  ended(result: ForwardResult): void;
}

export interface Tracing {
  begin(request: TracedRequest): RequestSpan;
  /** Hands what is held to the collector, within the deadline. */
  close(deadlineMs: number): Promise<void>;
}

export interface TracedRequest {
  method: string;
  /** Plan route or `unclaimed`: span names are bounded like metric labels. */
  route: string;
  capability: string | undefined;
  clientAddress: string;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

/** Trace id of a W3C `traceparent` (version 00 or later, not all zero), or of AWS X-Ray's header; undefined: there is none. */
export function traceIdOf(traceparent: string | undefined, amazon: string | undefined): string | undefined {
  const w3c = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (w3c && w3c[1] !== 'ff' && w3c[2] !== ZERO) return w3c[2];
  const xray = amazon === undefined ? null : XRAY.exec(amazon.slice(0, 256));
  return xray ? `${xray[1]}${xray[2]}` : undefined;
}

const ZERO = '0'.repeat(32);
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;
const XRAY = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})/i;

/**
 * Spans through OpenTelemetry, loaded only when an endpoint is configured: an edge without one pays nothing for it, neither at
 * start nor per request.
 */
export async function startTracing(endpoint: string | undefined, edge: string): Promise<Tracing | undefined> {
  if (endpoint === undefined || endpoint === '') return undefined;
  const { startOpenTelemetry } = await import('./open-telemetry.ts');
  return startOpenTelemetry(endpoint, edge);
}
