import type {
  GetNamespaceRequest,
  GetNamespaceResponse,
  ListNamespacesRequest,
  ListNamespacesResponse,
  NamespaceSummary,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, namespaceArn, namespaceOf } from '../context.ts';
import { filterBy } from '../filters.ts';
import { pageOf } from '../paging.ts';
import type { CloudMapState, NamespaceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';

export function getNamespace(
  state: CloudMapState,
  input: Validated<GetNamespaceRequest>,
  context: Context,
): Decision<GetNamespaceResponse> {
  const namespace = namespaceOf(state, input.Id, context);
  return answer({
    Namespace: { ...describe(state, namespace, context), CreatorRequestId: namespace.creatorRequestId },
  });
}

export function listNamespaces(
  state: CloudMapState,
  input: Validated<ListNamespacesRequest>,
  context: Context,
): Decision<ListNamespacesResponse> {
  const matches = filterBy<NamespaceRecord>(input.Filters ?? [], {
    TYPE: { of: ({ type }) => type, conditions: ['EQ', 'BEGINS_WITH'] },
    NAME: { of: ({ name }) => name, conditions: ['EQ', 'BEGINS_WITH'] },
    HTTP_NAME: { of: ({ httpName }) => httpName, conditions: ['EQ', 'BEGINS_WITH'] },
    RESOURCE_OWNER: { of: () => 'SELF', conditions: ['EQ'], values: ['SELF', 'OTHER_ACCOUNTS'] },
  });
  const page = pageOf('ListNamespaces', [...state.namespaces.values()], input, input.Filters);
  return answer({
    Namespaces: page.items.filter(matches).map((namespace) => describe(state, namespace, context)),
    NextToken: page.nextToken,
  });
}

function describe(state: CloudMapState, namespace: NamespaceRecord, context: Context): NamespaceSummary {
  const services = [...state.services.values()].filter((service) => service.namespaceId === namespace.id);
  return {
    Id: namespace.id,
    Arn: namespaceArn(context, namespace.id),
    ResourceOwner: context.accountId,
    Name: namespace.name,
    Type: namespace.type,
    Description: namespace.description,
    ServiceCount: services.length,
    Properties: {
      ...(namespace.hostedZoneId === undefined
        ? {}
        : { DnsProperties: { HostedZoneId: namespace.hostedZoneId, SOA: { TTL: namespace.soaTtl } } }),
      HttpProperties: { HttpName: namespace.httpName },
    },
    CreateDate: new Date(namespace.createDate),
  };
}
