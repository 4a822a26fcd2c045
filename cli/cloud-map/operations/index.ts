import type { Context, Decision } from '../context.ts';
import type { OperationName } from '../inputs.ts';
import type { CloudMapState } from '../state.ts';
import { discoverInstances, discoverInstancesRevision } from './discover.ts';
import { updateInstanceCustomHealthStatus } from './health.ts';
import { getInstance, getInstancesHealthStatus, listInstances } from './instance-reads.ts';
import { deregisterInstance, registerInstance } from './instances.ts';
import { getNamespace, listNamespaces } from './namespace-reads.ts';
import * as namespaces from './namespaces.ts';
import { getOperation, listOperations } from './operations.ts';
import {
  deleteServiceAttributes,
  getServiceAttributes,
  updateServiceAttributes,
} from './service-attributes.ts';
import { getService, listServices } from './service-reads.ts';
import { createService, deleteService, updateService } from './services.ts';
import { listTagsForResource, tagResource, untagResource } from './tags.ts';

/** Decides one request: pure in state, validated input and context. @throws CloudMapError */
export type Operation = (state: CloudMapState, input: never, context: Context) => Decision<object>;

export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  CreateHttpNamespace: namespaces.createHttpNamespace,
  CreatePrivateDnsNamespace: namespaces.createPrivateDnsNamespace,
  CreatePublicDnsNamespace: namespaces.createPublicDnsNamespace,
  CreateService: createService,
  DeleteNamespace: namespaces.deleteNamespace,
  DeleteService: deleteService,
  DeleteServiceAttributes: deleteServiceAttributes,
  DeregisterInstance: deregisterInstance,
  DiscoverInstances: discoverInstances,
  DiscoverInstancesRevision: discoverInstancesRevision,
  GetInstance: getInstance,
  GetInstancesHealthStatus: getInstancesHealthStatus,
  GetNamespace: getNamespace,
  GetOperation: getOperation,
  GetService: getService,
  GetServiceAttributes: getServiceAttributes,
  ListInstances: listInstances,
  ListNamespaces: listNamespaces,
  ListOperations: listOperations,
  ListServices: listServices,
  ListTagsForResource: listTagsForResource,
  RegisterInstance: registerInstance,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateHttpNamespace: namespaces.updateHttpNamespace,
  UpdateInstanceCustomHealthStatus: updateInstanceCustomHealthStatus,
  UpdatePrivateDnsNamespace: namespaces.updatePrivateDnsNamespace,
  UpdatePublicDnsNamespace: namespaces.updatePublicDnsNamespace,
  UpdateService: updateService,
  UpdateServiceAttributes: updateServiceAttributes,
};
