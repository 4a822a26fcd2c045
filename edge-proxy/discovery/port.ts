/** One live address of a service, as Cloud Map lists it. */
export interface Endpoint {
  /** Cloud Map's InstanceId: stable while the instance lives. */
  id: string;
  host: string;
  port: number;
  /** TLS to the instance. */
  secure: boolean;
  version: string | undefined;
  /** What Cloud Map says. The edge's own opinion (ejection) is the pool's. */
  healthy: boolean;
  /** Relative share of requests; 1 when Cloud Map names none. */
  weight?: number;
}

/** The last good list of one service. Replaced as a whole, never changed in place. */
export interface ServiceSnapshot {
  /** `namespace/service` */
  service: string;
  endpoints: readonly Endpoint[];
  /** Cloud Map could not be asked since `lastRefresh` or no longer knows the service, or the list comes from the cache file. */
  stale: boolean;
  /** Milliseconds since the epoch; undefined: never listed by Cloud Map in this process. */
  lastRefresh: number | undefined;
  /** Why the last attempt failed. */
  error: string | undefined;
}

/** Where the instances of services are. */
export interface ServiceDirectory {
  /** The last good list; of a service that is not watched: an empty, stale one. */
  snapshot(service: string): ServiceSnapshot;
  /** Sets the set of services in use (`namespace/service`): new ones are polled from now on, missing ones no longer. */
  watch(services: Iterable<string>): void;
  /** Called after each change of a list, of its staleness or of its error. Returns the way to stop. */
  onChange(listener: (snapshot: ServiceSnapshot) => void): () => void;
  /**
   * Resolves once the service has a list, be it empty or from the cache, or Cloud Map says that there is no such service yet.
   * Rejects when the service isn't watched or watching ends.
   */
  ready(service: string): Promise<void>;
  close(): Promise<void>;
}

/** How an exchange with an endpoint ended, for ejection. `cancelled`: the client left; it says nothing about the endpoint. */
export type Outcome = 'ok' | 'server-error' | 'gateway-error' | 'connect-error' | 'timeout' | 'cancelled';

export interface EndpointStats {
  id: string;
  outstanding: number;
  ejected: boolean;
  healthy: boolean;
}

export interface PoolStats {
  endpoints: readonly EndpointStats[];
  outstanding: number;
  ejected: number;
  /** Since the pool began, by reason. */
  ejections: Readonly<Record<EjectionReason, number>>;
  /** Too few endpoints are healthy: all are used. */
  panic: boolean;
}

export type EjectionReason =
  | 'consecutive-server-errors'
  | 'consecutive-gateway-errors'
  | 'consecutive-connect-errors'
  | 'success-rate';

/** Balances the requests of one service over its endpoints. One pool a service; single-threaded. */
export interface EndpointPool {
  /**
   * The endpoint for the next request; undefined: there is none. `now`: milliseconds, monotonic. `avoid`: the endpoint that has just
   * failed this request; another one is taken where there is one.
   */
  pick(now: number, avoid?: Endpoint): Endpoint | undefined;
  /** A request is on its way to the endpoint. Each call is followed by exactly one `finished`. */
  started(endpoint: Endpoint): void;
  finished(endpoint: Endpoint, outcome: Outcome, latencyMs: number, now: number): void;
  /** Takes over a new list as a whole. What is known of endpoints that stay (by id and address) is kept. */
  update(endpoints: readonly Endpoint[]): void;
  stats(now: number): PoolStats;
}
