import type {
  GetInstanceRequest,
  GetInstanceResponse,
  GetInstancesHealthStatusRequest,
  GetInstancesHealthStatusResponse,
  ListInstancesRequest,
  ListInstancesResponse,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, serviceOf } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import { pageOf } from '../paging.ts';
import type { CloudMapState, InstanceRecord, ServiceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';
import { healthAt } from './health.ts';

export function getInstance(
  state: CloudMapState,
  input: Validated<GetInstanceRequest>,
  context: Context,
): Decision<GetInstanceResponse> {
  const service = serviceOf(state, input.ServiceId, context);
  const instance = instanceOf(service, input.InstanceId);
  return answer({
    ResourceOwner: context.accountId,
    Instance: {
      Id: instance.id,
      CreatorRequestId: instance.creatorRequestId,
      Attributes: instance.attributes,
      CreatedByAccount: context.accountId,
    },
  });
}

export function listInstances(
  state: CloudMapState,
  input: Validated<ListInstancesRequest>,
  context: Context,
): Decision<ListInstancesResponse> {
  const service = serviceOf(state, input.ServiceId, context);
  const page = pageOf('ListInstances', [...service.instances.values()], input, service.id);
  return answer({
    ResourceOwner: context.accountId,
    Instances: page.items.map(({ id, attributes }) => ({
      Id: id,
      Attributes: attributes,
      CreatedByAccount: context.accountId,
    })),
    NextToken: page.nextToken,
  });
}

export function getInstancesHealthStatus(
  state: CloudMapState,
  input: Validated<GetInstancesHealthStatusRequest>,
  context: Context,
): Decision<GetInstancesHealthStatusResponse> {
  const service = serviceOf(state, input.ServiceId, context);
  const asked = input.Instances
    ? [...new Set(input.Instances)].map((id) => instanceOf(service, id))
    : [...service.instances.values()];
  const page = pageOf('GetInstancesHealthStatus', asked, input, [service.id, input.Instances]);
  return answer({
    Status: Object.fromEntries(page.items.map((one) => [one.id, healthAt(service, one, context.now)])),
    NextToken: page.nextToken,
  });
}

/** @throws CloudMapError InstanceNotFound */
export function instanceOf(service: ServiceRecord, instanceId: string): InstanceRecord {
  const instance = service.instances.get(instanceId);
  if (!instance) throw new CloudMapError('InstanceNotFound', `No instance found with ID: ${instanceId}`);
  return instance;
}
