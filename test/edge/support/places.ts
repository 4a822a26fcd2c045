import type {
  Endpoint,
  EndpointPool,
  ServiceDirectory,
  ServiceSnapshot,
} from '../../../edge-proxy/discovery/port.ts';
import type { EdgeParts } from '../../../edge-proxy/edge.ts';
import { createForwarder } from '../../../edge-proxy/forward/index.ts';
import { createUpstreams } from '../../../edge-proxy/upstreams.ts';

/** A directory of services that a test fills by hand: one instance a service, or several. */
export class Places implements ServiceDirectory {
  readonly #instances = new Map<string, readonly Endpoint[]>();
  readonly #listeners = new Set<(snapshot: ServiceSnapshot) => void>();

  constructor(urls: Record<string, string> = {}) {
    for (const [service, url] of Object.entries(urls)) this.set(service, url);
  }

  /** Undefined: no instance any more. */
  set(service: string, url: string | undefined): void {
    this.setAll(service, url === undefined ? [] : [endpointOf(url)]);
  }

  setAll(service: string, instances: readonly Endpoint[]): void {
    this.#instances.set(service, instances);
    for (const listener of this.#listeners) listener(this.snapshot(service));
  }

  snapshot(service: string): ServiceSnapshot {
    const endpoints = this.#instances.get(service) ?? [];
    return { service, endpoints, stale: false, lastRefresh: 1, error: undefined };
  }

  watch(): void {}

  onChange(listener: (snapshot: ServiceSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async ready(): Promise<void> {}
  async close(): Promise<void> {}
}

export function endpointOf(url: string, over: Partial<Endpoint> = {}): Endpoint {
  const { hostname, port } = new URL(url);
  return {
    ...{ id: url, host: hostname, port: Number(port), secure: false, version: '1.0.0', healthy: true },
    ...over,
  };
}

/** The first instance, always. */
function firstOf(): EndpointPool {
  let endpoints: readonly Endpoint[] = [];
  return {
    pick: () => endpoints[0],
    started() {},
    finished() {},
    update(list) {
      endpoints = list;
    },
    stats: () => ({
      endpoints: endpoints.map(({ id, healthy }) => ({ id, healthy, ejected: false, outstanding: 0 })),
      outstanding: 0,
      ejected: 0,
      ejections: {
        'consecutive-server-errors': 0,
        'consecutive-gateway-errors': 0,
        'consecutive-connect-errors': 0,
        'success-rate': 0,
      },
      panic: false,
    }),
  };
}

/** The parts of an edge with a directory of the test's own and everything else as in production. */
export function partsWith(directory: Places, createPool: () => EndpointPool = firstOf): EdgeParts {
  return {
    upstreams: ({ options }) =>
      createUpstreams({
        monolith: { url: options.monolith },
        forwarder: createForwarder(options.forward ?? {}),
        directory,
        createPool,
      }),
  };
}
