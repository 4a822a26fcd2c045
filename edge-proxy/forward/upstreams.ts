import { isIP, type LookupFunction } from 'node:net';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint, EndpointPool, Outcome } from '../discovery/port.ts';
import { AddressBook } from './address-book.ts';
import { type BreakerOptions, type BreakerState, CircuitBreaker } from './circuit-breaker.ts';
import type { ConnectSettings, Upstream, UpstreamTls } from './port.ts';
import type { Rewrite } from './rewrite.ts';

export interface MonolithOptions {
  /** `http://127.0.0.1:3000` or https. A path, a query or user information is refused. */
  url: string | URL;
  tls?: UpstreamTls;
  /** Default: names are resolved again every 10 s while they are used. */
  lookup?: LookupFunction;
  /** Absolute redirects and cookie domains with the monolith's internal name become the client's. Default: untouched. */
  rewrite?: boolean | Rewrite;
}

/**
 * The monolith: one URL whose host name is resolved again and again. It has no breaker and is never ejected: there is nothing to take
 * its place. Throws `FORWARD_BAD_URL`.
 */
export function monolithUpstream(options: MonolithOptions): Upstream {
  const url = parseUrl(options.url);
  const secure = url.protocol === 'https:';
  const endpoint: Endpoint = {
    id: 'monolith',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
    version: undefined,
    healthy: true,
  };
  const rewrite = rewriteOf(options.rewrite, url);
  return {
    name: 'monolith',
    target: 'monolith',
    connect: settings(endpoint.host, options.lookup, options.tls),
    available: () => true,
    pick: () => endpoint,
    started: () => {},
    finished: () => {},
    ...(rewrite === undefined ? {} : { rewrite }),
  };
}

export interface ServiceOptions {
  /** `namespace/service`. */
  name: string;
  pool: EndpointPool;
  tls?: UpstreamTls;
  /** False: none. Default: `DEFAULT_BREAKER`. */
  breaker?: Partial<BreakerOptions> | false;
}

/** A service: the instances of one pool, behind a circuit breaker. */
export function serviceUpstream(options: ServiceOptions): Upstream {
  return new ServiceUpstream(options);
}

class ServiceUpstream implements Upstream {
  readonly name: string;
  readonly target: Target = 'service';
  readonly connect: ConnectSettings;
  readonly #pool: EndpointPool;
  readonly #breaker: CircuitBreaker | undefined;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.connect = settings(undefined, undefined, options.tls);
    this.#pool = options.pool;
    this.#breaker = options.breaker === false ? undefined : new CircuitBreaker(options.breaker);
  }

  available(now: number): boolean {
    if (this.#breaker !== undefined && !this.#breaker.allows(now)) return false;
    return this.#pool.pick(now) !== undefined;
  }

  pick(now: number, avoid?: Endpoint): Endpoint | undefined {
    if (this.#breaker !== undefined && !this.#breaker.allows(now)) return undefined;
    return this.#pool.pick(now, avoid);
  }

  started(endpoint: Endpoint): void {
    this.#breaker?.started();
    this.#pool.started(endpoint);
  }

  finished(endpoint: Endpoint, outcome: Outcome, latencyMs: number, now: number): void {
    // An answer with 500 is still an answer: the breaker is for a target that gives none.
    const good = outcome === 'cancelled' ? undefined : outcome === 'ok' || outcome === 'server-error';
    this.#breaker?.finished(good, now);
    this.#pool.finished(endpoint, outcome, latencyMs, now);
  }

  breakerState(now: number): BreakerState {
    return this.#breaker?.state(now) ?? 'closed';
  }
}

/** `host` undefined: instances, which may be named or numbered. */
function settings(
  host: string | undefined,
  lookup: LookupFunction | undefined,
  tls: UpstreamTls | undefined,
): ConnectSettings {
  if (lookup !== undefined || (host !== undefined && isIP(host) !== 0)) return { lookup, tls };
  const book = new AddressBook();
  return { lookup: book.lookup, isCurrent: (host, address) => book.isCurrent(host, address), tls };
}

function parseUrl(given: string | URL): URL {
  const url = URL.parse(given.toString());
  const remedy = 'Give scheme, host and port only, such as http://127.0.0.1:3000.';
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new StranglerError('FORWARD_BAD_URL', `"${given}" is no http or https URL.`, { remedy });
  }
  if (url.pathname !== '/' || url.search !== '' || url.username !== '' || url.password !== '') {
    const message = `The monolith's URL "${url.origin}…" has more than scheme, host and port.`;
    throw new StranglerError('FORWARD_BAD_URL', message, { remedy });
  }
  return url;
}

function rewriteOf(option: boolean | Rewrite | undefined, url: URL): Rewrite | undefined {
  if (option === undefined || option === false) return undefined;
  if (option !== true) return { internal: option.internal.map((name) => name.toLowerCase()) };
  const port = url.protocol === 'https:' ? '443' : '80';
  return { internal: url.port === '' ? [url.hostname, `${url.hostname}:${port}`] : [url.host] };
}
