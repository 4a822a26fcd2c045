import type { IncomingMessage, ServerOptions } from 'node:http';
import { listTokens } from './header-names.ts';

/**
 * A tunnel is bytes that nobody reads: what goes through it is seen by no rule of the edge. So it is never given to a protocol that is
 * HTTP itself (`h2c` smuggles whole requests past the routing, RFC 9113 dropped it) or TLS; such a request is answered without upgrade,
 * as RFC 9110 section 7.8 allows.
 */
export function mayUpgrade(protocols: string): boolean {
  const tokens = listTokens(protocols);
  return tokens.length === 1 && !/^(?:h2c?|http|tls)(?:\/|$)/.test(tokens[0] as string);
}

/** What Node's server must be told so that it and the forwarder agree. Pass to `http.createServer`, or as Fastify's `http`. */
export const SERVER_LIMITS = {
  /** Lenient parsing accepts what other readers understand differently: the door of every smuggling. */
  insecureHTTPParser: false,
  /** The forwarder answers a request without `Host` itself, 400 as RFC 9112 section 3.2 asks, in the form of all its refusals. */
  requireHostHeader: false,
  /** Bytes of the request line and all fields; beyond it 431. */
  maxHeaderSize: 16_384,
  /** A head must be there within that time (slowloris on the head); then 408. */
  headersTimeout: 15_000,
  /** Node's own limit for a whole request would cut long uploads that make progress: the forwarder has its own, between two pieces. */
  requestTimeout: 0,
  /** How long an idle connection is kept. Longer than the 60 s of common load balancers in front, so that they are the first to close. */
  keepAliveTimeout: 65_000,
  /** How often `headersTimeout` is looked at; Node's 30 s would triple it. */
  connectionsCheckingInterval: 2_000,
  /** Answers are written as pieces come: waiting for more to fill a packet would delay them. */
  noDelay: true,
  /** Spares requests without a body the life of a stream. */
  optimizeEmptyRequests: true,
  /** RFC 9110 section 7.8: `Upgrade` in a request of HTTP/1.0 means nothing. */
  shouldUpgradeCallback: (request: IncomingMessage): boolean =>
    request.httpVersion === '1.1' && mayUpgrade(request.headers.upgrade ?? ''),
} as const satisfies ServerOptions & { shouldUpgradeCallback: unknown; optimizeEmptyRequests: boolean };
