import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint } from '../discovery/port.ts';
import { answerHead, ownHead } from './answer-text.ts';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';
import { Attempts } from './attempt.ts';
import type { ConnectionPool, PoolWaiter } from './connection-pool.ts';
import type { BrokenConnection, ConnectionUser } from './connection-port.ts';
import type { Listed } from './exchange-list.ts';
import { MAX_VIA_HOPS, ownHops } from './forwarding-headers.ts';
import type { ResolvedOptions } from './options.ts';
import { answerFor, type OwnAnswer, ownBody } from './own-answers.ts';
import { idleLimit, lateness, type Phase, type Turn } from './phases.ts';
import type { ForwardFailure, ForwardJob, Upstream } from './port.ts';
import { failedStatus, isClients, isIdempotent, recover } from './recovery.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import { isEncrypted, requestText } from './request-text.ts';
import { type BodyFraming, type ResponseHead, toRawHeaders } from './response-head.ts';
import type { RetryBudget } from './retry-budget.ts';
import { Timed, type TimerWheel } from './timer-wheel.ts';
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
}

export type ExchangeJob = Omit<ForwardJob, 'response' | 'capture'> & Partial<Pick<ForwardJob, 'capture'>>;

/** One request on its way: attempts, the answer, time limits, and exactly one end. */
export class Exchange extends Timed implements ConnectionUser, PoolWaiter, UploadListener, TunnelListener {
  listNext: Listed | undefined = undefined;
  listPrevious: Listed | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #job: ExchangeJob;
  readonly #answer: AnswerWriter;
  /** What the client sent behind a request for an upgrade; undefined: an ordinary request. */
  readonly #behind: Buffer | undefined;
  #head!: RequestHead;
  readonly #attempts: Attempts;
  #endpoint: Endpoint | undefined;
  #pool: ConnectionPool | undefined;
  #connection: UpstreamConnection | undefined;
  #upload: Upload | undefined;
  #tunnel: Tunnel | undefined;
  #phase: Phase = 'queue';
  #totalDeadline = Number.POSITIVE_INFINITY;
  /** The client waits for 100 before it sends its body. */
  #continueDue = false;
  /** The client has not taken what was written to it. */
  #answerBlocked = false;
  #staleUsed = false;
  #fellBack = false;
  #answering = false;
  #answeredBy: Target | undefined;
  #status = 0;
  #responseBytes = 0;
  #answerLines: string | undefined;

