import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../../migration-plans/plan/plan.ts';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint, Outcome } from '../discovery/port.ts';
import type { ShadowCapture } from '../shadow/port.ts';
import type { BreakerState } from './circuit-breaker.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { Rewrite } from './rewrite.ts';

/**
 * Where a request can be sent: the monolith (one address, re-resolved) or a service (several instances, balanced).
 * Made by `monolithUpstream` and `serviceUpstream`. Times are milliseconds of a monotonic clock.
 */
export interface Upstream {
  readonly name: string;
  readonly target: Target;
  readonly connect: ConnectSettings;
  /** Some instance may take a request now (discovered, not all ejected, breaker not open). */
  available(now: number): boolean;
  /** Where the next attempt goes; undefined: nowhere at present. `avoid`: where one has just failed, taken only if there is no other. */
  pick(now: number, avoid?: Endpoint): Endpoint | undefined;
  /** An attempt is on its way. Each call is followed by exactly one `finished`. */
  started(endpoint: Endpoint): void;
  finished(endpoint: Endpoint, outcome: Outcome, latencyMs: number, now: number): void;
  /** Undefined: this upstream has no breaker. */
  breakerState?(now: number): BreakerState;
  /** For a monolith that only knows its internal name. */
  rewrite?: Rewrite;
}

/** How sockets to an upstream are made. */
export interface ConnectSettings {
  /** Resolves host names; undefined: the system's resolver each time. */
  lookup: LookupFunction | undefined;
  /** A kept connection to this address still goes where the name points. Undefined: always. */
  isCurrent?(host: string, address: string | undefined): boolean;
  /** For https; undefined: the system's certificate authorities. */
  tls: UpstreamTls | undefined;
}

export interface UpstreamTls {
  /** PEM of the certificate authorities that sign the upstream's certificate. */
  ca?: string | readonly string[];
  /** Client certificate and key, PEM. */
  cert?: string;
  key?: string;
  /** Name that the certificate must carry when it is not the host's. */
  servername?: string;
  /** False accepts any certificate: for development only. */
  rejectUnauthorized?: boolean;
}

/** One request to be forwarded, as decided. */
export interface ForwardJob {
  request: IncomingMessage;
  /** Hijacked: the forwarder writes the answer and nobody else does. */
  response: ServerResponse;
  primary: Upstream;
  /**
   * Answers instead when the primary fails before anything was sent to the client: a safe request in any case, another one only if
   * it was never delivered.
   */
  fallback: Upstream | undefined;
  timeouts: Timeouts;
  /** Address of the client for forwarding headers, after `trustProxy`. */
  clientAddress: string;
  /**
   * The immediate peer is one of `trustProxy`: the forwarding headers that it sent are kept and added to. Default: they are forged
   * until shown otherwise, so they are replaced.
   */
  peerTrusted?: boolean;
  /** Sent when the client sent no valid `traceparent`. Undefined: one is made. */
  traceparent?: string;
  /** As the plan says. Undefined: by the method. A request declared a write is never repeated, whatever its method. */
  effect?: 'read' | 'write';
  /**
   * Extra headers for the answer as name, value, name, value …: who answered, pins. Asked once, when the head of the answer is
   * about to be written, because both depend on who answered and with what. Undefined: the edge itself answers.
   */
  answerHeaders(answeredBy: Target | undefined, status: number): readonly string[];
  capture: ShadowCapture | undefined;
  observer: ForwardObserver;
}

export type ForwardFailure =
  | 'connect'
  | 'timeout-connect'
  | 'timeout-headers'
  | 'timeout-idle'
  | 'timeout-total'
  | 'malformed'
  | 'cut'
  /** The client neither sent the rest of its request nor took the rest of its answer. */
  | 'client-timeout'
  | 'overload'
  | 'no-endpoint'
  | 'client-aborted'
  | 'bad-request';

/** Told what happens to a request. Methods are cheap and never throw. */
export interface ForwardObserver {
  /**
   * Present only while tracing is on: an attempt is about to be sent. Returns the `traceparent` to send instead of the client's;
   * undefined passes the client's on.
   */
  attemptStarts?(target: Target): string | undefined;
  /** An attempt at an upstream ended. `status` 0: no answer. */
  attempt(
    target: Target,
    endpoint: string,
    status: number,
    failure: ForwardFailure | undefined,
    ms: number,
  ): void;
  /** Called exactly once, when the exchange is over. */
  done(result: ForwardResult): void;
}

export interface ForwardResult {
  /** Who answered; undefined: the edge itself (its own 4xx, 502, 503, 504). */
  answeredBy: Target | undefined;
  /** Status that the client got; 0: none. */
  status: number;
  failure: ForwardFailure | undefined;
  fellBack: boolean;
  retries: number;
  requestBytes: number;
  responseBytes: number;
  /** End-to-end header lines of the answer as they came; undefined: the edge itself answered, or nobody. */
  answerLines: string | undefined;
}

export interface Forwarder {
  /** Answers one request; never throws, never leaves it unanswered. */
  forward(job: ForwardJob): void;
  /** Answers one request by itself, at the least cost. `headers`: name, value, name, value … */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    own: OwnAnswer,
    headers: readonly string[],
  ): void;
  /** WebSocket and any other HTTP/1.1 upgrade but to HTTP itself (see `mayUpgrade`). Ends when the tunnel does. */
  upgrade(job: Omit<ForwardJob, 'response' | 'capture'> & { socket: Duplex; head: Buffer }): void;
  /** A WebSocket that an HTTP/2 client asks for (RFC 8441). `request.method` is that of the upgrade, GET. */
  connect(job: Omit<ForwardJob, 'capture'>): void;
  /** Exchanges that are not over yet. */
  inFlight(): number;
  /** Instances that connections are, or were lately, kept to. */
  pools(): number;
  /** Stops keeping idle connections; resolves when all sockets are closed. */
  close(deadlineMs: number): Promise<void>;
}
