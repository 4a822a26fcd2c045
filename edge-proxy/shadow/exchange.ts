import { Agent, type Dispatcher } from 'undici';
import type { FailedAnswer, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { AnswerCapture } from './capture.ts';
import type { ByteBudget } from './queue.ts';

export interface MirrorCall {
  /** `http://host:port` */
  origin: string;
  method: string;
  /** Undecoded path and query, as the user sent them. */
  url: string;
  headers: string[];
  /** Undefined: none. */
  body?: Uint8Array;
  maxBodyBytes: number;
  /** A body that goes on beyond this is taken for one without end. Undefined: only the time limit ends it. */
  endlessBytes?: number;
  timeoutMs: number;
}

/**
 * Sends mirrored requests. Its connections are its own: a slow or dead shadow target takes none from the users' pools.
 */
export class MirrorClient {
  readonly #agent: Agent;
  readonly #budget: ByteBudget;
  readonly #now: () => number;
  readonly #underWay = new Set<Exchange>();
  #stopped = false;

  constructor(connectionsPerOrigin: number, budget: ByteBudget, now: () => number) {
    this.#agent = new Agent({
      ...{ connections: connectionsPerOrigin, pipelining: 1, keepAliveTimeout: 4_000 },
      // One limit for the whole of an exchange, which each has for itself, says the same for less.
      ...{ headersTimeout: 0, bodyTimeout: 0 },
    });
    this.#budget = budget;
    this.#now = now;
  }

  /** Never rejects: what goes wrong is an answer too. Ends within `timeoutMs`, or when `signal` says so. */
  send(call: MirrorCall, signal?: AbortSignal): Promise<ShadowAnswer> {
    if (this.#stopped || signal?.aborted === true) return Promise.resolve({ ...ABORTED, totalMs: 0 });
    return new Promise((resolve) => {
      const capture = new AnswerCapture(call.maxBodyBytes, this.#budget, this.#now());
      const exchange = new Exchange(
        capture,
        call.endlessBytes ?? Number.POSITIVE_INFINITY,
        this.#now,
        (answer) => {
          this.#underWay.delete(exchange);
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          resolve(answer);
        },
      );
      const aborted = (): void => exchange.end(ABORTED);
      const timer = setTimeout(() => exchange.end(TIMED_OUT), call.timeoutMs);
      this.#underWay.add(exchange);
      signal?.addEventListener('abort', aborted, { once: true });
      const { origin, method, url, headers, body = null } = call;
      this.#agent.dispatch(
        { origin, method: method as Dispatcher.HttpMethod, path: url, headers, body },
        exchange,
      );
    });
  }

  /** What is on its way ends now, as failed, and nothing is sent any more. */
  stop(): void {
    this.#stopped = true;
    for (const exchange of this.#underWay) exchange.end(ABORTED);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const ABORTED: Reason = { failure: 'other', message: 'aborted' };
const TIMED_OUT: Reason = { failure: 'timeout', message: 'no whole answer within its time limit' };

/** One copy on its way. undici's own request() makes a stream and two signals for each, which cost more than the exchange itself. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #capture: AnswerCapture;
  readonly #endlessBytes: number;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #tell: (answer: ShadowAnswer) => void;
  #rawHeaders: readonly string[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;

  constructor(
    capture: AnswerCapture,
    endlessBytes: number,
    now: () => number,
    tell: (answer: ShadowAnswer) => void,
  ) {
    this.#capture = capture;
    this.#endlessBytes = endlessBytes;
    this.#now = now;
    this.#startedAt = now();
    this.#tell = tell;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error(ABORTED.message));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Of several heads the last one counts: 1xx come before the answer (RFC 9110 section 15.2).
    this.#rawHeaders = rawHeaderStrings(controller.rawHeaders);
    this.#capture.head(status, this.#now());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#over) return;
    this.#capture.chunk(chunk);
    if (this.#capture.bytes > this.#endlessBytes)
      this.end({ failure: 'too-long', message: `still going on after ${this.#capture.bytes} bytes` });
  }

  onResponseEnd(): void {
    if (!this.#over) this.#finish({ ...this.#capture.finish(this.#now()), rawHeaders: this.#rawHeaders });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    if (!this.#over) this.#fail(reasonOf(error));
  }

  /** Ends it from this side. */
  end(reason: Reason): void {
    if (this.#over) return;
    this.#fail(reason);
    this.#controller?.abort(new Error(reason.message));
  }

  #fail(reason: Reason): void {
    this.#capture.discard();
    this.#finish({ ...reason, totalMs: this.#now() - this.#startedAt });
  }

  #finish(answer: ShadowAnswer): void {
    this.#over = true;
    this.#tell(answer);
  }
}

/** undici keeps header names and values as they came, as a flat list of buffers (or of strings, by version). */
function rawHeaderStrings(headers: unknown): string[] {
  if (!Array.isArray(headers)) return [];
  return headers.map((part) =>
    typeof part === 'string' ? part : Buffer.from(part as Uint8Array).toString('latin1'),
  );
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);
const CONNECT_ERRORS = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
]);

type Reason = Pick<FailedAnswer, 'failure' | 'message'>;

function reasonOf(error: unknown): Reason {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  const text = code ?? message ?? 'unknown failure';
  if (code !== undefined && TIMEOUTS.has(code)) return { failure: 'timeout', message: text };
  if (code !== undefined && CONNECT_ERRORS.has(code)) return { failure: 'connect', message: text };
  if (name === 'HTTPParserError') return { failure: 'malformed', message: text };
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return { failure: 'cut', message: text };
  return { failure: 'other', message: text };
}
