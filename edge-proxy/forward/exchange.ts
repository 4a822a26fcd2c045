import type { Endpoint } from '../discovery/port.ts';
import { refusalOf } from './admission.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { Attempts } from './attempt.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { BrokenConnection, ConnectionUser } from './connection-port.ts';
import { ConnectionSearch, type SearchListener } from './connection-search.ts';
import { ExchangeClock } from './exchange-clock.ts';
import type { Listed } from './exchange-list.ts';
import type { ResolvedOptions } from './options.ts';
import { answerFor, type OwnAnswer } from './own-answers.ts';
import type { Turn } from './phases.ts';
import type { ForwardFailure, ForwardJob, Upstream } from './port.ts';
import { failedStatus, isClients, isIdempotent, recover } from './recovery.ts';
import { Reply } from './reply.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import { requestText } from './request-text.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { Tunnel, type TunnelListener } from './tunnel.ts';
import { Upload, type UploadListener } from './upload.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** What exchanges share. */
export interface ExchangeHost extends ResolvedOptions {
  readonly wheel: TimerWheel;
  poolFor(upstream: Upstream, endpoint: Endpoint): ConnectionPool;
  /** Bound: passed on as a function. */
  readonly budgetOf: (upstream: Upstream) => RetryBudget;
  ended(exchange: Exchange): void;
  onDefect(error: unknown): void;
}

export type ExchangeJob = Omit<ForwardJob, 'response' | 'capture'> & Partial<Pick<ForwardJob, 'capture'>>;

