import type {
  DiscoverInstancesRequest,
  DiscoverInstancesResponse,
  DiscoverInstancesRevisionRequest,
  DiscoverInstancesRevisionResponse,
  HealthStatusFilter,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import type { CloudMapState, InstanceRecord, NamespaceRecord, ServiceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';
import { healthAt } from './health.ts';

const DEFAULT_MAX_RESULTS = 100;

export function discoverInstances(
  state: CloudMapState,
  input: Validated<DiscoverInstancesRequest>,
  context: Context,
): Decision<DiscoverInstancesResponse> {
  const { namespace, service } = discovered(state, input, context);
  const { QueryParameters: required = {}, OptionalParameters: wished } = input;
  const matching = [...service.instances.values()].filter((instance) => hasAll(instance, required));
  const preferred = wished ? matching.filter((instance) => hasAll(instance, wished)) : [];
  const healthy = byHealth(preferred.length > 0 ? preferred : matching, service, input.HealthStatus, context);
  const chosen = shuffled(healthy, context.random).slice(0, input.MaxResults ?? DEFAULT_MAX_RESULTS);
  return answer({
    Instances: chosen.map((instance) => ({
      InstanceId: instance.id,
      NamespaceName: namespace.httpName,
      ServiceName: service.name,
      HealthStatus: healthAt(service, instance, context.now),
      Attributes: instance.attributes,
    })),
    InstancesRevision: service.revision,
  });
}

export function discoverInstancesRevision(
  state: CloudMapState,
  input: Validated<DiscoverInstancesRevisionRequest>,
  context: Context,
): Decision<DiscoverInstancesRevisionResponse> {
  return answer({ InstancesRevision: discovered(state, input, context).service.revision });
}

/** @throws CloudMapError NamespaceNotFound, ServiceNotFound */
function discovered(
  state: CloudMapState,
  input: Validated<DiscoverInstancesRevisionRequest>,
  context: Context,
): { namespace: NamespaceRecord; service: ServiceRecord } {
  const foreign = input.OwnerAccount !== undefined && input.OwnerAccount !== context.accountId;
  const namespace = foreign
    ? undefined
    : [...state.namespaces.values()].find((one) => one.httpName === input.NamespaceName);
  if (!namespace) {
    throw new CloudMapError('NamespaceNotFound', `No namespace found with name: ${input.NamespaceName}`);
  }
  const service = [...state.services.values()].find(
    (one) => one.namespaceId === namespace.id && one.name === input.ServiceName,
  );
  if (!service) {
    throw new CloudMapError('ServiceNotFound', `No service found with name: ${input.ServiceName}`);
  }
  return { namespace, service };
}

function hasAll(instance: InstanceRecord, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => instance.attributes[key] === value);
}

/** The filter means nothing for a service without a health check, and then all instances are returned. */
function byHealth(
  instances: readonly InstanceRecord[],
  service: ServiceRecord,
  filter: HealthStatusFilter | undefined,
  context: Context,
): readonly InstanceRecord[] {
  if (!service.customHealth && !service.healthCheck) return instances;
  const only = (status: 'HEALTHY' | 'UNHEALTHY') =>
    instances.filter((instance) => healthAt(service, instance, context.now) === status);
  switch (filter) {
    case undefined:
    case 'ALL':
      return instances;
    case 'HEALTHY':
    case 'UNHEALTHY':
      return only(filter);
    case 'HEALTHY_OR_ELSE_ALL': {
      const healthy = only('HEALTHY');
      return healthy.length > 0 ? healthy : instances;
    }
  }
}

/** Fisher and Yates: every order is equally likely. */
function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
