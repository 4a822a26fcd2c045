import { DiscoverInstancesCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { afterEach, expect, it, vi } from 'vitest';
import { type CloudMapEndpoint, startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { Registrar } from '../../services/reviews/service/registration/registrar.ts';

let endpoint: CloudMapEndpoint | undefined;
const registrars: Registrar[] = [];

afterEach(async () => {
  await Promise.all(registrars.splice(0).map((registrar) => registrar.stop()));
  await endpoint?.close();
});

const patience = { timeout: 15_000, interval: 50 };
const start = (port?: number) => startCloudMapEndpoint({ port, operationDelayMs: 20, healthDelayMs: 20 });

function register(url: string, instanceId: string, isHealthy: () => boolean = () => true): Registrar {
  const registrar = new Registrar({
    config: { endpoint: url, region: 'eu-central-1', namespace: 'shop', service: 'reviews', heartbeat: 100 },
    instanceId,
    attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '3101', version: '2' },
    isHealthy: async () => isHealthy(),
    log: () => undefined,
  });
  registrars.push(registrar);
  registrar.start();
  return registrar;
}

/** The healthy instances, as an edge finds them. */
async function healthyAt(url: string): Promise<string[]> {
  const client = new ServiceDiscoveryClient({
    endpoint: url,
    region: 'eu-central-1',
    disableHostPrefix: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const query = { NamespaceName: 'shop', ServiceName: 'reviews', HealthStatus: 'HEALTHY' } as const;
    const { Instances = [] } = await client.send(new DiscoverInstancesCommand(query));
    return Instances.map((instance) => instance.InstanceId ?? '').sort();
  } finally {
    client.destroy();
  }
}

it('several instances that start at once on an empty Cloud Map are found, and no longer when they end', async () => {
  endpoint = await start();
  const { url } = endpoint;
  const [first] = ['a', 'b', 'c'].map((id) => register(url, id));
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['a', 'b', 'c']), patience);
  await first?.stop();
  expect(await healthyAt(url)).toEqual(['b', 'c']);
});

it('an instance that loses its database is not found until it has it again', async () => {
  endpoint = await start();
  const { url } = endpoint;
  let healthy = true;
  register(url, 'steady');
  register(url, 'ill', () => healthy);
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['ill', 'steady']), patience);
  healthy = false;
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['steady']), patience);
  healthy = true;
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['ill', 'steady']), patience);
});

it('a Cloud Map that has lost everything is told again', async () => {
  endpoint = await start();
  const { url, port } = endpoint;
  register(url, 'a');
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['a']), patience);
  await endpoint.close();
  endpoint = await start(port);
  await vi.waitFor(async () => expect(await healthyAt(url)).toEqual(['a']), patience);
});
