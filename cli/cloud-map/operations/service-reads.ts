import type {
  GetServiceRequest,
  GetServiceResponse,
  ListServicesRequest,
  ListServicesResponse,
  Service,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, namespaceArn, serviceArn, serviceOf } from '../context.ts';
import { filterBy } from '../filters.ts';
import { pageOf } from '../paging.ts';
import type { CloudMapState, ServiceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';

export function getService(
  state: CloudMapState,
  input: Validated<GetServiceRequest>,
  context: Context,
): Decision<GetServiceResponse> {
  return answer({ Service: describeService(serviceOf(state, input.Id, context), context) });
}

export function listServices(
  state: CloudMapState,
  input: Validated<ListServicesRequest>,
  context: Context,
): Decision<ListServicesResponse> {
  const prefix = namespaceArn(context, '');
  const matches = filterBy<ServiceRecord>(input.Filters ?? [], {
    NAMESPACE_ID: {
      of: ({ namespaceId }) => namespaceId,
      conditions: ['EQ'],
      normalise: (value) => (value.startsWith(prefix) ? value.slice(prefix.length) : value),
    },
    RESOURCE_OWNER: { of: () => 'SELF', conditions: ['EQ'], values: ['SELF', 'OTHER_ACCOUNTS'] },
  });
  const page = pageOf('ListServices', [...state.services.values()], input, input.Filters);
  return answer({
    Services: page.items.filter(matches).map((service) => {
      const {
        CreatorRequestId: _onlyInFull,
        NamespaceId: _inFilter,
        ...summary
      } = describeService(service, context);
      return summary;
    }),
    NextToken: page.nextToken,
  });
}

export function describeService(
  service: Omit<ServiceRecord, 'ordinal' | 'revision' | 'attributes'>,
  context: Context,
): Service {
  return {
    Id: service.id,
    Arn: serviceArn(context, service.id),
    ResourceOwner: context.accountId,
    Name: service.name,
    NamespaceId: service.namespaceId,
    Description: service.description,
    InstanceCount: service.instances.size,
    DnsConfig: service.dns && {
      NamespaceId: service.namespaceId,
      RoutingPolicy: service.dns.routingPolicy,
      DnsRecords: [...service.dns.records],
    },
    Type: service.type,
    HealthCheckConfig: service.healthCheck,
    // the threshold is no longer configurable: whatever was asked for, AWS says 1
    HealthCheckCustomConfig: service.customHealth ? { FailureThreshold: 1 } : undefined,
    CreateDate: new Date(service.createDate),
    CreatorRequestId: service.creatorRequestId,
    CreatedByAccount: context.accountId,
  };
}
