import { CloudMapError } from './errors.ts';
import type { CloudMapEvent } from './events.ts';
import type { CloudMapState, NamespaceRecord, ServiceRecord } from './state.ts';

/** Account quotas of Cloud Map as AWS sets them by default. */
export interface CloudMapLimits {
  namespaces: number;
  /** Not a quota of AWS: bounds what the endpoint keeps. */
  servicesPerNamespace: number;
  instancesPerService: number;
  instancesPerNamespace: number;
  customAttributesPerInstance: number;
  /** Sum of the lengths of all keys and values. */
  attributeCharacters: number;
  attributesPerService: number;
  tagsPerResource: number;
  /** Operations that are not done yet. Not a quota of AWS: bounds what the endpoint keeps. */
  openOperations: number;
  discoverPerSecond: number;
  discoverBurst: number;
  revisionsPerSecond: number;
}

export const AWS_LIMITS: CloudMapLimits = {
  namespaces: 50,
  servicesPerNamespace: 1000,
  instancesPerService: 1000,
  instancesPerNamespace: 2000,
  customAttributesPerInstance: 30,
  attributeCharacters: 5000,
  attributesPerService: 30,
  tagsPerResource: 50,
  openOperations: 5000,
  discoverPerSecond: 1000,
  discoverBurst: 2000,
  revisionsPerSecond: 3000,
};

/** Where ids come from: chance in production, a counter in tests. */
export interface IdSource {
  /** Lower-case letters and digits. */
  random(length: number): string;
}

/** What a decision may depend on besides the state and the input. */
export interface Context {
  /** Milliseconds since the epoch. */
  now: number;
  region: string;
  accountId: string;
  operationDelayMs: number;
  healthDelayMs: number;
  limits: CloudMapLimits;
  ids: IdSource;
  /** In [0, 1), for the order of discovered instances. */
  random(): number;
}

/** What a request is answered with, and what it changes. */
export interface Decision<Output> {
  output: Output;
  events: readonly CloudMapEvent[];
}

export function answer<Output>(output: Output, ...events: CloudMapEvent[]): Decision<Output> {
  return { output, events };
}

export function namespaceArn(context: Pick<Context, 'region' | 'accountId'>, id: string): string {
  return `arn:aws:servicediscovery:${context.region}:${context.accountId}:namespace/${id}`;
}

export function serviceArn(context: Pick<Context, 'region' | 'accountId'>, id: string): string {
  return `arn:aws:servicediscovery:${context.region}:${context.accountId}:service/${id}`;
}

/** The namespace with this id or ARN. @throws CloudMapError NamespaceNotFound */
export function namespaceOf(state: CloudMapState, idOrArn: string, context: Context): NamespaceRecord {
  const id = idOfArn(idOrArn, namespaceArn(context, ''));
  const namespace = id === undefined ? undefined : state.namespaces.get(id);
  if (!namespace) {
    throw new CloudMapError('NamespaceNotFound', `No namespace found with ID: ${idOrArn}`);
  }
  return namespace;
}

/** The service with this id or ARN. @throws CloudMapError ServiceNotFound */
export function serviceOf(state: CloudMapState, idOrArn: string, context: Context): ServiceRecord {
  const id = idOfArn(idOrArn, serviceArn(context, ''));
  const service = id === undefined ? undefined : state.services.get(id);
  if (!service) throw new CloudMapError('ServiceNotFound', `No service found with ID: ${idOrArn}`);
  return service;
}

function idOfArn(idOrArn: string, prefix: string): string | undefined {
  if (!idOrArn.startsWith('arn:')) return idOrArn;
  return idOrArn.startsWith(prefix) ? idOrArn.slice(prefix.length) : undefined;
}
