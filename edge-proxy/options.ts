import { StranglerError } from '../migration-plans/errors.ts';
import type { ObserveLimits } from '../migration-plans/observe/observation.ts';
import type { Timeouts } from '../migration-plans/plan/plan.ts';
import type { StateStore } from '../migration-plans/state-store/port.ts';
import { type ForwarderOptions, type MonolithOptions, SERVER_LIMITS } from './forward/index.ts';
import type { AccessLogOptions } from './telemetry/access-log.ts';

/** Bounds of one edge process. */
export interface EdgeLimits {
  /** Bytes of all request headers together; beyond: 431. */
  headerBytes: number;
  /** Milliseconds for the head of a request to arrive; beyond: 408. */
  headersTimeoutMs: number;
  /** Milliseconds that an idle connection is kept. Longer than the load balancer in front keeps its own (AWS ALB: 60 s). */
  keepAliveMs: number;
  /** Connections of clients at the same time; more are closed at once. */
  connections: number;
  /** Requests being answered at the same time; more are answered 503 before anything is done for them. Tunnels do not count. */
  inFlight: number;
  /** Plan routes with metric labels of their own; those beyond are counted as `other`. */
  meteredRoutes: number;
  /** Evidence held while the state store is away. */
  evidenceHeld: number;
}

export const EDGE_LIMITS: EdgeLimits = {
  headerBytes: SERVER_LIMITS.maxHeaderSize,
  headersTimeoutMs: SERVER_LIMITS.headersTimeout,
  keepAliveMs: SERVER_LIMITS.keepAliveTimeout,
  connections: 20_000,
  inFlight: 4_000,
  meteredRoutes: 1_000,
  evidenceHeld: 2_000,
};

/** For requests that no plan claims. The body limits are off: the monolith may stream for as long as it likes. */
export const MONOLITH_TIMEOUTS: Timeouts = { connectMs: 3_000, headersMs: 60_000, idleMs: 0, totalMs: 0 };

/** What an edge is made of, wherever it listens. */
export interface EdgeOptions {
  /** Unique in the fleet. Default: made from the host name, the process and chance. */
  id?: string;
  /** `http://host:port` of the monolith. */
  monolith: string;
  /** Undefined: there are no plans, and everything goes to the monolith. */
  store?: StateStore;
  /** Milliseconds for which a report to the store holds; it is renewed three times in that time. */
  leaseMs?: number;
  /** Milliseconds between two questions for a new revision; notifications are faster. */
  pollMs?: number;
  /** Milliseconds between two deliveries of evidence. */
  evidenceMs?: number;
  /** Undefined: no service can be discovered. */
  cloudMap?: { endpoint?: string; region: string; namespace: string };
  /** Folder for the last good revision; undefined: none is kept. */
  stateFolder?: string;
  /** Secret for tester overrides and pins; undefined: both are off. */
  overrideSecret?: string | Uint8Array;
  /** Addresses, ranges, `loopback` or `private`: whose forwarding headers are believed. Default: nobody's. */
  trustProxy?: readonly string[];
  /** Answer header that says who answered. False: none. */
  answerHeader?: string | false;
  /** Clients reach this edge by https, by its own TLS or by a terminator in front: cookies that it sets are marked so. */
  secureCookies?: boolean;
  monolithTimeouts?: Partial<Timeouts>;
  /** TLS to the monolith, and rewriting for one that only knows its internal name. Default: neither. */
  monolithConnection?: Omit<MonolithOptions, 'url'>;
  /** Bounds and headers of forwarding. */
  forward?: Omit<ForwarderOptions, 'wheel'>;
  limits?: Partial<EdgeLimits>;
  /** What is learned of the routes called, with or without plans; false: nothing. Needs a store. */
  observe?: false | Partial<ObserveLimits>;
  /** False: off. */
  accessLog?: boolean | AccessLogOptions;
  log?: { level?: string; stream?: { write(line: string): void } };
  /** OTLP endpoint for spans. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`; undefined: no spans are made. */
  traces?: { endpoint: string | undefined };
  /** Milliseconds since the epoch. */
  now?: () => number;
}

const MIN_SECRET_BYTES = 16;

/** The checks that a plain object cannot express. Throws `EDGE_MONOLITH_URL`, `EDGE_ANSWER_HEADER` or `EDGE_SECRET_SHORT`. */
export function checkOptions(options: EdgeOptions): void {
  const url = URL.canParse(options.monolith) ? new URL(options.monolith) : undefined;
  if (
    !url ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.pathname !== '/' ||
    url.search !== ''
  ) {
    throw usage(
      'EDGE_MONOLITH_URL',
      `"${options.monolith}" is no address of a monolith.`,
      'Give it as http://host:port, without a path.',
    );
  }
  if (typeof options.answerHeader === 'string' && !/^[A-Za-z0-9-]{1,64}$/.test(options.answerHeader)) {
    throw usage(
      'EDGE_ANSWER_HEADER',
      `"${options.answerHeader}" is no header name.`,
      'Use letters, digits and hyphens.',
    );
  }
  const secret = secretBytes(options.overrideSecret);
  if (secret !== undefined && secret.length < MIN_SECRET_BYTES) {
    throw usage(
      'EDGE_SECRET_SHORT',
      'The override secret is too short to be safe.',
      `Use ${MIN_SECRET_BYTES} random bytes or more.`,
    );
  }
}

export function secretBytes(secret: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
}

function usage(code: string, message: string, remedy: string): StranglerError {
  return new StranglerError(code, message, { remedy, exitCode: 2 });
}
