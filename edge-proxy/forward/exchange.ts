import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint, Outcome } from '../discovery/port.ts';
import type { ConnectionPool, PoolWaiter } from './connection-pool.ts';
import { forwardingLines, MAX_VIA_HOPS, ownHops } from './forwarding-headers.ts';
import { Http1Answer } from './http1-answer.ts';
import type { ResolvedOptions } from './options.ts';
import { answerFor, type OwnAnswer, ownBody, ownLines, REASONS } from './own-answers.ts';
import type { ForwardFailure, ForwardJob, Upstream } from './port.ts';
import { failedStatus, isIdempotent, recover } from './recovery.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import { type BodyFraming, type ResponseHead, toRawHeaders } from './response-head.ts';
import type { RetryBudget } from './retry-budget.ts';
import { Timed, type TimerWheel } from './timer-wheel.ts';
import { newTraceparent } from './trace-context.ts';
import type { BrokenConnection, ConnectionUser, UpstreamConnection } from './upstream-connection.ts';

/** What exchanges share. */
export interface ExchangeHost extends ResolvedOptions {
  readonly wheel: TimerWheel;
  poolFor(upstream: Upstream, endpoint: Endpoint): ConnectionPool;
  budgetOf(upstream: Upstream): RetryBudget;
  ended(exchange: Exchange): void;
}

type Phase = 'queue' | 'connect' | 'upload' | 'headers' | 'body' | 'linger' | 'over';

/** One request on its way: attempts, the body up, the answer down, time limits, and exactly one end. */
export class Exchange extends Timed implements ConnectionUser, PoolWaiter {
  readonly #host: ExchangeHost;
  readonly #job: ForwardJob;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #answer: Http1Answer;
  #head: RequestHead | undefined;
  #upstream: Upstream;
  #endpoint: Endpoint | undefined;
  #pool: ConnectionPool | undefined;
  #connection: UpstreamConnection | undefined;
  #phase: Phase = 'queue';
  #totalDeadline = Number.POSITIVE_INFINITY;
  #attemptStartedAt = 0;
  #retrying = false;
  #retries = 0;
  #staleUsed = false;
  #fellBack = false;
  #answering = false;
  #answeredBy: Target | undefined;
  #status = 0;
  #requestBytes = 0;
  #responseBytes = 0;
  #bodyStarted = false;
  #bodyEnded: boolean;
  #replay: Buffer[] | undefined = [];
  #replayBytes = 0;
  #uploadBlocked = false;
  #lingerBytes = 0;

  constructor(host: ExchangeHost, job: ForwardJob) {
    super();
    this.#host = host;
    this.#job = job;
    this.#request = job.request;
    this.#response = job.response;
    this.#upstream = job.primary;
    this.#answer = new Http1Answer(job.response, job.request.httpVersionMinor);
    this.#bodyEnded = true;
  }

  start(): void {
    const { request, timeouts } = this.#job;
    this.#response.on('close', () => this.#clientClosed());
    const head = readRequestHead(request.url ?? '', request.httpVersionMinor, request.rawHeaders);
    if ('status' in head) {
      this.#refuse(head);
      return;
    }
    this.#head = head;
    const { via } = this.#host.headers;
    if (head.via !== undefined && via !== undefined && ownHops(head.via, via) >= MAX_VIA_HOPS) {
      this.#refuse({ status: 508, code: 'loop' });
      return;
    }
    const { maxRequestBytes } = this.#host.limits;
    if (maxRequestBytes > 0 && head.contentLength > maxRequestBytes) {
      this.#refuse({ status: 413, code: 'request-too-large' });
      return;
    }
    this.#bodyEnded = head.contentLength === 0;
    const now = this.#host.wheel.now();
    if (timeouts.totalMs > 0) this.#totalDeadline = now + timeouts.totalMs;
    this.#attempt(now);
  }

