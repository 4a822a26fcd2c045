import type { Phase, Target } from '../migration-plans/revision/revision.ts';
import type { RoutingTable } from '../migration-plans/routing/table.ts';
import type { EdgeReport } from '../migration-plans/state-store/port.ts';
import type { Health, Stage } from './lifecycle/stages.ts';
import type { RevisionStatus } from './revision/follower.ts';
import type { AccessLogStats } from './telemetry/access-log.ts';
import type { EvidenceSinkStats } from './telemetry/evidence-sink.ts';
import type { ShadowFigures, UpstreamFigures } from './telemetry/metric-sources.ts';
import type { RouteObserverStats } from './telemetry/route-observer.ts';

/** What `/status` shows. Nothing in it is a secret. */
export interface EdgeStatus {
  id: string;
  stage: Stage;
  ready: boolean;
  reasons: string[];
  url: string;
  adminUrl: string;
  startedAt: string;
  revision: RevisionStatus;
  capabilities: {
    capability: string;
    phase: Phase;
    weightBp: number;
    owner: Target;
    /** By the revision, for the whole fleet. */
    killed: boolean;
    /** By this edge's own switch. */
    killedHere: boolean;
    routes: number;
  }[];
  services: EdgeReport['services'];
  upstreams: UpstreamFigures[];
  leaseHeld: boolean;
  inFlight: number;
  evidence: EvidenceSinkStats;
  /** Undefined: routes are not observed. */
  observed: RouteObserverStats | undefined;
  accessLog: AccessLogStats;
  shadow: ShadowFigures | undefined;
}

export interface StatusFacts
  extends Omit<
    EdgeStatus,
    'id' | 'ready' | 'reasons' | 'url' | 'adminUrl' | 'startedAt' | 'capabilities' | 'services'
  > {
  report: EdgeReport;
  health: Health;
  table: RoutingTable;
  kills: readonly string[];
}

export function edgeStatus(facts: StatusFacts): EdgeStatus {
  const { report, health, table, kills, ...rest } = facts;
  const { id, url, adminUrl, startedAt, services } = report;
  return {
    id,
    url,
    adminUrl,
    startedAt,
    ready: health.ok,
    reasons: health.reasons,
    capabilities: capabilitiesOf(table, kills),
    services,
    ...rest,
  };
}

function capabilitiesOf(table: RoutingTable, kills: readonly string[]): EdgeStatus['capabilities'] {
  return Array.from(table.capabilities, ([capability, { state, routes }]) => {
    const { phase, weightBp, owner, killed } = state;
    return { capability, phase, weightBp, owner, killed, killedHere: kills.includes(capability), routes };
  });
}
