import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../migration-plans/plan/plan.ts';
import type { Target } from '../migration-plans/revision/revision.ts';
import { bucketOf } from '../migration-plans/routing/bucket.ts';
import { EMPTY_TABLE } from '../migration-plans/routing/compile.ts';
import { decide, unitKey } from '../migration-plans/routing/decide.ts';
import type { EdgeFacts } from '../migration-plans/routing/decision.ts';
import type { CompiledRoute } from '../migration-plans/routing/table.ts';
import { clientAddressOf, isFromTrustedProxy, type ProxyTrust } from './client-address.ts';
import { type Exchange, type ExchangeOwner, RequestExchange, UpgradeExchange } from './exchange.ts';
import { type OwnAnswer, refuseRaw } from './forward/index.ts';
import type { Forwarder, ForwardResult, Upstream } from './forward/port.ts';
import { InFlight } from './in-flight.ts';
import type { LocalKills } from './kill-switch.ts';
import { pinFor } from './pins.ts';
import type { ServedRoute, Serving } from './serving.ts';
import type { ShadowPort } from './shadow/port.ts';
import type { RequestRecorder } from './telemetry/recorder.ts';

export interface HandlerOptions {
  forwarder: Forwarder;
  monolith: Upstream;
  /** For requests that no plan claims. */
  monolithTimeouts: Timeouts;
  shadow: ShadowPort;
  recorder: RequestRecorder;
  kills: LocalKills;
  trust: ProxyTrust;
  /** For overrides and pins; undefined: both are off. */
  secret: Uint8Array | undefined;
  /** Name of the answer header that says who answered; undefined: none. */
  answerHeader: string | undefined;
  /** Requests being answered at the same time. */
  maxInFlight: number;
  /** Clients reach this edge by TLS: pins are marked so. */
  secure: boolean;
  onDefect(error: unknown): void;
}

const NO_CONNECT: OwnAnswer = { status: 405, code: 'connect-refused' };
const OVERLOAD: OwnAnswer = { status: 503, code: 'overload', retryAfter: 1 };

/** What is true while one request is decided on. One object for all of them: deciding is synchronous and keeps nothing. */
class FactsNow implements EdgeFacts {
  readonly secret: Uint8Array | undefined;
  service: Upstream | undefined = undefined;

  constructor(secret: Uint8Array | undefined) {
    this.secret = secret;
  }

  /** Asked only when a cookie or an override says until when it holds. */
  get now(): number {
    return Date.now();
  }

  get serviceAvailable(): boolean {
    return this.service?.available(performance.now()) ?? false;
  }
}

/**
 * The way of a request through the edge: match, decide, hand to the forwarder. This is the hot path; everything that needs time to
 * find out was found out when the revision was compiled.
 */