  constructor(host: ExchangeHost, job: ExchangeJob, answer: AnswerWriter, behind: Buffer | undefined) {
    super();
    this.#host = host;
    this.#job = job;
    this.#attempts = new Attempts(job.primary, job.observer, host.budgetOf);
    this.#answer = answer;
    this.#behind = behind;
    answer.onClosed(() => this.#clientClosed());
  }

  /** `rawHeaders` in the form of HTTP/1.1. */
  start(rawHeaders: readonly string[], minor: number): void {
    const { request, timeouts } = this.#job;
    const { limits, headers, wheel } = this.#host;
    const head = readRequestHead(request.url ?? '', minor, rawHeaders);
    if ('code' in head) {
      this.refuse(head);
      return;
    }
    this.#head = head;
    if (
      head.via !== undefined &&
      headers.via !== undefined &&
      ownHops(head.via, headers.via) >= MAX_VIA_HOPS
    ) {
      this.refuse({ status: 508, code: 'loop' });
      return;
    }
    if (limits.maxRequestBytes > 0 && head.contentLength > limits.maxRequestBytes) {
      this.refuse({ status: 413, code: 'request-too-large' });
      return;
    }
    if (this.#behind === undefined) head.upgrade = undefined;
    else if (head.contentLength !== 0 || head.upgrade === undefined) {
      this.refuse({ status: 400, code: 'bad-upgrade' });
      return;
    }
    if (head.contentLength !== 0) {
      const tap = this.#job.capture?.request;
      this.#upload = new Upload(request, head.contentLength === -1, limits, this, tap);
    }
    const now = wheel.now();
    if (timeouts.totalMs > 0) this.#totalDeadline = now + timeouts.totalMs;
    this.#attempt(now);
  }

  /** The process stops: whatever is still going on ends now. */
  abort(): void {
    if (this.#phase === 'over') return;
    this.#dropConnection();
    this.#attemptEnded(0, 'client-aborted');
    if (this.#tunnel !== undefined) this.#tunnel.destroy();
    else this.#answer.cut();
    this.#finish('cut');
  }

  #attempt(now: number): void {
    const endpoint = this.#attempts.begin(now);
    if (endpoint === undefined) {
      this.#attemptFailed('no-endpoint', true, false);
      return;
    }
    this.#endpoint = endpoint;
    this.#pool = this.#host.poolFor(this.#attempts.upstream, endpoint);
    this.#connect(this.#pool, now);
  }

  #connect(pool: ConnectionPool, now: number): void {
    const connection = this.#staleUsed ? undefined : pool.take(this.#maxIdleMs());
    if (connection !== undefined) {
      if (this.#repeatable()) this.#send(connection, now);
      else this.#lookThenSend(pool, connection, now);
      return;
    }
    if (!pool.wait(this, this.#job.timeouts.connectMs)) {
      this.#attemptFailed('overload', true, false);
      return;
    }
    if (pool.queued(this)) this.#enter('queue', this.#host.limits.queueMs, now);
    // The connection watches its own time limit.
    else this.#enter('connect', 0, now);
  }

  /**
   * A write on a kept connection cannot be repeated when it turns out that the upstream had closed it just before. So the kernel
   * is asked first what has arrived: in the check phase after the next poll every close until then has been seen. (The check phase of
   * the present turn follows a poll that may be older than the request.) Costs a turn of the event loop, and no system call.
   */
  #lookThenSend(pool: ConnectionPool, connection: UpstreamConnection, now: number): void {
    this.#connection = connection;
    this.#enter('connect', 0, now);
    setImmediate(() =>
      setImmediate(() => {
        if (this.#connection !== connection || this.#phase !== 'connect') return;
        this.#connection = undefined;
        const later = this.#host.wheel.now();
        if (connection.usable) this.#send(connection, later);
        else this.#connect(pool, later);
      }),
    );
  }

  onConnection(connection: UpstreamConnection): void {
    this.#send(connection, this.#host.wheel.now());
  }

  onNoConnection(_error: Error, timedOut: boolean): void {
    this.#attemptFailed(timedOut ? 'timeout-connect' : 'connect', true, false);
  }

  #send(connection: UpstreamConnection, now: number): void {
    const { request, timeouts } = this.#job;
    const head = this.#head;
    this.#connection = connection;
    const { target } = this.#attempts.upstream;
    const text = requestText(this.#job, head, target, this.#endpoint as Endpoint, this.#host.headers);
    connection.begin(this, text, request.method === 'HEAD', this.#behind !== undefined);
    if (this.#upload === undefined) {
      connection.endRequest();
      this.#enter('headers', timeouts.headersMs, now);
      return;
    }
    // Who expects 100 sends nothing before it comes: until then this is waiting for a head.
    this.#continueDue = head.expectContinue;
    const limit = head.expectContinue ? timeouts.headersMs : this.#idleLimit('upload');
    this.#enter('upload', limit, now);
    this.#upload.sendTo(connection);
  }

  #attemptEnded(status: number, failure: ForwardFailure | undefined): void {
    this.#attempts.ended(status, failure, this.#host.wheel.now());
  }

  #attemptFailed(failure: ForwardFailure, undelivered: boolean, stale: boolean, status = 0): void {
    this.#connection = undefined;
    this.#upload?.detach();
    this.#attemptEnded(status, failure);
    if (this.#answering) {
      this.#answer.cut();
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
    this.#attempt(this.#host.wheel.now());
  }

  #repeatable(): boolean {
    return this.#job.effect !== 'write' && isIdempotent(this.#job.request.method ?? 'GET');
  }

  #maxIdleMs(): number {
    return this.#repeatable() ? Number.POSITIVE_INFINITY : this.#host.limits.writeReuseMs;
  }

  onWritable(): void {
    this.#upload?.writable();
  }

  uploadMoved(): void {
    this.#continueDue = false;
    this.#touch();
  }

  uploadSent(): void {
    if (this.#phase === 'upload') {
      this.#enter('headers', this.#job.timeouts.headersMs, this.#host.wheel.now());
    }
  }

  uploadTooLarge(): void {
    this.#dropConnection();
    this.#attemptEnded(0, 'bad-request');
    if (this.#answering) {
      this.#answer.cut();
      this.#finish('bad-request');
    } else this.#answerSelf({ status: 413, code: 'request-too-large' }, 'bad-request');
  }

  uploadDrained(): void {
    this.#endLinger();
  }

  onInformation(head: ResponseHead): void {
    if (head.status === 100) this.#continueDue = false;
    this.#touch();
    this.#answer.information(head);
  }

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.#connection = undefined;
    if (this.#takenOver(head)) return;
    this.#attemptEnded(head.status, undefined);
    const answer = this.#begin(head);
    this.#responseBytes = body.length;
    const { capture } = this.#job;
    if (capture !== undefined && body !== '') capture.chunk(Buffer.from(body, 'latin1'));
    if (this.#upload === undefined || this.#upload.complete) {
      this.#answer.whole(answer, body);
      capture?.end();
      this.#finish(undefined);
      return;
    }
    this.#answer.closeAfter();
    this.#answer.head(answer, true);
    if (body !== '' && framing !== 'none') this.#answer.body(Buffer.from(body, 'latin1'));
    this.#linger();
  }

  onHead(head: ResponseHead, framing: BodyFraming): void {
    if (this.#takenOver(head)) return;
    const answer = this.#begin(head);
    if (this.#upload !== undefined && !this.#upload.complete) this.#answer.closeAfter();
    this.#upload?.forget();
    this.#answer.head(answer, framing === 'fixed');
    this.#enter('body', this.#job.timeouts.idleMs, this.#host.wheel.coarseNow);
  }

  onChunk(chunk: Buffer, release: (() => void) | undefined): void {
    const { capture } = this.#job;
    this.#touch();
    this.#responseBytes += chunk.length;
    capture?.chunk(chunk);
    // What is captured is kept by reference: its buffer is not given back.
    if (this.#answer.body(chunk, capture === undefined ? release : undefined)) return;
    this.#connection?.pause();
    this.#answerBlocked = true;
    this.#answer.whenWritable(() => {
      this.#answerBlocked = false;
      this.#touch();
      this.#connection?.resume();
    });
  }

  onEnd(trailers: string): void {
    this.#connection = undefined;
    this.#attemptEnded(this.#status, undefined);
    if (this.#upload !== undefined && !this.#upload.complete) {
      this.#linger();
      return;
    }
    this.#answer.end(trailers);
    this.#job.capture?.end();
    this.#finish(undefined);
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const connection = this.#connection as UpstreamConnection;
    this.#attemptEnded(head.status, undefined);
    const answer = this.#begin(head);
    answer.lines += `Upgrade: ${head.upgrade ?? this.#head.upgrade}\r\nConnection: Upgrade\r\n`;
    const client = this.#answer.switchProtocols(answer);
    if (client === undefined) {
      connection.destroy();
      this.#answer.cut();
      this.#finish('malformed');
      return;
    }
    // The tunnel keeps the time from here on.
    this.#enter('tunnel', 0, this.#host.wheel.coarseNow);
    this.#host.wheel.cancel(this);
    const { tunnelIdleMs } = this.#host.limits;
    this.#tunnel = new Tunnel(client, connection, this.#host.wheel, tunnelIdleMs, this);
    this.#tunnel.start(this.#behind ?? Buffer.alloc(0), rest);
  }

  tunnelClosed(_up: number, down: number, failed: 'timeout-idle' | 'cut' | undefined): void {
    this.#responseBytes = down;
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

  #begin(head: ResponseHead): AnswerHead {
    const { capture, request } = this.#job;
    const { upstream } = this.#attempts;
    this.#answering = true;
    this.#status = head.status;
    this.#answeredBy = upstream.target;
    this.#answerLines = head.lines;
    capture?.head(head.status, toRawHeaders(head.lines));
    const extra = this.#job.answerHeaders(upstream.target, head.status);
    return answerHead(
      head,
      extra,
      this.#host.headers,
      upstream.rewrite,
      () => `${isEncrypted(request.socket) ? 'https' : 'http'}://${this.#head.host ?? ''}`,
    );
  }

  /** The answer is out while the upload still comes: closing now could destroy what the client has not read yet. */
  #linger(): void {
    this.#job.capture?.end();
    this.#enter('linger', this.#host.limits.lingerMs, this.#host.wheel.now());
    this.#upload?.drain();
  }

  #endLinger(): void {
    if (this.#phase !== 'linger') return;
    this.#answer.end('');
    this.#finish(undefined);
  }

  /** The edge does not pass this request on. */
  refuse(answer: OwnAnswer): void {
    this.#answer.closeAfter();
    this.#answerSelf(answer, 'bad-request');
  }

  #answerSelf(answer: OwnAnswer, failure: ForwardFailure): void {
    const { status } = answer;
    this.#answering = true;
    this.#status = status;
    this.#answeredBy = undefined;
    const body = ownBody(answer);
    const head = ownHead(answer, body, this.#job.answerHeaders(undefined, status));
    const unfinished = this.#upload !== undefined && !this.#upload.complete;
    if (unfinished || failure === 'bad-request') this.#answer.closeAfter();
    this.#answer.whole(head, this.#job.request.method === 'HEAD' ? '' : body);
    this.#finish(failure);
  }

  override expired(now: number): void {
    if (now >= this.#totalDeadline) {
      this.#timedOut('timeout-total');
      return;
    }
    const failure = lateness(this.#phase, this.#turn());
    if (failure !== undefined) this.#timedOut(failure);
    else this.#endLinger();
  }

  #timedOut(failure: ForwardFailure): void {
    this.#pool?.cancel(this);
    this.#dropConnection();
    // Whoever waits for a connection has sent nothing.
    this.#attemptFailed(failure, failure === 'overload', false);
  }

  #turn(): Turn {
    if (this.#phase === 'body') return this.#answerBlocked ? 'client' : 'upstream';
    return this.#continueDue || this.#upload?.blocked === true ? 'upstream' : 'client';
  }

  #idleLimit(phase: Phase): number {
    return idleLimit(phase, this.#turn(), this.#job.timeouts, this.#host.limits.requestIdleMs);
  }

  #clientClosed(): void {
    if (this.#phase === 'over' || this.#phase === 'tunnel') return;
    if (this.#phase === 'linger') {
      this.#finish(undefined);
      return;
    }
    this.#pool?.cancel(this);
    this.#dropConnection();
    this.#attemptEnded(this.#status, 'client-aborted');
    this.#finish('client-aborted');
  }

  #dropConnection(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #enter(phase: Phase, limitMs: number, now: number): void {
    this.#phase = phase;
    const deadline = limitMs > 0 ? now + limitMs : Number.POSITIVE_INFINITY;
    this.#host.wheel.schedule(this, Math.min(deadline, this.#totalDeadline));
  }

  /** Something moved: the idle limit begins anew. */
  #touch(): void {
    if (this.#phase !== 'body' && this.#phase !== 'upload') return;
    const limit = this.#idleLimit(this.#phase);
    const { wheel } = this.#host;
    const idle = limit === 0 ? Number.POSITIVE_INFINITY : wheel.coarseNow + limit;
    const deadline = Math.min(idle, this.#totalDeadline);
    // Later, as nearly always, is an assignment; the wheel must be told of an earlier one.
    if (deadline >= this.deadline) this.deadline = deadline;
    else wheel.schedule(this, deadline);
  }

  #finish(failure: ForwardFailure | undefined): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#host.wheel.cancel(this);
    this.#upload?.forget();
    if (failure !== undefined) {
      this.#job.capture?.abort(isClients(failure) ? 'client-aborted' : 'monolith-failed');
    }
    this.#job.observer.done({
      answeredBy: this.#answeredBy,
      status: this.#status,
      failure,
      fellBack: this.#fellBack,
      retries: this.#attempts.retries,
      requestBytes: this.#upload?.bytes ?? 0,
      responseBytes: this.#responseBytes,
      answerLines: this.#answerLines,
    });
    this.#host.ended(this);
  }
}
