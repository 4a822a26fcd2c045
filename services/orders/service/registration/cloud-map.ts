import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateHttpNamespaceCommand,
  CreateServiceCommand,
  DeregisterInstanceCommand,
  DuplicateRequest,
  GetOperationCommand,
  InstanceNotFound,
  NamespaceAlreadyExists,
  paginateListNamespaces,
  paginateListServices,
  RegisterInstanceCommand,
  ServiceAlreadyExists,
  ServiceDiscoveryClient,
  ServiceNotFound,
  UpdateInstanceCustomHealthStatusCommand,
} from '@aws-sdk/client-servicediscovery';
import type { Environment, RegistrationConfig } from '../config.ts';

/** How long an asynchronous operation of Cloud Map may take, in ms. */
const operationLimit = 30_000;

/** The SDK's own client; an endpoint of one's own needs no AWS account. */
export function createClient(config: RegistrationConfig, env: Environment = process.env) {
  const { AWS_ACCESS_KEY_ID: keyId, AWS_PROFILE: profile } = env;
  const hasCredentials = Boolean(keyId || profile);
  return new ServiceDiscoveryClient({
    region: config.region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000 },
    ...(config.endpoint !== undefined && { endpoint: config.endpoint, disableHostPrefix: true }),
    ...(config.endpoint !== undefined &&
      !hasCredentials && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  });
}

/** The id of the HTTP namespace, which is created when there is none. Others may do the same at the same moment. */
export async function ensureNamespace(client: ServiceDiscoveryClient, name: string, signal?: AbortSignal) {
  const existing = await findNamespace(client, name);
  if (existing) return existing;
  try {
    const { OperationId } = await client.send(new CreateHttpNamespaceCommand({ Name: name }));
    await finish(client, OperationId, signal);
  } catch (error) {
    if (error instanceof NamespaceAlreadyExists && error.NamespaceId) return error.NamespaceId;
    if (error instanceof DuplicateRequest) await finish(client, error.DuplicateOperationId, signal);
    else if (!(error instanceof NamespaceAlreadyExists || error instanceof OperationFailed)) throw error;
  }
  const created = await findNamespace(client, name);
  if (!created) throw new Error(`namespace ${name} could not be created`);
  return created;
}

async function findNamespace(client: ServiceDiscoveryClient, name: string): Promise<string | undefined> {
  const pages = paginateListNamespaces({ client }, { Filters: [{ Name: 'NAME', Values: [name] }] });
  for await (const page of pages) {
    const found = page.Namespaces?.find((namespace) => namespace.Name === name);
    if (found?.Id) return found.Id;
  }
  return undefined;
}

/** The id of the service in the namespace, which is created, with health that instances report themselves, when missing. */
export async function ensureService(client: ServiceDiscoveryClient, namespaceId: string, name: string) {
  const existing = await findService(client, namespaceId, name);
  if (existing) return existing;
  try {
    const created = await client.send(
      new CreateServiceCommand({
        Name: name,
        NamespaceId: namespaceId,
        HealthCheckCustomConfig: { FailureThreshold: 1 },
      }),
    );
    if (created.Service?.Id) return created.Service.Id;
  } catch (error) {
    if (!(error instanceof ServiceAlreadyExists)) throw error;
    if (error.ServiceId) return error.ServiceId;
  }
  const found = await findService(client, namespaceId, name);
  if (!found) throw new Error(`service ${name} could not be created`);
  return found;
}

async function findService(client: ServiceDiscoveryClient, namespaceId: string, name: string) {
  const pages = paginateListServices(
    { client },
    { Filters: [{ Name: 'NAMESPACE_ID', Values: [namespaceId] }] },
  );
  for await (const page of pages) {
    const found = page.Services?.find((service) => service.Name === name);
    if (found?.Id) return found.Id;
  }
  return undefined;
}

export interface Instance {
  serviceId: string;
  instanceId: string;
}

/** Registers the instance, replacing an older registration of the same id, and waits until Cloud Map has done it. */
export async function register(
  client: ServiceDiscoveryClient,
  instance: Instance,
  attributes: Record<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const { OperationId } = await client.send(
    new RegisterInstanceCommand({
      ServiceId: instance.serviceId,
      InstanceId: instance.instanceId,
      Attributes: attributes,
    }),
  );
  await finish(client, OperationId, signal);
}

/** Removes the instance and waits until Cloud Map has done it; an instance that is not there is fine. */
export async function deregister(client: ServiceDiscoveryClient, instance: Instance, signal?: AbortSignal) {
  try {
    const { OperationId } = await client.send(
      new DeregisterInstanceCommand({ ServiceId: instance.serviceId, InstanceId: instance.instanceId }),
      within(signal),
    );
    await finish(client, OperationId, signal);
  } catch (error) {
    if (!isForgotten(error)) throw error;
  }
}

export async function reportHealth(client: ServiceDiscoveryClient, instance: Instance, healthy: boolean) {
  await client.send(
    new UpdateInstanceCustomHealthStatusCommand({
      ServiceId: instance.serviceId,
      InstanceId: instance.instanceId,
      Status: healthy ? 'HEALTHY' : 'UNHEALTHY',
    }),
  );
}

/** Whether Cloud Map no longer knows the instance or its service, as after it was set up anew. */
export function isForgotten(error: unknown): boolean {
  return error instanceof InstanceNotFound || error instanceof ServiceNotFound;
}

const within = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {});

class OperationFailed extends Error {}

async function finish(client: ServiceDiscoveryClient, operationId: string | undefined, signal?: AbortSignal) {
  if (!operationId) return;
  const deadline = Date.now() + operationLimit;
  for (let pause = 50; ; pause = Math.min(1000, pause * 2)) {
    const { Operation } = await client.send(
      new GetOperationCommand({ OperationId: operationId }),
      within(signal),
    );
    if (Operation?.Status === 'SUCCESS') return;
    if (Operation?.Status === 'FAIL') {
      throw new OperationFailed(
        `Cloud Map: ${Operation.ErrorMessage ?? Operation.ErrorCode ?? 'operation failed'}`,
      );
    }
    if (Date.now() > deadline) throw new Error('Cloud Map: the operation takes too long');
    await sleep(pause, undefined, signal ? { signal } : {});
  }
}
