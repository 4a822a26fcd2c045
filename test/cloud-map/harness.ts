import { type Service, ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { afterEach } from 'vitest';
import {
  type CloudMapEndpoint,
  type CloudMapEndpointOptions,
  startCloudMapEndpoint,
} from '../../cli/cloud-map/server.ts';

export const OPERATION_DELAY = 1000;
export const HEALTH_DELAY = 30_000;

export interface Harness {
  sdk: ServiceDiscovery;
  endpoint: CloudMapEndpoint;
  /** Milliseconds since the epoch, as the endpoint sees it. */
  now(): number;
  advance(ms: number): void;
  /** Lets operations in progress come to their end, and gives the last one's id back. */
  finish(answer: { OperationId?: string | undefined }): string;
  namespace(name?: string): Promise<string>;
  service(options?: {
    namespaceId?: string;
    name?: string;
    customHealth?: boolean;
  }): Promise<Service & { Id: string; NamespaceId: string }>;
  register(serviceId: string, instanceId: string, attributes?: Record<string, string>): Promise<void>;
}

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.close();
});

export function sdkFor(url: string): ServiceDiscovery {
  return new ServiceDiscovery({
    endpoint: url,
    region: 'us-east-1',
    disableHostPrefix: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

/** An endpoint in memory with a clock of its own, and the SDK as its client. Closed after the test. */
export async function startHarness(options: CloudMapEndpointOptions = {}): Promise<Harness> {
  let time = Date.UTC(2030, 0, 1);
  const endpoint = await startCloudMapEndpoint({
    operationDelayMs: OPERATION_DELAY,
    healthDelayMs: HEALTH_DELAY,
    clock: () => time,
    ...options,
  });
  const sdk = sdkFor(endpoint.url);
  started.push(endpoint, { close: async () => sdk.destroy() });

  const harness: Harness = {
    sdk,
    endpoint,
    now: () => time,
    advance(ms) {
      time += ms;
    },
    finish({ OperationId = '' }) {
      time += OPERATION_DELAY;
      return OperationId;
    },
    async namespace(name = 'shop') {
      const id = harness.finish(await sdk.createHttpNamespace({ Name: name }));
      const { Operation } = await sdk.getOperation({ OperationId: id });
      return Operation?.Targets?.NAMESPACE ?? '';
    },
    async service({ namespaceId, name = 'reviews', customHealth = true } = {}) {
      const { Service } = await sdk.createService({
        Name: name,
        NamespaceId: namespaceId ?? (await harness.namespace()),
        ...(customHealth ? { HealthCheckCustomConfig: {} } : {}),
      });
      return Service as Service & { Id: string; NamespaceId: string };
    },
    async register(ServiceId, InstanceId, attributes = {}) {
      const Attributes = { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '8080', ...attributes };
      harness.finish(await sdk.registerInstance({ ServiceId, InstanceId, Attributes }));
    },
  };
  return harness;
}

/** The name of the modelled error that a call answers with, and the error. */
export async function refusal(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('The call was expected to be refused.');
}
