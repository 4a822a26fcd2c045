import type { Logger } from 'pino';
import type { ForwardResult } from '../forward/port.ts';

/** What a line tells. Values of cookies, credentials and the query are never part of it. */
export interface AccessEntry {
  method: string;
  url: string;
  capability: string | undefined;
  route: string | undefined;
  phase: string | undefined;
  reason: string;
  clientAddress: string;
  traceId: string | undefined;
  requestId: string;
  ms: number;
  result: ForwardResult;
}

export interface AccessLogOptions {
  /** Lines per second beyond which only one of `oneIn` ordinary requests is written. Errors and fallbacks always are, up to ten times that. */
  fullPerSecond?: number;
  oneIn?: number;
  /** An answer slower than this counts as unusual. Milliseconds. */
  slowMs?: number;
}

export interface AccessLogStats {
  written: number;
  sampledOut: number;
  dropped: number;
}

export interface AccessLog {
  /** Whether the request that just ended is written; asked before anything is gathered for it. 0: no, 1: yes, n: it stands for n. */
  weigh(now: number, ms: number, result: ForwardResult): number;
  write(entry: AccessEntry, weight: number): void;
  /** A line found no room in the writer's buffer. */
  countDrop(): void;
  stats(): AccessLogStats;
}

/**
 * Structured access log. Under load ordinary requests are sampled, so that the log costs a bounded amount of CPU whatever the
 * traffic; every written line says for how many it stands.
 */
export function createAccessLog(logger: Logger, options: AccessLogOptions = {}): AccessLog {
  const { fullPerSecond = 200, oneIn = 100, slowMs = 1_000 } = options;
  let second = 0;
  let ordinary = 0;
  let unusual = 0;
  let written = 0;
  let sampledOut = 0;
  let dropped = 0;

  return {
    weigh(now, ms, result) {
      if (now - second >= 1_000 || now < second) {
        second = now;
        ordinary = 0;
        unusual = 0;
      }
      if (result.status >= 500 || result.status === 0 || result.fellBack || ms > slowMs) {
        unusual += 1;
        if (unusual <= fullPerSecond * 10) return 1;
      } else {
        ordinary += 1;
        if (ordinary <= fullPerSecond) return 1;
        if (ordinary % oneIn === 0) return oneIn;
      }
      sampledOut += 1;
      return 0;
    },
    write(entry, weight) {
      written += 1;
      logger.info(toLine(entry, weight), 'request');
    },
    countDrop() {
      dropped += 1;
    },
    stats: () => ({ written, sampledOut, dropped }),
  };
}

function toLine(entry: AccessEntry, weight: number): Record<string, unknown> {
  const { result } = entry;
  return {
    requestId: entry.requestId,
    traceId: entry.traceId,
    method: entry.method.slice(0, 32),
    url: redactUrl(entry.url),
    client: entry.clientAddress,
    status: result.status,
    answeredBy: result.answeredBy ?? 'edge',
    capability: entry.capability,
    route: entry.route,
    phase: entry.phase,
    reason: entry.reason,
    ms: Math.round(entry.ms * 100) / 100,
    requestBytes: result.requestBytes,
    responseBytes: result.responseBytes,
    failure: result.failure,
    fellBack: result.fellBack || undefined,
    retries: result.retries || undefined,
    standsFor: weight === 1 ? undefined : weight,
  };
}

const MAX_URL = 1_024;

/** The path and the names of query parameters; their values may be tokens, names or addresses and are hidden. */
export function redactUrl(url: string): string {
  const cut = url.length > MAX_URL ? `${url.slice(0, MAX_URL)}…` : url;
  const query = cut.indexOf('?');
  if (query === -1) return cut;
  // A parameter without `=` may be a value by itself (`?token`), so it is hidden as well.
  const names = cut
    .slice(query + 1)
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? (pair === '' ? '' : '*') : `${pair.slice(0, equals)}=*`;
    });
  return `${cut.slice(0, query)}?${names.join('&')}`;
}
