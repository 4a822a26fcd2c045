import type {
  DnsRecord,
  HealthCheckConfig,
  NamespaceType,
  OperationTargetType,
  OperationType,
  RoutingPolicy,
} from '@aws-sdk/client-servicediscovery';
import type { Validated } from './validated.ts';

/**
 * Everything the endpoint knows, as one immutable value: a change makes a new one. Times are milliseconds since the epoch.
 * Written to disk as it is, so a change of these shapes is a change of `STATE_FORMAT`.
 */
export interface CloudMapState {
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  /** All operations still open, and the newest finished ones up to a limit. In the order in which they were submitted. */
  readonly operations: ReadonlyMap<string, OperationRecord>;
  /** Ids of open operations in the order of submission. */
  readonly open: readonly string[];
  /** By ARN, of namespaces and services. */
  readonly tags: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The highest ordinal given to a record. Lists are sorted by it, and page tokens name it. */
  readonly ordinal: number;
  /**
   * The highest revision of any list of instances. One counter for all services, so that a service that is deleted and made
   * again under its old name goes on rising for clients that poll by name.
   */
  readonly revision: number;
}

export interface NamespaceRecord {
  readonly id: string;
  readonly ordinal: number;
  readonly name: string;
  /** The name that Discover operations use: differs from `name` when another namespace had that first. */
  readonly httpName: string;
  readonly type: NamespaceType;
  readonly description: string | undefined;
  readonly createDate: number;
  readonly creatorRequestId: string | undefined;
  readonly vpc: string | undefined;
  readonly hostedZoneId: string | undefined;
  readonly soaTtl: number | undefined;
}

export interface DnsRecordConfig {
  readonly routingPolicy: RoutingPolicy;
  readonly records: readonly Validated<DnsRecord>[];
}

export interface ServiceRecord {
  readonly id: string;
  readonly ordinal: number;
  readonly namespaceId: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly dns: DnsRecordConfig | undefined;
  readonly type: 'HTTP' | 'DNS_HTTP';
  readonly healthCheck: Validated<HealthCheckConfig> | undefined;
  readonly customHealth: boolean;
  readonly createDate: number;
  readonly creatorRequestId: string | undefined;
  /** What CreateService was asked for, to tell a retry from another request with the same id. */
  readonly fingerprint: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly instances: ReadonlyMap<string, InstanceRecord>;
  readonly revision: number;
}

export type Health = 'HEALTHY' | 'UNHEALTHY';

export interface InstanceRecord {
  readonly id: string;
  readonly ordinal: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly creatorRequestId: string | undefined;
  readonly health: Health;
  /** A custom health status that was reported and is not effective yet. */
  readonly reported: { readonly status: Health; readonly effectiveAt: number } | undefined;
}

export interface OperationRecord {
  readonly id: string;
  readonly ordinal: number;
  readonly type: OperationType;
  readonly targets: Readonly<Partial<Record<OperationTargetType, string>>>;
  readonly createDate: number;
  /** From when it is PENDING and no longer SUBMITTED. */
  readonly pendingAt: number;
  /** When its work is done. */
  readonly dueAt: number;
  readonly result: 'open' | 'SUCCESS' | 'FAIL';
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly requestId: string | undefined;
  readonly fingerprint: string;
  readonly work: Work | undefined;
}

/** What an operation does when it is due. Dropped once done. */
export type Work =
  | { kind: 'create-namespace'; namespace: Omit<NamespaceRecord, 'ordinal'>; arn: string; tags: Tags }
  | { kind: 'update-namespace'; namespaceId: string; description?: string; soaTtl?: number }
  | { kind: 'delete-namespace'; namespaceId: string; arn: string }
  | {
      kind: 'update-service';
      serviceId: string;
      description?: string;
      dns: DnsRecordConfig | undefined;
      healthCheck: Validated<HealthCheckConfig> | undefined;
    }
  | { kind: 'register'; serviceId: string; instance: Omit<InstanceRecord, 'ordinal'> }
  | { kind: 'deregister'; serviceId: string; instanceId: string }
  | { kind: 'fail'; code: string; message: string };

export type Tags = Readonly<Record<string, string>>;

export const EMPTY_STATE: CloudMapState = {
  namespaces: new Map(),
  services: new Map(),
  operations: new Map(),
  open: [],
  tags: new Map(),
  ordinal: 0,
  revision: 0,
};
