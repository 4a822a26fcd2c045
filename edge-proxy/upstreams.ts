import type { CompiledRoute, RoutingTable } from '../migration-plans/routing/table.ts';
import type { Forwarder, Upstream } from './forward/port.ts';
import type { UpstreamFigures } from './telemetry/metrics.ts';

/** What an edge sees of one service. */
export interface SeenService {
  endpoints: number;
  healthy: number;
  versions: string[];
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
  figures(): UpstreamFigures[];
  close(deadlineMs: number): Promise<void>;
}
