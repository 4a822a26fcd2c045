import type { CompiledRoute, RoutingTable } from '../migration-plans/routing/table.ts';
import type { Endpoint, EndpointPool, ServiceDirectory } from './discovery/port.ts';
import { type MonolithOptions, monolithUpstream, serviceUpstream } from './forward/index.ts';
import type { Forwarder, Upstream } from './forward/port.ts';
import type { UpstreamFigures } from './telemetry/metric-sources.ts';
import { within } from './within.ts';

/** What an edge sees of one service. */
export interface SeenService {
  endpoints: number;
  healthy: number;
  versions: string[];
  /** All of them as evidence names them: `1.4.0`, `1.3.0+1.4.0` while both run, `unknown`. */
  version: string;
}

/** Everything behind the edge: the monolith, the services as they are discovered, and the way to forward to them. */
export interface Upstreams {
  readonly forwarder: Forwarder;
  readonly monolith: Upstream;
  /** The same object for the same service, whatever the revision. */
  serviceOf(route: CompiledRoute): Upstream;
  /** Sets which services are in use; resolves once each has been looked up, or the limit is over. Never rejects. */
  use(table: RoutingTable, limitMs: number): Promise<void>;
  seen(serviceKey: string): SeenService;
  /** Some instance that may take a request now, for traffic that is nobody's: it is not counted against the instance. */
  pickEndpoint(serviceKey: string): Endpoint | undefined;
  /** Every address that is known of it, healthy or not. */
  endpointsOf(serviceKey: string): readonly Endpoint[];
  figures(): UpstreamFigures[];
  close(deadlineMs: number): Promise<void>;
}

export interface UpstreamsOptions {
  monolith: MonolithOptions;
  forwarder: Forwarder;
  /** Undefined: no service can be found, and none ever answers. */
  directory: ServiceDirectory | undefined;
  createPool(): EndpointPool;
}

const NO_ENDPOINTS: readonly Endpoint[] = [];

interface Service {
  pool: EndpointPool;
  upstream: Upstream;
}

/** Joins discovery and forwarding: a balanced upstream for each service that the current table names. */
export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { forwarder, directory, createPool } = options;
  let services = new Map<string, Service>();
  /** By the list that it says something of: lists change by being replaced. Asked for with every copy that is mirrored. */
  const seen = new WeakMap<readonly Endpoint[], SeenService>();
  const stopListening = directory?.onChange(({ service, endpoints }) => {
    services.get(service)?.pool.update(endpoints);
  });

  function serviceFor(key: string): Service {
    let service = services.get(key);
    if (service === undefined) {
      const pool = createPool();
      pool.update(directory?.snapshot(key).endpoints ?? []);
      service = { pool, upstream: serviceUpstream({ name: key, pool }) };
      services.set(key, service);
    }
    return service;
  }

  return {
    forwarder,
    monolith: monolithUpstream(options.monolith),
    serviceOf: ({ serviceKey }) => serviceFor(serviceKey).upstream,
    async use(table, limitMs) {
      const keys = new Set<string>();
      for (const { serviceKey, sandboxKey } of table.capabilities.values()) {
        keys.add(serviceKey);
        if (sandboxKey !== undefined) keys.add(sandboxKey);
      }
      directory?.watch(keys);
      const kept = new Map<string, Service>();
      for (const key of keys) kept.set(key, serviceFor(key));
      services = kept;
      if (directory !== undefined) await lookedUp(directory, keys, limitMs);
    },
    seen(serviceKey) {
      const endpoints = directory?.snapshot(serviceKey).endpoints ?? NO_ENDPOINTS;
      const known = seen.get(endpoints);
      if (known !== undefined) return known;
      const versions = new Set(endpoints.flatMap(({ version }) => (version === undefined ? [] : [version])));
      const healthy = endpoints.filter((endpoint) => endpoint.healthy).length;
      const sorted = [...versions].sort();
      const version = sorted.length === 0 ? 'unknown' : sorted.join('+');
      const now = { endpoints: endpoints.length, healthy, versions: sorted, version };
      seen.set(endpoints, now);
      return now;
    },
    pickEndpoint: (serviceKey) => services.get(serviceKey)?.pool.pick(performance.now()),
    endpointsOf: (serviceKey) => directory?.snapshot(serviceKey).endpoints ?? [],
    figures: () => [...services].map(([name, service]) => figuresOf(name, service)),
    async close(deadlineMs) {
      stopListening?.();
      await directory?.close();
      await forwarder.close(deadlineMs);
    },
  };
}

/** A service that nobody has registered yet has an empty list, which is an answer; one that cannot be asked for runs into the limit. */
async function lookedUp(directory: ServiceDirectory, keys: Iterable<string>, limitMs: number): Promise<void> {
  await within(limitMs, Promise.allSettled([...keys].map((key) => directory.ready(key))));
}

function figuresOf(name: string, { pool, upstream }: Service): UpstreamFigures {
  const now = performance.now();
  const { endpoints, ejected, ejections, panic } = pool.stats(now);
  const available = endpoints.filter((endpoint) => endpoint.healthy && !endpoint.ejected).length;
  const breaker = upstream.breakerState?.(now) ?? 'closed';
  return { name, endpoints: endpoints.length, available, ejected, ejections, panic, breaker };
}
