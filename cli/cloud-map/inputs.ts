import * as s from './shapes.ts';

/** The input of each of the 30 operations of the API, version 2017-03-14. */
export const INPUTS = {
  CreateHttpNamespace: s.structure({
    'Name!': s.NAMESPACE_NAME_HTTP,
    CreatorRequestId: s.RESOURCE_ID,
    Description: s.DESCRIPTION,
    Tags: s.TAGS,
  }),
  CreatePrivateDnsNamespace: s.structure({
    'Name!': s.NAMESPACE_NAME_PRIVATE,
    CreatorRequestId: s.RESOURCE_ID,
    Description: s.DESCRIPTION,
    'Vpc!': s.RESOURCE_ID,
    Tags: s.TAGS,
    Properties: s.DNS_PROPERTIES,
  }),
  CreatePublicDnsNamespace: s.structure({
    'Name!': s.NAMESPACE_NAME_PUBLIC,
    CreatorRequestId: s.RESOURCE_ID,
    Description: s.DESCRIPTION,
    Tags: s.TAGS,
    Properties: s.DNS_PROPERTIES,
  }),
  CreateService: s.structure({
    'Name!': s.SERVICE_NAME,
    NamespaceId: s.ARN_OR_ID,
    CreatorRequestId: s.RESOURCE_ID,
    Description: s.DESCRIPTION,
    DnsConfig: s.structure({
      NamespaceId: s.RESOURCE_ID,
      RoutingPolicy: s.oneOf('MULTIVALUE', 'WEIGHTED'),
      'DnsRecords!': s.DNS_RECORDS,
    }),
    HealthCheckConfig: s.HEALTH_CHECK_CONFIG,
    HealthCheckCustomConfig: s.structure({ FailureThreshold: s.FAILURE_THRESHOLD }),
    Tags: s.TAGS,
    Type: s.oneOf('HTTP'),
  }),
  DeleteNamespace: s.structure({ 'Id!': s.ARN_OR_ID }),
  DeleteService: s.structure({ 'Id!': s.ARN_OR_ID }),
  DeleteServiceAttributes: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    'Attributes!': s.SERVICE_ATTRIBUTE_KEYS,
  }),
  DeregisterInstance: s.structure({ 'ServiceId!': s.ARN_OR_ID, 'InstanceId!': s.RESOURCE_ID }),
  DiscoverInstances: s.structure({
    'NamespaceName!': s.NAMESPACE_NAME,
    'ServiceName!': s.SERVICE_NAME,
    MaxResults: s.DISCOVER_MAX_RESULTS,
    QueryParameters: s.ATTRIBUTES,
    OptionalParameters: s.ATTRIBUTES,
    HealthStatus: s.oneOf('HEALTHY', 'UNHEALTHY', 'ALL', 'HEALTHY_OR_ELSE_ALL'),
    OwnerAccount: s.ACCOUNT_ID,
  }),
  DiscoverInstancesRevision: s.structure({
    'NamespaceName!': s.NAMESPACE_NAME,
    'ServiceName!': s.SERVICE_NAME,
    OwnerAccount: s.ACCOUNT_ID,
  }),
  GetInstance: s.structure({ 'ServiceId!': s.ARN_OR_ID, 'InstanceId!': s.RESOURCE_ID }),
  GetInstancesHealthStatus: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    Instances: s.list(s.RESOURCE_ID, { min: 1 }),
    MaxResults: s.MAX_RESULTS,
    NextToken: s.NEXT_TOKEN,
  }),
  GetNamespace: s.structure({ 'Id!': s.ARN_OR_ID }),
  GetOperation: s.structure({ 'OperationId!': s.OPERATION_ID, OwnerAccount: s.ACCOUNT_ID }),
  GetService: s.structure({ 'Id!': s.ARN_OR_ID }),
  GetServiceAttributes: s.structure({ 'ServiceId!': s.ARN_OR_ID }),
  ListInstances: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    NextToken: s.NEXT_TOKEN,
    MaxResults: s.MAX_RESULTS,
  }),
  ListNamespaces: s.structure({
    NextToken: s.NEXT_TOKEN,
    MaxResults: s.MAX_RESULTS,
    Filters: s.filters('TYPE', 'NAME', 'HTTP_NAME', 'RESOURCE_OWNER'),
  }),
  ListOperations: s.structure({
    NextToken: s.NEXT_TOKEN,
    MaxResults: s.MAX_RESULTS,
    Filters: s.filters('NAMESPACE_ID', 'SERVICE_ID', 'STATUS', 'TYPE', 'UPDATE_DATE'),
  }),
  ListServices: s.structure({
    NextToken: s.NEXT_TOKEN,
    MaxResults: s.MAX_RESULTS,
    Filters: s.filters('NAMESPACE_ID', 'RESOURCE_OWNER'),
  }),
  ListTagsForResource: s.structure({ 'ResourceARN!': s.RESOURCE_ARN }),
  RegisterInstance: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    'InstanceId!': s.INSTANCE_ID,
    CreatorRequestId: s.RESOURCE_ID,
    'Attributes!': s.ATTRIBUTES,
  }),
  TagResource: s.structure({ 'ResourceARN!': s.RESOURCE_ARN, 'Tags!': s.TAGS }),
  UntagResource: s.structure({ 'ResourceARN!': s.RESOURCE_ARN, 'TagKeys!': s.TAG_KEYS }),
  UpdateHttpNamespace: s.structure({
    'Id!': s.ARN_OR_ID,
    UpdaterRequestId: s.RESOURCE_ID,
    'Namespace!': s.structure({ 'Description!': s.DESCRIPTION }),
  }),
  UpdateInstanceCustomHealthStatus: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    'InstanceId!': s.RESOURCE_ID,
    'Status!': s.oneOf('HEALTHY', 'UNHEALTHY'),
  }),
  UpdatePrivateDnsNamespace: s.structure({
    'Id!': s.ARN_OR_ID,
    UpdaterRequestId: s.RESOURCE_ID,
    'Namespace!': s.structure({ Description: s.DESCRIPTION, Properties: s.DNS_PROPERTIES }),
  }),
  UpdatePublicDnsNamespace: s.structure({
    'Id!': s.ARN_OR_ID,
    UpdaterRequestId: s.RESOURCE_ID,
    'Namespace!': s.structure({ Description: s.DESCRIPTION, Properties: s.DNS_PROPERTIES }),
  }),
  UpdateService: s.structure({
    'Id!': s.ARN_OR_ID,
    'Service!': s.structure({
      Description: s.DESCRIPTION,
      DnsConfig: s.structure({ 'DnsRecords!': s.DNS_RECORDS }),
      HealthCheckConfig: s.HEALTH_CHECK_CONFIG,
    }),
  }),
  UpdateServiceAttributes: s.structure({
    'ServiceId!': s.ARN_OR_ID,
    'Attributes!': s.SERVICE_ATTRIBUTES,
  }),
} as const satisfies Record<string, s.StructureShape>;

export type OperationName = keyof typeof INPUTS;
