import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ForwardJob, ForwardObserver, Upstream } from '../../../edge-proxy/forward/port.ts';

const TIMEOUTS = { connectMs: 2000, headersMs: 30_000, idleMs: 30_000, totalMs: 0 };
const ANSWER_HEADERS = ['X-Strangler-Target', 'monolith'];
const OBSERVER: ForwardObserver = { attempt() {}, done() {} };
const answerHeaders = (): readonly string[] => ANSWER_HEADERS;

/** A job as the shell makes it, with nobody listening. */
export function benchJob(request: IncomingMessage, response: ServerResponse, primary: Upstream): ForwardJob {
  return {
    request,
    response,
    primary,
    fallback: undefined,
    timeouts: TIMEOUTS,
    clientAddress: request.socket.remoteAddress ?? '',
    answerHeaders,
    capture: undefined,
    observer: OBSERVER,
  };
}
