import type { ForwardFailure } from './port.ts';

/** Answers of the edge itself carry their reason in this header. The vocabulary is `OwnAnswer['code']`, and stable. */
export const ERROR_HEADER = 'X-Strangler-Error';

/** An answer that no upstream gave. */
export interface OwnAnswer {
  status: number;
  code: string;
  /** Seconds for `Retry-After`; undefined: none. */
  retryAfter?: number;
}

export const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
};

/** What the client is told when no upstream answered. Says which part failed, never how: details are for the log. */
export function answerFor(failure: ForwardFailure): OwnAnswer {
  switch (failure) {
    case 'connect':
      return { status: 502, code: 'upstream-unreachable' };
    case 'malformed':
      return { status: 502, code: 'upstream-malformed' };
    case 'cut':
      return { status: 502, code: 'upstream-cut' };
    case 'timeout-connect':
      return { status: 504, code: 'upstream-connect-timeout' };
    case 'timeout-headers':
      return { status: 504, code: 'upstream-headers-timeout' };
    case 'timeout-total':
      return { status: 504, code: 'upstream-total-timeout' };
    case 'timeout-idle':
      return { status: 504, code: 'upstream-idle-timeout' };
    case 'client-timeout':
      return { status: 408, code: 'request-idle-timeout' };
    case 'overload':
      return { status: 503, code: 'overload', retryAfter: 1 };
    case 'no-endpoint':
      return { status: 503, code: 'no-endpoint', retryAfter: 1 };
    case 'client-aborted':
    case 'bad-request':
      return { status: 400, code: 'bad-request' };
  }
}

/** Header lines with their CRLF. The body is `ownBody`. */
export function ownLines(answer: OwnAnswer, body: string, date: string): string {
  const retry = answer.retryAfter === undefined ? '' : `Retry-After: ${answer.retryAfter}\r\n`;
  return `Date: ${date}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n${ERROR_HEADER}: ${answer.code}\r\n${retry}`;
}

export function ownBody(answer: OwnAnswer): string {
  return `${answer.status} ${REASONS[answer.status] ?? 'Error'} (${answer.code})\n`;
}