/** One request on its way: what happens when, who is told, and exactly one end. */
export class Exchange
  extends ExchangeClock
  implements ConnectionUser, SearchListener, UploadListener, TunnelListener
{
  listNext: Listed | undefined = undefined;
  listPrevious: Listed | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #job: ExchangeJob;
  readonly #reply: Reply;
  /** What the client sent behind a request for an upgrade; undefined: an ordinary request. */
  readonly #behind: Buffer | undefined;
  #head!: RequestHead;
  readonly #attempts: Attempts;
  readonly #search: ConnectionSearch;
  #endpoint: Endpoint | undefined;
  #connection: UpstreamConnection | undefined;
  #upload: Upload | undefined;
  #tunnel: Tunnel | undefined;
  /** The client waits for 100 before it sends its body. */
  #continueDue = false;
  #staleUsed = false;
  #fellBack = false;

  constructor(host: ExchangeHost, job: ExchangeJob, answer: AnswerWriter, behind: Buffer | undefined) {
    super(host.wheel, job.timeouts, host.limits.requestIdleMs);
    this.#host = host;
    this.#job = job;
    this.#attempts = new Attempts(job.primary, job.observer, host.budgetOf);
    this.#search = new ConnectionSearch(host.wheel, this);
    this.#reply = new Reply(job, answer, host.headers);
    this.#behind = behind;
    answer.onClosed(() => this.#clientClosed());
  }

  /** `rawHeaders` in the form of HTTP/1.1. */
  start(rawHeaders: readonly string[], minor: number): void {
    const { request } = this.#job;
    const { limits, headers } = this.#host;
    const head = readRequestHead(request.url ?? '', minor, rawHeaders);
    if ('code' in head) {
      this.refuse(head);
      return;
    }
    const upgrade = this.#behind !== undefined;
    const refusal = refusalOf(head, upgrade, limits.maxRequestBytes, headers);
    this.#head = head;
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    if (!upgrade) head.upgrade = undefined;
    if (head.contentLength !== 0) {
      const tap = this.#job.capture?.request;
      this.#upload = new Upload(request, head.contentLength === -1, limits, this, tap);
    }
    const now = this.wheel.now();
    this.startClock(now);
    this.#attempt(now);
  }

  /** The edge does not pass this request on. */
  refuse(answer: OwnAnswer): void {
    this.#answerSelf(answer, 'bad-request');
  }

  /** The process stops: whatever is still going on ends now. */
  abort(): void {
    if (this.phase === 'over') return;
    this.#dropConnection();
    this.#attemptEnded(0, 'client-aborted');
    if (this.#tunnel !== undefined) this.#tunnel.destroy();
    else this.#reply.cut();
    this.#finish('cut');
  }

  #attempt(now: number): void {
    const endpoint = this.#attempts.begin(now);
    if (endpoint === undefined) {
      this.#attemptFailed('no-endpoint', true, false);
      return;
    }
    this.#endpoint = endpoint;
    const terms = {
      connectMs: this.#job.timeouts.connectMs,
      repeatable: this.#repeatable(),
      writeReuseMs: this.#host.limits.writeReuseMs,
      fresh: this.#staleUsed,
    };
    this.#search.begin(this.#host.poolFor(this.#attempts.upstream, endpoint), terms, now);
  }

  connectionDue(phase: 'queue' | 'connect', now: number): void {
    this.enter(phase, phase === 'queue' ? this.#host.limits.queueMs : 0, now);
  }

  searchDefect(error: unknown): void {
    this.#host.onDefect(error);
    this.abort();
  }

  noConnection(failure: ForwardFailure): void {
    this.#attemptFailed(failure, true, false);
  }

  connectionFound(connection: UpstreamConnection, now: number): void {
    const { request, timeouts } = this.#job;
    const head = this.#head;
    this.#connection = connection;
    const { target } = this.#attempts.upstream;
    const text = requestText(this.#job, head, target, this.#endpoint as Endpoint, this.#host.headers);
    connection.begin(this, text, request.method === 'HEAD', this.#behind !== undefined);
    if (this.#upload === undefined) {
      connection.endRequest();
      this.enter('headers', timeouts.headersMs, now);
      return;
    }
    // Who expects 100 sends nothing before it comes: until then this is waiting for a head.
    this.#continueDue = head.expectContinue;
    if (head.expectContinue) this.enter('upload', timeouts.headersMs, now);
    else this.enterUpload(now);
    this.#upload.sendTo(connection);
  }

  #attemptEnded(status: number, failure: ForwardFailure | undefined): void {
    this.#attempts.ended(status, failure, this.wheel.now());
  }

  #attemptFailed(failure: ForwardFailure, undelivered: boolean, stale: boolean, status = 0): void {
    this.#connection = undefined;
    this.#upload?.detach();
    this.#attemptEnded(status, failure);
    if (this.#reply.begun) {
      this.#reply.cut();
      this.#finish(failure);
      return;
    }
    const { fallback } = this.#job;
    const next = recover(
      { failure, undelivered, stale },
      {
        repeatable: this.#repeatable(),
        replayable: this.#upload?.replayable ?? true,
        staleUsed: this.#staleUsed,
        retriesLeft: this.#host.limits.retries - this.#attempts.retries,
        budget: this.#attempts.budgetHasRoom(),
        elsewhere: this.#attempts.upstream.target === 'service',
        fallback: fallback !== undefined && !this.#fellBack,
      },
    );
    if (next === 'give-up') {
      this.#answerSelf(answerFor(failure), failure);
      return;
    }
    this.#staleUsed = next === 'again';
    if (next === 'fallback') {
      this.#fellBack = true;
      this.#attempts.turnTo(fallback as Upstream);
    } else this.#attempts.repeat(next === 'elsewhere');
    const now = this.wheel.now();
    // The time limit of the attempt that failed is none of the next one's, which may have to wait for its turn.
    this.enter('connect', 0, now);
    this.#attempt(now);
  }

  #repeatable(): boolean {
    return this.#job.effect !== 'write' && isIdempotent(this.#job.request.method ?? 'GET');
  }

  onWritable(): void {
    this.#upload?.writable();
  }

  uploadMoved(): void {
    this.#continueDue = false;
    this.touch();
  }

  uploadSent(): void {
    if (this.phase === 'upload') this.enter('headers', this.#job.timeouts.headersMs, this.wheel.now());
  }

  uploadTooLarge(): void {
    this.#dropConnection();
    this.#attemptEnded(0, 'bad-request');
    if (this.#reply.begun) {
      this.#reply.cut();
      this.#finish('bad-request');
    } else this.#answerSelf({ status: 413, code: 'request-too-large' }, 'bad-request');
  }

  uploadDrained(): void {
    if (this.phase === 'linger') this.lingered();
  }

  onInformation(head: ResponseHead): void {
    if (head.status === 100) this.#continueDue = false;
    this.touch();
    this.#reply.information(head);
  }

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.#connection = undefined;
    if (this.#takenOver(head)) return;
    this.#attemptEnded(head.status, undefined);
    const answer = this.#reply.begin(head, this.#attempts.upstream, this.#head);
    const last = !this.#uploading();
    this.#reply.whole(answer, framing, body, last);
    if (!last) {
      this.#linger();
      return;
    }
    this.#reply.captured();
    this.#finish(undefined);
  }

  onHead(head: ResponseHead, framing: BodyFraming): void {
    if (this.#takenOver(head)) return;
    const answer = this.#reply.begin(head, this.#attempts.upstream, this.#head);
    this.#upload?.forget();
    this.#reply.head(answer, framing, !this.#uploading());
    this.enter('body', this.#job.timeouts.idleMs, this.wheel.coarseNow);
  }

  onChunk(chunk: Buffer, release: (() => void) | undefined): void {
    this.touch();
    if (this.#reply.chunk(chunk, release)) return;
    this.#connection?.pause();
    this.#reply.whenTaken(() => {
      this.touch();
      this.#connection?.resume();
    });
  }

  onEnd(trailers: string): void {
    this.#connection = undefined;
    this.#attemptEnded(this.#reply.status, undefined);
    if (this.#uploading()) {
      this.#linger();
      return;
    }
    this.#reply.end(trailers);
    this.#reply.captured();
    this.#finish(undefined);
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const connection = this.#connection as UpstreamConnection;
    this.#attemptEnded(head.status, undefined);
    const answer = this.#reply.begin(head, this.#attempts.upstream, this.#head);
    const client = this.#reply.switchProtocols(answer, head.upgrade ?? this.#head.upgrade);
    if (client === undefined) {
      connection.destroy();
      this.#reply.cut();
      this.#finish('malformed');
      return;
    }
    // The tunnel keeps the time from here on.
    this.phase = 'tunnel';
    this.wheel.cancel(this);
    const { tunnelIdleMs } = this.#host.limits;
    this.#tunnel = new Tunnel(client, connection, this.wheel, tunnelIdleMs, this);
    this.#tunnel.start(this.#behind ?? Buffer.alloc(0), rest);
  }

  tunnelClosed(_up: number, down: number, failed: 'timeout-idle' | 'cut' | undefined): void {
    this.#reply.bytes = down;
    this.#connection = undefined;
    this.#finish(failed);
  }

  onBroken({ kind, undelivered, stale }: BrokenConnection): void {
    this.#attemptFailed(kind, undelivered, stale);
  }

  /** The service failed by its own words, and somebody else may answer. */
  #takenOver({ status }: ResponseHead): boolean {
    if (!failedStatus(status) || this.#job.fallback === undefined || this.#fellBack) return false;
    if (!this.#repeatable() || this.#upload?.replayable === false) return false;
    this.#dropConnection();
    this.#attemptFailed('cut', false, false, status);
    return true;
  }

  #uploading(): boolean {
    return this.#upload !== undefined && !this.#upload.complete;
  }

  /** The answer is out while the upload still comes: closing now could destroy what the client has not read yet. */
  #linger(): void {
    this.#reply.captured();
    this.enter('linger', this.#host.limits.lingerMs, this.wheel.now());
    this.#upload?.drain();
  }

  protected override lingered(): void {
    this.#reply.end('');
    this.#finish(undefined);
  }

  #answerSelf(answer: OwnAnswer, failure: ForwardFailure): void {
    this.#reply.own(answer, failure === 'bad-request' || this.#uploading());
    this.#finish(failure);
  }

  protected override timedOut(failure: ForwardFailure): void {
    this.#dropConnection();
    // Whoever waits for a connection has sent nothing.
    this.#attemptFailed(failure, failure === 'overload', false);
  }

  protected override turn(): Turn {
    if (this.phase === 'body') return this.#reply.blocked ? 'client' : 'upstream';
    return this.#continueDue || this.#upload?.blocked === true ? 'upstream' : 'client';
  }

  #clientClosed(): void {
    if (this.phase === 'over' || this.phase === 'tunnel') return;
    if (this.phase === 'linger') {
      this.#finish(undefined);
      return;
    }
    this.#dropConnection();
    this.#attemptEnded(this.#reply.status, 'client-aborted');
    this.#finish('client-aborted');
  }

  /** Also one that is not there yet. */
  #dropConnection(): void {
    this.#search.cancel();
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #finish(failure: ForwardFailure | undefined): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.wheel.cancel(this);
    this.#upload?.forget();
    if (failure !== undefined) {
      this.#reply.abortCapture(isClients(failure) ? 'client-aborted' : 'monolith-failed');
    }
    const { by, status, bytes, lines } = this.#reply;
    this.#job.observer.done({
      answeredBy: by,
      status,
      failure,
      fellBack: this.#fellBack,
      retries: this.#attempts.retries,
      requestBytes: this.#upload?.bytes ?? 0,
      responseBytes: bytes,
      answerLines: lines,
    });
    this.#host.ended(this);
  }
}
