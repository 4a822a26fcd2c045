import type { DeregisterInstanceRequest, RegisterInstanceRequest } from '@aws-sdk/client-servicediscovery';
import { type Context, type Decision, serviceOf } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { CloudMapState, OperationRecord, ServiceRecord, Work } from '../state.ts';
import type { Validated } from '../validated.ts';
import { checkAttributes, healthAtStart } from './instance-rules.ts';
import { duplicateRequest, openOperation, retriedOperation, submit } from './submit.ts';

type Submitted = Decision<{ OperationId: string }>;

export function registerInstance(
  state: CloudMapState,
  input: Validated<RegisterInstanceRequest>,
  context: Context,
): Submitted {
  const service = serviceOf(state, input.ServiceId, context);
  const namespace = state.namespaces.get(service.namespaceId);
  if (!namespace) throw new CloudMapError('ServiceNotFound', `Service ${service.id} has no namespace.`);
  checkAttributes({ attributes: input.Attributes, service, namespace }, context);

  const requestId = input.CreatorRequestId;
  const fingerprint = fingerprintOf([service.id, input.InstanceId, input.Attributes]);
  // a retry only while its registration stands: after a deregistration or another registration it has to be done again
  const retried = retriedOperation(
    state,
    { type: 'REGISTER_INSTANCE', requestId, fingerprint },
    ({ targets }) =>
      state.services.get(targets.SERVICE ?? '')?.instances.get(targets.INSTANCE ?? '')?.creatorRequestId ===
      requestId,
  );
  if (retried) return { output: { OperationId: retried.id }, events: [] };
  refuseBusy(state, service, input.InstanceId, 'register');
  refuseBeyondQuota(state, service, input.InstanceId, context);

  const work: Work = unknownEc2Instance(input.Attributes) ?? {
    kind: 'register',
    serviceId: service.id,
    instance: {
      id: input.InstanceId,
      attributes: input.Attributes,
      creatorRequestId: requestId,
      health: healthAtStart(input.Attributes),
      reported: undefined,
    },
  };
  const targets = { INSTANCE: input.InstanceId, SERVICE: service.id };
  return submit(state, { type: 'REGISTER_INSTANCE', targets, work, requestId, fingerprint }, context);
}

export function deregisterInstance(
  state: CloudMapState,
  input: Validated<DeregisterInstanceRequest>,
  context: Context,
): Submitted {
  const service = serviceOf(state, input.ServiceId, context);
  refuseBusy(state, service, input.InstanceId, 'deregister');
  if (!service.instances.has(input.InstanceId)) {
    throw new CloudMapError('InstanceNotFound', `No instance found with ID: ${input.InstanceId}`);
  }
  return submit(
    state,
    {
      type: 'DEREGISTER_INSTANCE',
      targets: { INSTANCE: input.InstanceId, SERVICE: service.id },
      work: { kind: 'deregister', serviceId: service.id, instanceId: input.InstanceId },
      requestId: undefined,
      fingerprint: '',
    },
    context,
  );
}

/**
 * One operation an instance at a time.
 *
 * @throws CloudMapError DuplicateRequest for the same kind of operation, ResourceInUse for the other one
 */
function refuseBusy(
  state: CloudMapState,
  service: ServiceRecord,
  instanceId: string,
  kind: 'register' | 'deregister',
): void {
  const busy = openOperation(state, (work) => {
    if (work.kind === 'register') return work.serviceId === service.id && work.instance.id === instanceId;
    return work.kind === 'deregister' && work.serviceId === service.id && work.instanceId === instanceId;
  });
  if (!busy) return;
  if (busy.work?.kind === kind) throw duplicateRequest(busy);
  throw new CloudMapError('ResourceInUse', `Another operation on instance ${instanceId} is in progress.`);
}

function refuseBeyondQuota(
  state: CloudMapState,
  service: ServiceRecord,
  instanceId: string,
  context: Context,
): void {
  const siblings = [...state.services.values()].filter((other) => other.namespaceId === service.namespaceId);
  const arriving = arrivals(state);
  const count = (one: ServiceRecord) => one.instances.size + (arriving.get(one.id) ?? 0);
  if (service.instances.has(instanceId)) return;
  if (count(service) >= context.limits.instancesPerService) {
    throw new CloudMapError('ResourceLimitExceeded', 'The quota on instances of a service is reached.');
  }
  const inNamespace = siblings.reduce((sum, one) => sum + count(one), 0);
  if (inNamespace >= context.limits.instancesPerNamespace) {
    throw new CloudMapError('ResourceLimitExceeded', 'The quota on instances of a namespace is reached.');
  }
}

/** Registrations of new instances that are in progress, by service. */
function arrivals(state: CloudMapState): Map<string, number> {
  const byService = new Map<string, number>();
  for (const id of state.open) {
    const work: OperationRecord['work'] = state.operations.get(id)?.work;
    if (work?.kind !== 'register') continue;
    if (state.services.get(work.serviceId)?.instances.has(work.instance.id)) continue;
    byService.set(work.serviceId, (byService.get(work.serviceId) ?? 0) + 1);
  }
  return byService;
}

/** AWS asks EC2 for the address of the instance. There is no EC2 here, so such a registration is accepted and fails. */
function unknownEc2Instance(attributes: Readonly<Record<string, string>>): Work | undefined {
  const id = attributes.AWS_EC2_INSTANCE_ID;
  if (id === undefined) return undefined;
  return { kind: 'fail', code: 'INTERNAL_FAILURE', message: `There is no EC2 to look up instance ${id}.` };
}
