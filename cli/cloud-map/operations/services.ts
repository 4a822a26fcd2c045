import type {
  CreateServiceRequest,
  CreateServiceResponse,
  DeleteServiceRequest,
  UpdateServiceRequest,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, namespaceOf, serviceArn, serviceOf } from '../context.ts';
import { CloudMapError, invalidInput } from '../errors.ts';
import type { NewService } from '../events.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { CloudMapState, NamespaceRecord, ServiceRecord, Work } from '../state.ts';
import type { Validated } from '../validated.ts';
import { isBeingDeleted } from './namespaces.ts';
import { describeService } from './service-reads.ts';
import { healthCheckSettings, serviceSettings, updatedRecords } from './service-rules.ts';
import { duplicateRequest, openOperation, submit } from './submit.ts';
import { tagsToCreate } from './tag-rules.ts';

export function createService(
  state: CloudMapState,
  input: Validated<CreateServiceRequest>,
  context: Context,
): Decision<CreateServiceResponse> {
  const namespaceId = input.NamespaceId ?? input.DnsConfig?.NamespaceId;
  if (namespaceId === undefined) throw invalidInput('NamespaceId is required.');
  const namespace = namespaceOf(state, namespaceId, context);
  if (isBeingDeleted(state, namespace.id)) {
    throw new CloudMapError('NamespaceNotFound', `Namespace ${namespace.id} is being deleted.`);
  }
  const settings = serviceSettings(input, namespace);
  const tags = tagsToCreate(input.Tags, context, input.Name);
  const { CreatorRequestId: creatorRequestId, ...asked } = input;
  const fingerprint = fingerprintOf({ ...asked, NamespaceId: namespace.id });

  const siblings = [...state.services.values()].filter((service) => service.namespaceId === namespace.id);
  const retried = siblings.find(
    (service) => creatorRequestId !== undefined && service.creatorRequestId === creatorRequestId,
  );
  if (retried?.fingerprint === fingerprint) {
    return answer({ Service: describeService(retried, context) });
  }
  const existing = retried ?? siblings.find((service) => sameName(service, input.Name, namespace));
  if (existing) throw alreadyExists(existing, context);
  if (siblings.length >= context.limits.servicesPerNamespace) {
    throw new CloudMapError('ResourceLimitExceeded', 'The quota on the number of services is reached.');
  }

  const service: NewService = {
    id: `srv-${context.ids.random(16)}`,
    namespaceId: namespace.id,
    name: input.Name,
    description: input.Description,
    ...settings,
    createDate: context.now,
    creatorRequestId,
    fingerprint,
  };
  return answer(
    { Service: describeService({ ...service, instances: new Map() }, context) },
    { kind: 'service-created', service, arn: serviceArn(context, service.id), tags },
  );
}

/** DNS names ignore case, so services that DNS finds must differ in more than that. */
function sameName(service: ServiceRecord, name: string, namespace: NamespaceRecord): boolean {
  if (namespace.type === 'HTTP') return service.name === name;
  return service.name.toLowerCase() === name.toLowerCase();
}

function alreadyExists(service: ServiceRecord, context: Context): CloudMapError {
  return new CloudMapError('ServiceAlreadyExists', `Service ${service.name} already exists.`, {
    ServiceId: service.id,
    ServiceArn: serviceArn(context, service.id),
    ...(service.creatorRequestId === undefined ? {} : { CreatorRequestId: service.creatorRequestId }),
  });
}

export function updateService(
  state: CloudMapState,
  input: Validated<UpdateServiceRequest>,
  context: Context,
): Decision<{ OperationId: string }> {
  const service = serviceOf(state, input.Id, context);
  const busy = openOperation(
    state,
    (work) => work.kind === 'update-service' && work.serviceId === service.id,
  );
  if (busy) throw duplicateRequest(busy);
  return submit(
    state,
    {
      type: 'UPDATE_SERVICE',
      targets: { SERVICE: service.id },
      work: serviceUpdate(state, service, input.Service),
      requestId: undefined,
      fingerprint: '',
    },
    context,
  );
}

/**
 * In DNS namespaces a setting that the request leaves out is deleted, so says the API reference; services of HTTP namespaces have
 * nothing to change but their description.
 */
function serviceUpdate(
  state: CloudMapState,
  service: ServiceRecord,
  change: Validated<UpdateServiceRequest>['Service'],
): Work {
  const described = change.Description === undefined ? {} : { description: change.Description };
  const base = { kind: 'update-service', serviceId: service.id, ...described } as const;
  if (state.namespaces.get(service.namespaceId)?.type === 'HTTP') {
    if (change.DnsConfig || change.HealthCheckConfig) {
      throw invalidInput("Settings of a service in an HTTP namespace can't be updated.");
    }
    return { ...base, dns: service.dns, healthCheck: service.healthCheck };
  }
  const dns = updatedRecords(service.dns, change.DnsConfig?.DnsRecords);
  return { ...base, dns, healthCheck: updatedHealthCheck(state, service, change.HealthCheckConfig, dns) };
}

function updatedHealthCheck(
  state: CloudMapState,
  service: ServiceRecord,
  check: Validated<UpdateServiceRequest>['Service']['HealthCheckConfig'],
  dns: ServiceRecord['dns'],
): ServiceRecord['healthCheck'] {
  if (!check) return undefined;
  if (service.customHealth || state.namespaces.get(service.namespaceId)?.type === 'DNS_PRIVATE') {
    throw invalidInput('HealthCheckConfig is not supported for this service.');
  }
  if (service.healthCheck && service.healthCheck.Type !== check.Type) {
    throw invalidInput("The Type of a health check can't be changed.");
  }
  return healthCheckSettings(check, dns);
}

export function deleteService(
  state: CloudMapState,
  input: Validated<DeleteServiceRequest>,
  context: Context,
): Decision<object> {
  const service = serviceOf(state, input.Id, context);
  const busy = openOperation(state, (work) => 'serviceId' in work && work.serviceId === service.id);
  if (service.instances.size > 0 || busy) {
    throw new CloudMapError('ResourceInUse', `Service ${service.id} still contains instances.`);
  }
  return answer({}, { kind: 'service-deleted', serviceId: service.id, arn: serviceArn(context, service.id) });
}
