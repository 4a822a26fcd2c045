import type { Meters } from './meters.ts';

/** What is read from other parts of the edge at scrape time. All of it is bounded by plans and discovered instances. */
export interface MetricSources {
  meters: Meters;
  revision(): {
    number: number | null;
    loadedAt: number | undefined;
    failures: number;
    storeConnected: boolean;
    broken: boolean;
  };
  ready(): boolean;
  evidence(): { held: number; delivered: number; dropped: number };
  /** Undefined: routes are not observed. */
  observed(): { places: number; delivered: number; failed: number } | undefined;
  accessLog(): { written: number; sampledOut: number; dropped: number };
  /** One row per service and for the monolith. */
  upstreams(): UpstreamFigures[];
  /** Requests answered 503 because too many were being answered, and how many may be. */
  admission(): { shed: number; limit: number };
  /** Undefined: somebody else listens. */
  listener(): ListenerFigures | undefined;
  /** Undefined: nothing is mirrored. */
  shadow(): ShadowFigures | undefined;
}

/** One service, by its name in Cloud Map. */
export interface UpstreamFigures {
  name: string;
  endpoints: number;
  /** Healthy and not ejected. */
  available: number;
  ejected: number;
  /** Since the edge first used it, by reason. */
  ejections: Readonly<Record<string, number>>;
  /** Too few are healthy: all are used. */
  panic: boolean;
  breaker: 'closed' | 'half-open' | 'open';
}

export interface ShadowFigures {
  queued: number;
  active: number;
  bytesHeld: number;
  sent: number;
  compared: number;
  dropped: Readonly<Partial<Record<string, number>>>;
}

export interface ListenerFigures {
  /** Connections of clients that are open now. */
  connections: number;
  /** Connections that were closed at once because there were too many. */
  refused: number;
  /** Undefined: no TLS. `expires`: milliseconds since the epoch. */
  certificate: { expires: number; failures: number } | undefined;
}
