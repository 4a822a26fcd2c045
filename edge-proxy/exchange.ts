import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../migration-plans/plan/plan.ts';
import type { Target } from '../migration-plans/revision/revision.ts';
import type { Decision, RequestFacts } from '../migration-plans/routing/decision.ts';
import type { CompiledRoute } from '../migration-plans/routing/table.ts';
import { cookieValue } from './cookie.ts';
import type { ForwardFailure, ForwardJob, ForwardObserver, ForwardResult, Upstream } from './forward/port.ts';
import { InFlightEntry } from './in-flight.ts';
import { Farewell } from './lifecycle/farewell.ts';
import type { ShadowCapture } from './shadow/port.ts';
import type { RouteMeters } from './telemetry/meters.ts';
import type { RequestSpan } from './telemetry/tracing.ts';

/** What an exchange asks of the edge it belongs to. */
export interface ExchangeOwner {
  /** The answer headers for who answered: the same arrays every time. */
  readonly answered: { monolith: readonly string[]; service: readonly string[]; edge: readonly string[] };
  /** `Set-Cookie` for the answer; undefined for most. */
  pin(exchange: Exchange, answeredBy: Target | undefined, status: number): string | undefined;
  finished(exchange: Exchange, result: ForwardResult): void;
  /** The other end of the connection may say on whose behalf it calls. */
  trustsPeer(request: IncomingMessage): boolean;
}

const UNDECIDED: Decision = {
  target: 'monolith',
  reason: 'unclaimed',
  mayFallBack: false,
  bucket: -1,
  keyed: false,
};

/**
 * One request on its way: what is asked of it, the job for the forwarder and the observer of its fate in a single object, so that
 * a request costs one allocation here. Facts are looked up when somebody asks.
 */
export class Exchange extends InFlightEntry implements ForwardObserver, RequestFacts {
  readonly request: IncomingMessage;
  readonly clientAddress: string;
  readonly startedAt: number;
  timeouts: Timeouts;
  primary: Upstream;
  fallback: Upstream | undefined = undefined;
  meters: RouteMeters;
  route: CompiledRoute | undefined = undefined;
  decision: Decision = UNDECIDED;
  capture: ShadowCapture | undefined = undefined;
  span: RequestSpan | undefined = undefined;
  readonly #owner: ExchangeOwner;

  constructor(
    owner: ExchangeOwner,
    request: IncomingMessage,
    clientAddress: string,
    startedAt: number,
    monolith: Upstream,
    timeouts: Timeouts,
    meters: RouteMeters,
  ) {
    super();
    this.#owner = owner;
    this.request = request;
    this.clientAddress = clientAddress;
    this.startedAt = startedAt;
    this.primary = monolith;
    this.timeouts = timeouts;
    this.meters = meters;
  }

  get observer(): ForwardObserver {
    return this;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get peerTrusted(): boolean {
    return this.#owner.trustsPeer(this.request);
  }

  get effect(): 'read' | 'write' | undefined {
    return this.route?.route.effect;
  }

  get isUpgrade(): boolean {
    return false;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    if (typeof value !== 'string') return value?.[0];
    // Node joins repeated headers with commas: only then is the list of raw headers searched for the first.
    return value.includes(',') ? firstRaw(this.request.rawHeaders, name) : value;
  }

  cookie(name: string): string | undefined {
    const { cookie } = this.request.headers;
    return cookie === undefined ? undefined : cookieValue(cookie, name);
  }

  answerHeaders(answeredBy: Target | undefined, status: number): readonly string[] {
    const { answered } = this.#owner;
    const base = answeredBy === undefined ? answered.edge : answered[answeredBy];
    if (this.route === undefined) return base;
    const pin = this.#owner.pin(this, answeredBy, status);
    return pin === undefined ? base : [...base, 'set-cookie', pin];
  }

  attemptStarts(target: Target): string | undefined {
    return this.span?.attemptStarts(target);
  }

  attempt(
    target: Target,
    endpoint: string,
    status: number,
    failure: ForwardFailure | undefined,
    ms: number,
  ): void {
    this.meters.phase.countAttempt(target, status, failure);
    this.span?.attemptEnded(target, endpoint, status, failure, ms);
  }

  done(result: ForwardResult): void {
    this.#owner.finished(this, result);
  }

  announceClose(): void {}
  cutOff(): void {}
}

/** A request that is answered with a response. */
export class RequestExchange extends Exchange implements ForwardJob {
  readonly response: ServerResponse;

  constructor(
    owner: ExchangeOwner,
    request: IncomingMessage,
    response: ServerResponse,
    clientAddress: string,
    startedAt: number,
    monolith: Upstream,
    timeouts: Timeouts,
    meters: RouteMeters,
  ) {
    super(owner, request, clientAddress, startedAt, monolith, timeouts, meters);
    this.response = response;
  }

  override announceClose(): void {
    if (!this.response.headersSent) this.response.shouldKeepAlive = false;
  }

  override cutOff(): void {
    this.response.destroy();
    this.request.destroy();
  }
}

/** A request that asks for another protocol on its connection, such as WebSocket. */
export class UpgradeExchange extends Exchange {
  readonly socket: Duplex;
  readonly head: Buffer;
  #farewell: Farewell | undefined;
  #closing = false;

  constructor(
    owner: ExchangeOwner,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    clientAddress: string,
    startedAt: number,
    monolith: Upstream,
    timeouts: Timeouts,
    meters: RouteMeters,
  ) {
    super(owner, request, clientAddress, startedAt, monolith, timeouts, meters);
    this.socket = socket;
    this.head = head;
    const { upgrade } = request.headers;
    this.#farewell = upgrade?.toLowerCase() === 'websocket' ? new Farewell(socket) : undefined;
  }

  override get isUpgrade(): boolean {
    return true;
  }

  override answerHeaders(answeredBy: Target | undefined, status: number): readonly string[] {
    // Over HTTP/2 the head is no part of what is written on the stream: frames begin with the first byte.
    if (status === 101 && this.request.httpVersionMajor === 2) {
      this.#farewell = new Farewell(this.socket, false);
      if (this.#closing) this.#farewell.say();
    }
    return super.answerHeaders(answeredBy, status);
  }

  override announceClose(): void {
    this.#closing = true;
    this.#farewell?.say();
  }

  override cutOff(): void {
    this.socket.destroy();
  }
}

function firstRaw(rawHeaders: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index]!;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[index + 1];
  }
  return undefined;
}