export class EdgeHandler implements ExchangeOwner {
  readonly answered: ExchangeOwner['answered'];
  readonly inFlight = new InFlight();
  /** Replaced as a whole by a new revision. */
  serving: Serving = { table: EMPTY_TABLE, routes: [] };
  /** Requests that were answered 503 because too many were being answered. */
  shed = 0;
  /** Every answer is the last one of its connection. */
  draining = false;
  readonly #options: HandlerOptions;
  readonly #facts: FactsNow;
  /** Being answered now. Tunnels are not: they last as long as their users like. */
  #answering = 0;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#facts = new FactsNow(options.secret);
    const named = (value: string): readonly string[] =>
      options.answerHeader === undefined ? [] : [options.answerHeader, value];
    this.answered = { monolith: named('monolith'), service: named('service'), edge: named('edge') };
  }

  /** Answers a request: the listener of a Node server, or the end of a hijacked Fastify reply. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { monolith, monolithTimeouts, trust, recorder, forwarder, maxInFlight } = this.#options;
    if (this.#answering >= maxInFlight) {
      this.shed += 1;
      forwarder.answer(request, response, OVERLOAD, this.answered.edge);
      return;
    }
    this.#answering += 1;
    const exchange = new RequestExchange(
      this,
      request,
      response,
      clientAddressOf(request, trust),
      performance.now(),
      monolith,
      monolithTimeouts,
      recorder.meters.unclaimed,
    );
    this.#begin(exchange);
    if (this.draining) exchange.announceClose();
    forwarder.forward(exchange);
  };

  /** Passes on a request for another protocol. For `upgrade` of a Node server. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { forwarder, maxInFlight } = this.#options;
    if (this.#answering >= maxInFlight) {
      this.shed += 1;
      refuseRaw(socket, OVERLOAD);
      return;
    }
    const exchange = this.#upgradeExchange(request, socket, head);
    forwarder.upgrade(exchange);
  };

  /**
   * CONNECT, for `connect` of a Node server that speaks HTTP/2: a WebSocket is passed on (RFC 8441), anything else is no proxy's business
   * that stands for one site.
   */
  readonly connect = (request: IncomingMessage, client: ServerResponse | Duplex): void => {
    if (request.httpVersionMajor !== 2) {
      refuseRaw(client as Duplex, NO_CONNECT);
      return;
    }
    const response = client as ServerResponse;
    const { stream } = response as unknown as Http2ServerResponse;
    const { forwarder, maxInFlight } = this.#options;
    if (request.headers[':protocol'] !== 'websocket' || stream === undefined) {
      forwarder.answer(request, response, NO_CONNECT, this.answered.edge);
      return;
    }
    if (this.#answering >= maxInFlight) {
      this.shed += 1;
      forwarder.answer(request, response, OVERLOAD, this.answered.edge);
      return;
    }
    // As plans see it: the same GET that a client of HTTP/1.1 would send.
    request.method = 'GET';
    const exchange = this.#upgradeExchange(request, stream, Buffer.alloc(0));
    forwarder.connect(Object.assign(exchange, { response }));
  };

  pin(exchange: Exchange, answeredBy: Target | undefined, status: number): string | undefined {
    const { secret, secure } = this.#options;
    const { route, decision } = exchange;
    if (secret === undefined || route === undefined || exchange.isUpgrade) return undefined;
    if (route.state.phase !== 'canary') return undefined;
    return pinFor({ route, decision, answeredBy, status, now: Date.now(), secure }, secret);
  }

  finished(exchange: Exchange, result: ForwardResult): void {
    if (!exchange.isUpgrade) this.#answering -= 1;
    this.inFlight.remove(exchange);
    this.#options.recorder.ended(exchange, result);
  }

  trustsPeer(request: IncomingMessage): boolean {
    return isFromTrustedProxy(request, this.#options.trust);
  }

  #upgradeExchange(request: IncomingMessage, client: Duplex, head: Buffer): UpgradeExchange {
    const { monolith, monolithTimeouts, trust, recorder } = this.#options;
    const exchange = new UpgradeExchange(
      this,
      request,
      client,
      head,
      clientAddressOf(request, trust),
      performance.now(),
      monolith,
      monolithTimeouts,
      recorder.meters.unclaimed,
    );
    this.#begin(exchange);
    if (this.draining) exchange.announceClose();
    return exchange;
  }

  #begin(exchange: Exchange): void {
    try {
      const { method, url } = exchange.request;
      const matched = this.serving.table.match(method!, url!);
      if (matched !== undefined) this.#route(exchange, this.serving.routes[matched.index]!);
    } catch (error) {
      // Unknown means monolith: a defect in deciding must not become the user's failed request.
      exchange.route = undefined;
      exchange.primary = this.#options.monolith;
      exchange.fallback = undefined;
      this.#options.onDefect(error);
    }
    this.inFlight.add(exchange);
    this.#options.recorder.began(exchange);
  }

  #route(exchange: Exchange, served: ServedRoute): void {
    const { kills, monolith } = this.#options;
    const route = kills.size === 0 ? served.compiled : kills.apply(served.compiled);
    this.#facts.service = served.service;
    const decision = decide(route, exchange, this.#facts);
    exchange.route = route;
    exchange.decision = decision;
    exchange.meters = served.meters;
    exchange.timeouts = route.route.timeouts;
    if (decision.target === 'service') {
      exchange.primary = served.service;
      if (decision.mayFallBack) exchange.fallback = monolith;
    } else if (served.mirrored && !exchange.isUpgrade && !route.state.killed) {
      this.#mirror(exchange, route);
    }
  }

  #mirror(exchange: Exchange, route: CompiledRoute): void {
    const { request, decision } = exchange;
    exchange.capture = this.#options.shadow.begin({
      route,
      method: exchange.method,
      url: request.url!,
      rawHeaders: request.rawHeaders,
      bucket: decision.bucket === -1 ? sampleBucket(exchange, route) : decision.bucket,
      peer: {
        address: request.socket.remoteAddress,
        encrypted: 'encrypted' in request.socket,
        trusted: exchange.peerTrusted,
      },
      traceId: this.#options.recorder.traceIdOf(exchange),
    });
  }
}

/** The bucket by which a request is sampled: that of its sticky key; -1, chance decides, if it has none. */
function sampleBucket(exchange: Exchange, { plan, capability }: CompiledRoute): number {
  const unit = unitKey(plan.stickyBy, exchange);
  return unit.keyed ? bucketOf(capability, unit.key) : -1;
}
