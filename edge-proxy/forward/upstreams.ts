import type { LookupFunction } from 'node:net';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { Endpoint, EndpointPool, Outcome } from '../discovery/port.ts';
import type { ConnectSettings, Upstream, UpstreamTls } from './port.ts';

export interface MonolithOptions {
  /** `http://127.0.0.1:3000` or https. Path, query and user information are not allowed. */
  url: string | URL;
  tls?: UpstreamTls;
  lookup?: LookupFunction;
}

/** The monolith: one URL whose host name is resolved again and again. It is never ejected: there is nothing to take its place. */
export function monolithUpstream(options: MonolithOptions): Upstream {
  const url = typeof options.url === 'string' ? new URL(options.url) : options.url;
  const secure = url.protocol === 'https:';
  const endpoint: Endpoint = {
    id: 'monolith',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
    version: undefined,
    healthy: true,
  };
  return {
    name: 'monolith',
    target: 'monolith',
    connect: { lookup: options.lookup, tls: options.tls },
    available: () => true,
    pick: () => endpoint,
    started: () => {},
    finished: () => {},
  };
}

export interface ServiceOptions {
  /** `namespace/service`. */
  name: string;
  pool: EndpointPool;
  tls?: UpstreamTls;
}

/** A service: the instances of one pool. */
export function serviceUpstream(options: ServiceOptions): Upstream {
  return new ServiceUpstream(options);
}

class ServiceUpstream implements Upstream {
  readonly name: string;
  readonly target: Target = 'service';
  readonly connect: ConnectSettings;
  readonly #pool: EndpointPool;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.connect = { lookup: undefined, tls: options.tls };
    this.#pool = options.pool;
  }

  available(now: number): boolean {
    return this.#pool.pick(now) !== undefined;
  }

  pick(now: number): Endpoint | undefined {
    return this.#pool.pick(now);
  }

  started(endpoint: Endpoint): void {
    this.#pool.started(endpoint);
  }

  finished(endpoint: Endpoint, outcome: Outcome, latencyMs: number, now: number): void {
    this.#pool.finished(endpoint, outcome, latencyMs, now);
  }
}