  /** The process stops: whatever is still going on ends now. */
  abort(): void {
    if (this.#phase === 'over') return;
    this.#connection?.destroy();
    this.#attemptEnded(0, 'client-aborted');
    this.#answer.cut();
    this.#finish('client-aborted');
  }

  // ── attempts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #attempt(now: number): void {
    const upstream = this.#upstream;
    this.#attemptStartedAt = now;
    const endpoint = upstream.pick(now);
    if (endpoint === undefined) {
      this.#attemptFailed('no-endpoint', true, false, '');
      return;
    }
    this.#endpoint = endpoint;
    upstream.started(endpoint);
    this.#host.budgetOf(upstream).started(this.#retrying);
    const pool = this.#host.poolFor(upstream, endpoint);
    this.#pool = pool;
    const fresh = this.#staleUsed && this.#retrying;
    const maxIdleMs = this.#repeatable() ? Number.POSITIVE_INFINITY : this.#host.limits.writeReuseMs;
    const connection = fresh ? undefined : pool.take(maxIdleMs);
    if (connection !== undefined) {
      this.#send(connection, now);
      return;
    }
    if (!pool.wait(this, this.#job.timeouts.connectMs)) {
      this.#attemptFailed('overload', true, false, '');
      return;
    }
    if (pool.queued(this)) this.#enter('queue', this.#host.limits.queueMs, now);
    // The connection watches its own time limit.
    else this.#enter('connect', 0, now);
  }

  onConnection(connection: UpstreamConnection): void {
    this.#send(connection, this.#host.wheel.now());
  }

  onNoConnection(error: Error, timedOut: boolean): void {
    this.#attemptFailed(timedOut ? 'timeout-connect' : 'connect', true, false, error.message);
  }

  #send(connection: UpstreamConnection, now: number): void {
    const head = this.#head as RequestHead;
    const { request } = this.#job;
    const method = request.method ?? 'GET';
    this.#connection = connection;
    connection.begin(this, this.#headText(method, head), method === 'HEAD', false);
    if (head.contentLength === 0) {
      connection.endRequest();
      this.#enter('headers', this.#job.timeouts.headersMs, now);
      return;
    }
    this.#enter(
      'upload',
      head.expectContinue ? this.#job.timeouts.headersMs : this.#job.timeouts.idleMs,
      now,
    );
    this.#startBody(connection);
  }

  #headText(method: string, head: RequestHead): string {
    const job = this.#job;
    const socket = job.request.socket as Socket & { encrypted?: boolean };
    const peer = {
      address: socket.remoteAddress ?? job.clientAddress,
      encrypted: socket.encrypted === true,
      trusted: job.peerTrusted === true,
    };
    const traceparent =
      job.observer.attemptStarts?.(this.#upstream.target) ??
      head.traceparent ??
      job.traceparent ??
      newTraceparent();
    const host = head.host === undefined ? `Host: ${authority(this.#endpoint as Endpoint)}\r\n` : '';
    const framing = head.contentLength === -1 ? 'Transfer-Encoding: chunked\r\n' : '';
    const te = head.acceptsTrailers ? 'TE: trailers\r\nConnection: TE\r\n' : '';
    return `${method} ${head.target} HTTP/1.1\r\n${host}${head.lines}${framing}${te}${forwardingLines(head, peer, this.#host.headers)}traceparent: ${traceparent}\r\n\r\n`;
  }

