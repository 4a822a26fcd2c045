import type {
  DeleteServiceAttributesRequest,
  GetServiceAttributesRequest,
  GetServiceAttributesResponse,
  UpdateServiceAttributesRequest,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, serviceArn, serviceOf } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import type { CloudMapState } from '../state.ts';
import type { Validated } from '../validated.ts';

export function getServiceAttributes(
  state: CloudMapState,
  input: Validated<GetServiceAttributesRequest>,
  context: Context,
): Decision<GetServiceAttributesResponse> {
  const service = serviceOf(state, input.ServiceId, context);
  return answer({
    ServiceAttributes: {
      ServiceArn: serviceArn(context, service.id),
      ResourceOwner: context.accountId,
      Attributes: service.attributes,
    },
  });
}

export function updateServiceAttributes(
  state: CloudMapState,
  input: Validated<UpdateServiceAttributesRequest>,
  context: Context,
): Decision<object> {
  const service = serviceOf(state, input.ServiceId, context);
  const merged = { ...service.attributes, ...input.Attributes };
  if (Object.keys(merged).length > context.limits.attributesPerService) {
    throw new CloudMapError(
      'ServiceAttributesLimitExceededException',
      `A service can have at most ${context.limits.attributesPerService} attributes.`,
    );
  }
  return answer({}, { kind: 'service-attributes-set', serviceId: service.id, attributes: input.Attributes });
}

export function deleteServiceAttributes(
  state: CloudMapState,
  input: Validated<DeleteServiceAttributesRequest>,
  context: Context,
): Decision<object> {
  const service = serviceOf(state, input.ServiceId, context);
  return answer({}, { kind: 'service-attributes-removed', serviceId: service.id, keys: input.Attributes });
}
