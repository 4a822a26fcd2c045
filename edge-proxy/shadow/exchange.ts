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
  timeoutMs: number;
}

/** Who sends copies, and tells what came of them. */
export interface MirrorPort {
  /** Never rejects: what goes wrong is an answer too. Undefined: it was lost on the way, which says nothing of the target. */
  send(call: MirrorCall): Promise<ShadowAnswer | undefined>;
  /** What is on its way ends now, as failed. */
  stop(): void;
  close(): Promise<void>;
}

/**
 * Sends mirrored requests. Its connections are its own: a slow or dead shadow target takes none from the users' pools.
 */
export class MirrorClient implements MirrorPort {
  readonly #agent: Agent;
  readonly #budget: ByteBudget;
  readonly #now: () => number;
  readonly #stop = new AbortController();

  constructor(connectionsPerOrigin: number, budget: ByteBudget, now: () => number) {
    this.#agent = new Agent({ connections: connectionsPerOrigin, pipelining: 1, keepAliveTimeout: 4_000 });
    this.#budget = budget;
    this.#now = now;
  }

  /** Ends within `timeoutMs`, or when `signal` says so. */
  async send(call: MirrorCall, signal?: AbortSignal): Promise<ShadowAnswer> {
    const startedAt = this.#now();
    const capture = new AnswerCapture(call.maxBodyBytes, this.#budget, startedAt);
    try {
      const answer = await this.#agent.request({
        origin: call.origin,
        method: call.method as Dispatcher.HttpMethod,
        path: call.url,
        headers: call.headers,
        body: call.body ?? null,
        headersTimeout: call.timeoutMs,
        bodyTimeout: call.timeoutMs,
        responseHeaders: 'raw',
        signal: AbortSignal.any([
          this.#stop.signal,
          AbortSignal.timeout(call.timeoutMs),
          ...(signal === undefined ? [] : [signal]),
        ]),
      });
      capture.head(answer.statusCode, rawHeaderStrings(answer.headers), this.#now());
      for await (const chunk of answer.body) capture.chunk(chunk as Uint8Array);
      return capture.finish(this.#now());
    } catch (error) {
      capture.discard();
      return failedAnswer(error, this.#now() - startedAt);
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** With `responseHeaders: 'raw'` undici gives a flat list of buffers (or of strings, by version), although it is typed as a record. */
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

function failedAnswer(error: unknown, totalMs: number): FailedAnswer {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  const text = code ?? message ?? 'unknown failure';
  if (name === 'TimeoutError' || (code !== undefined && TIMEOUTS.has(code))) {
    return { failure: 'timeout', message: text, totalMs };
  }
  if (code !== undefined && CONNECT_ERRORS.has(code)) return { failure: 'connect', message: text, totalMs };
  if (name === 'HTTPParserError') return { failure: 'malformed', message: text, totalMs };
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return { failure: 'cut', message: text, totalMs };
  }
  return { failure: 'other', message: text, totalMs };
}
