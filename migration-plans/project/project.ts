import type { ObserveLimits } from '../observe/observation.ts';
import type { Timeouts } from '../plan/plan.ts';

/** A project after loading: defaults filled in, units resolved (milliseconds, bytes), paths absolute. */
export interface Project {
  /** The `strangler.yaml` it was read from. */
  file: string;
  /** Folder of that file. */
  root: string;
  /** `.strangler/` beside it: embedded database, logs, last good revision. Created by who first writes there. */
  stateDir: string;
  plansDir: string;
  /** `rewrite`: absolute redirects to that host, and cookies for it, are turned to the address that the client used. */
  monolith: { url: string; rewrite: boolean };
  edge: EdgeSettings;
  /** Undefined: an embedded PostgreSQL below `stateDir`. */
  stateStore: { url: string | undefined };
  cloudMap: {
    /** Undefined: AWS itself. `local`: the endpoint that `strangler dev` starts. */
    endpoint: string | undefined;
    namespace: string;
    region: string;
  };
  dev: { processes: Record<string, DevProcess> };
}

export interface HostPort {
  host: string;
  /** 0: the system chooses. */
  port: number;
}

export interface EdgeSettings {
  listen: HostPort;
  admin: HostPort;
  /** False: no forwarding header is believed; true: all are; a list: those of these addresses, CIDR blocks or `loopback`. */
  trustProxy: boolean | string[];
  answerHeader: string | false;
  /** What is learned of the routes called; false: nothing. */
  observe: ObserveLimits | false;
  secret: string | undefined;
  workers: number;
  drainMs: number;
  tls: { certificate: string; key: string } | undefined;
  /** Of requests that no plan claims. */
  timeouts: Timeouts;
  limits: EdgeLimits;
}

export interface EdgeLimits {
  connections: number;
  inFlight: number;
  upstreamConnections: number;
  queue: number;
  queueTimeoutMs: number;
  requestHeadMs: number;
  requestIdleMs: number;
  keepAliveMs: number;
  headerBytes: number;
  /** Undefined: no limit of the edge's own. */
  requestBodyBytes: number | undefined;
}

export interface DevProcess {
  name: string;
  command: string[];
  /** Absolute. */
  cwd: string;
  env: Record<string, string>;
  ready: string | undefined;
  capability: string | undefined;
}