  /** Tells the upstream and the observer how the attempt ended. Does nothing when none is under way. */
  #attemptEnded(status: number, failure: ForwardFailure | undefined): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#endpoint = undefined;
    const upstream = this.#upstream;
    const now = this.#host.wheel.now();
    const ms = now - this.#attemptStartedAt;
    this.#host.budgetOf(upstream).finished(this.#retrying);
    upstream.finished(endpoint, outcomeOf(status, failure), ms, now);
    this.#job.observer.attempt(upstream.target, endpoint.id, status, failure, ms);
  }

  #attemptFailed(
    failure: ForwardFailure,
    undelivered: boolean,
    stale: boolean,
    _detail: string,
    status = 0,
  ): void {
    this.#connection = undefined;
    this.#attemptEnded(status, failure);
    if (this.#answering) {
      this.#answer.cut();
      this.#finish(failure);
      return;
    }
    const { fallback } = this.#job;
    const { limits } = this.#host;
    const next = recover(
      { failure, undelivered, stale },
      {
        repeatable: this.#repeatable(),
        replayable: this.#replay !== undefined,
        staleUsed: this.#staleUsed,
        retriesLeft: limits.retries - this.#retries,
        budget: this.#host.budgetOf(this.#upstream).hasRoom(),
        elsewhere: this.#upstream.target === 'service',
        fallback: fallback !== undefined && !this.#fellBack,
      },
    );
    const now = this.#host.wheel.now();
    switch (next) {
      case 'again':
        this.#staleUsed = true;
        this.#retrying = true;
        this.#attempt(now);
        break;
      case 'elsewhere':
        this.#retries += 1;
        this.#retrying = true;
        this.#attempt(now);
        break;
      case 'fallback':
        this.#fellBack = true;
        this.#retrying = false;
        this.#upstream = fallback as Upstream;
        this.#attempt(now);
        break;
      case 'give-up':
        this.#answerSelf(answerFor(failure), failure);
    }
  }

  #repeatable(): boolean {
    return this.#job.effect !== 'write' && isIdempotent(this.#request.method ?? 'GET');
  }

  // ── the request's body ────────────────────────────────────────────────────────────────────────────────────────────────────

  #startBody(connection: UpstreamConnection): void {
    if (!this.#bodyStarted) {
      this.#bodyStarted = true;
      this.#request.on('data', (chunk: Buffer) => this.#uploaded(chunk));
      this.#request.on('end', () => this.#uploadEnded());
      return;
    }
    for (const chunk of this.#replay ?? []) this.#writeBody(connection, chunk);
    if (this.#bodyEnded) this.#endBody(connection);
    else this.#request.resume();
  }

  #uploaded(chunk: Buffer): void {
    if (this.#phase === 'linger') {
      this.#lingerBytes += chunk.length;
      if (this.#lingerBytes > this.#host.limits.lingerBytes) this.#endLinger();
      return;
    }
    this.#requestBytes += chunk.length;
    const { maxRequestBytes, replayBytes } = this.#host.limits;
    if (maxRequestBytes > 0 && this.#requestBytes > maxRequestBytes) {
      this.#connection?.destroy();
      this.#connection = undefined;
      this.#attemptEnded(0, 'bad-request');
      this.#answerSelf({ status: 413, code: 'request-too-large' }, 'bad-request');
      return;
    }
    if (this.#replay !== undefined) {
      this.#replayBytes += chunk.length;
      if (this.#replayBytes <= replayBytes) this.#replay.push(chunk);
      else this.#replay = undefined;
    }
    const connection = this.#connection;
    if (connection === undefined) {
      this.#request.pause();
      return;
    }
    this.#touch();
    this.#writeBody(connection, chunk);
  }

  #writeBody(connection: UpstreamConnection, chunk: Buffer): void {
    let more: boolean;
    if ((this.#head as RequestHead).contentLength === -1) {
      connection.cork();
      connection.write(`${chunk.length.toString(16)}\r\n`);
      connection.write(chunk);
      more = connection.write('\r\n');
      connection.uncork();
    } else more = connection.write(chunk);
    if (!more) {
      this.#uploadBlocked = true;
      this.#request.pause();
    }
  }

  onWritable(): void {
    if (!this.#uploadBlocked) return;
    this.#uploadBlocked = false;
    this.#touch();
    this.#request.resume();
  }

  #uploadEnded(): void {
    this.#bodyEnded = true;
    if (this.#phase === 'linger') {
      this.#endLinger();
      return;
    }
    if (this.#connection !== undefined) this.#endBody(this.#connection);
  }

  #endBody(connection: UpstreamConnection): void {
    if ((this.#head as RequestHead).contentLength === -1) {
      connection.write(`0\r\n${trailerLines(this.#request.rawTrailers)}\r\n`);
    }
    connection.endRequest();
    if (this.#phase === 'upload')
      this.#enter('headers', this.#job.timeouts.headersMs, this.#host.wheel.now());
  }

  // ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  onInformation(head: ResponseHead): void {
    this.#touch();
    this.#answer.information(head.status, head.reason, head.lines);
  }

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.#connection = undefined;
    if (this.#takesOver(head)) return;
    this.#attemptEnded(head.status, undefined);
    this.#beginAnswer(head);
    const { capture } = this.#job;
    if (capture !== undefined) {
      capture.head(head.status, toRawHeaders(head.lines));
      if (body !== '') capture.chunk(Buffer.from(body, 'latin1'));
    }
    this.#responseBytes = body.length;
    const lines = this.#answerLines(head);
    if (this.#bodyEnded) {
      this.#answer.whole(head.status, head.reason, lines, body);
      this.#completed();
      return;
    }
    this.#answer.closeAfter();
    this.#answer.head(head.status, head.reason, lines, false);
    if (body !== '' && framing !== 'none') this.#answer.body(Buffer.from(body, 'latin1'));
    this.#linger();
  }

  onHead(head: ResponseHead, framing: BodyFraming): void {
    if (failedStatus(head.status) && this.#mayFallBack()) {
      this.#connection?.destroy();
      this.#attemptFailed('cut', false, false, `answered ${head.status}`, head.status);
      return;
    }
    this.#beginAnswer(head);
    this.#job.capture?.head(head.status, toRawHeaders(head.lines));
    if (!this.#bodyEnded) this.#answer.closeAfter();
    this.#answer.head(head.status, head.reason, this.#answerLines(head), framing !== 'fixed');
    this.#enter('body', this.#job.timeouts.idleMs, this.#host.wheel.coarseNow);
  }

  onChunk(chunk: Buffer): void {
    this.#touch();
    this.#responseBytes += chunk.length;
    this.#job.capture?.chunk(chunk);
    if (this.#answer.body(chunk)) return;
    this.#connection?.pause();
    this.#response.once('drain', () => {
      this.#touch();
      this.#connection?.resume();
    });
  }

  onEnd(trailers: string): void {
    this.#connection = undefined;
    this.#attemptEnded(this.#status, undefined);
    if (!this.#bodyEnded) {
      this.#linger();
      return;
    }
    this.#answer.end(trailers);
    this.#completed();
  }

  onSwitch(_head: ResponseHead, _rest: Buffer, socket: Socket): void {
    socket.destroy();
    this.#attemptFailed('malformed', false, false, '101 to an ordinary request');
  }

  onBroken(broken: BrokenConnection): void {
    this.#attemptFailed(broken.kind, broken.undelivered, broken.stale, broken.detail);
  }

  #takesOver(head: ResponseHead): boolean {
    if (!failedStatus(head.status) || !this.#mayFallBack()) return false;
    this.#attemptFailed('cut', false, false, `answered ${head.status}`, head.status);
    return true;
  }

  #mayFallBack(): boolean {
    return (
      this.#job.fallback !== undefined && !this.#fellBack && this.#replay !== undefined && this.#repeatable()
    );
  }

  #beginAnswer(head: ResponseHead): void {
    this.#answering = true;
    this.#status = head.status;
    this.#answeredBy = this.#upstream.target;
  }

  #answerLines(head: ResponseHead): string {
    let { lines } = head;
    const { via, viaInAnswers } = this.#host.headers;
    if (viaInAnswers && via !== undefined) lines += `Via: 1.${head.minor} ${via}\r\n`;
    return lines + pairLines(this.#job.answerHeaders(this.#answeredBy, head.status));
  }

  #completed(): void {
    this.#job.capture?.end();
    this.#finish(undefined);
  }

  /** The answer is out while the upload still comes: reads on for a moment, because closing now could destroy what the client has not read. */
  #linger(): void {
    this.#job.capture?.end();
    this.#enter('linger', this.#host.limits.lingerMs, this.#host.wheel.now());
    if (!this.#bodyStarted) {
      this.#bodyStarted = true;
      this.#request.on('data', (chunk: Buffer) => this.#uploaded(chunk));
      this.#request.on('end', () => this.#uploadEnded());
    }
    this.#request.resume();
  }

  #endLinger(): void {
    this.#answer.end('');
    this.#finish(undefined);
  }

  // ── ends ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #refuse(answer: OwnAnswer): void {
    this.#bodyEnded = false;
    this.#answerSelf(answer, 'bad-request');
  }

  #answerSelf(answer: OwnAnswer, failure: ForwardFailure): void {
    this.#answering = true;
    this.#status = answer.status;
    this.#answeredBy = undefined;
    this.#job.capture?.abort('monolith-failed');
    const body = ownBody(answer);
    const lines =
      ownLines(answer, body, new Date().toUTCString()) +
      pairLines(this.#job.answerHeaders(undefined, answer.status));
    if (!this.#bodyEnded || failure === 'bad-request') this.#answer.closeAfter();
    const sent = this.#request.method === 'HEAD' ? '' : body;
    this.#answer.whole(answer.status, REASONS[answer.status] ?? 'Error', lines, sent);
    this.#finish(failure);
  }

  override expired(now: number): void {
    if (now >= this.#totalDeadline) {
      this.#timedOut('timeout-total');
      return;
    }
    switch (this.#phase) {
      case 'queue':
        this.#pool?.cancel(this);
        this.#attemptFailed('overload', true, false, 'waited too long for a connection');
        break;
      case 'upload':
        this.#timedOut('timeout-idle');
        break;
      case 'headers':
        this.#timedOut('timeout-headers');
        break;
      case 'body':
        this.#timedOut('timeout-idle');
        break;
      case 'linger':
        this.#endLinger();
        break;
      case 'connect':
      case 'over':
        break;
    }
  }

  #timedOut(failure: ForwardFailure): void {
    this.#pool?.cancel(this);
    this.#connection?.destroy();
    this.#attemptFailed(failure, false, false, failure);
  }

  #clientClosed(): void {
    if (this.#phase === 'over') return;
    if (this.#phase === 'linger') {
      this.#finish(undefined);
      return;
    }
    this.#pool?.cancel(this);
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#attemptEnded(this.#status, 'client-aborted');
    this.#job.capture?.abort('client-aborted');
    this.#finish('client-aborted');
  }

  #enter(phase: Phase, limitMs: number, now: number): void {
    this.#phase = phase;
    const deadline = limitMs > 0 ? now + limitMs : Number.POSITIVE_INFINITY;
    this.#host.wheel.schedule(this, Math.min(deadline, this.#totalDeadline));
  }

  /** Something moved: the idle limit begins anew. */
  #touch(): void {
    const { idleMs } = this.#job.timeouts;
    if (idleMs === 0 || (this.#phase !== 'body' && this.#phase !== 'upload')) return;
    this.deadline = Math.min(this.#host.wheel.coarseNow + idleMs, this.#totalDeadline);
  }

  #finish(failure: ForwardFailure | undefined): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#host.wheel.cancel(this);
    this.#replay = undefined;
    if (failure !== undefined && this.#answeredBy !== undefined) {
      this.#job.capture?.abort(failure === 'client-aborted' ? 'client-aborted' : 'monolith-failed');
    }
    this.#job.observer.done({
      answeredBy: this.#answeredBy,
      status: this.#status,
      failure,
      fellBack: this.#fellBack,
      retries: this.#retries,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
    this.#host.ended(this);
  }
}

function outcomeOf(status: number, failure: ForwardFailure | undefined): Outcome {
  switch (failure) {
    case undefined:
      if (failedStatus(status)) return 'gateway-error';
      return status >= 500 ? 'server-error' : 'ok';
    case 'connect':
      return 'connect-error';
    case 'timeout-connect':
    case 'timeout-headers':
    case 'timeout-total':
      return 'timeout';
    case 'client-aborted':
    case 'bad-request':
    case 'overload':
      return 'cancelled';
    default:
      return 'gateway-error';
  }
}

function authority(endpoint: Endpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return endpoint.port === (endpoint.secure ? 443 : 80) ? host : `${host}:${endpoint.port}`;
}

function pairLines(pairs: readonly string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < pairs.length; index += 2)
    lines += `${pairs[index]}: ${pairs[index + 1]}\r\n`;
  return lines;
}

function trailerLines(rawTrailers: readonly string[]): string {
  return pairLines(rawTrailers);
}
