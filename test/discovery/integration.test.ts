import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CloudMapEndpoint, startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { createEndpointPool } from '../../edge-proxy/discovery/balance.ts';
import { createDiscoveryClient } from '../../edge-proxy/discovery/client.ts';
import { type MeteredDirectory, openServiceDirectory } from '../../edge-proxy/discovery/directory.ts';
import type { ServiceSnapshot } from '../../edge-proxy/discovery/port.ts';

const REVIEWS = 'shop/reviews';

let folder: string;
let cloudMap: CloudMapEndpoint;
let sdk: ServiceDiscovery;
let client: ServiceDiscovery;
let directory: MeteredDirectory;
let serviceId: string;

async function startCloudMap(port = 0): Promise<CloudMapEndpoint> {
  return startCloudMapEndpoint({
    dataDir: join(folder, 'cloud-map'),
    port,
    operationDelayMs: 0,
    healthDelayMs: 0,
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-'));
  cloudMap = await startCloudMap();
  sdk = createDiscoveryClient({ endpoint: cloudMap.url });
  client = createDiscoveryClient({ endpoint: cloudMap.url });
  await sdk.createHttpNamespace({ Name: 'shop' });
  const NamespaceId = (await sdk.listNamespaces({})).Namespaces?.[0]?.Id;
  const { Service } = await sdk.createService({ Name: 'reviews', NamespaceId, HealthCheckCustomConfig: {} });
  serviceId = Service?.Id ?? '';
  directory = await openServiceDirectory({
    client,
    cacheFile: join(folder, 'endpoints.json'),
    settings: { revisionMs: 10, listMs: 40, backoffMs: 10, maxBackoffMs: 40 },
  });
});

afterEach(async () => {
  await directory.close();
  sdk.destroy();
  client.destroy();
  await cloudMap.close();
  await rm(folder, { recursive: true, force: true });
});

const register = (InstanceId: string, attributes: Record<string, string> = {}) =>
  sdk.registerInstance({
    ServiceId: serviceId,
    InstanceId,
    Attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '8080', ...attributes },
  });

/** Waits for a change, not for a time. */
function until(holds: (snapshot: ServiceSnapshot) => boolean): Promise<ServiceSnapshot> {
  return new Promise((resolve) => {
    const now = directory.snapshot(REVIEWS);
    if (holds(now)) return resolve(now);
    const stop = directory.onChange((snapshot) => {
      if (!holds(snapshot)) return;
      stop();
      resolve(snapshot);
    });
  });
}

const ids = ({ endpoints }: ServiceSnapshot) => endpoints.map(({ id }) => id).join();

it('an instance appears, falls ill, recovers and goes, and the pool follows', async () => {
  const pool = createEndpointPool();
  directory.onChange(({ endpoints }) => pool.update(endpoints));
  directory.watch([REVIEWS]);
  await directory.ready(REVIEWS);
  expect(pool.pick(0)).toBeUndefined();

  await register('a', { version: '1' });
  await until((snapshot) => ids(snapshot) === 'a');
  expect(pool.pick(0)).toMatchObject({ id: 'a', host: '127.0.0.1', port: 8080, version: '1' });

  await register('b', { AWS_INSTANCE_PORT: '8081' });
  await until((snapshot) => ids(snapshot) === 'a,b');
  const health = (Status: 'HEALTHY' | 'UNHEALTHY') =>
    sdk.updateInstanceCustomHealthStatus({ ServiceId: serviceId, InstanceId: 'a', Status });
  await health('UNHEALTHY');
  await until(({ endpoints }) => endpoints[0]?.healthy === false);
  expect(pool.pick(0)?.id).toBe('b');
  await health('HEALTHY');
  await until(({ endpoints }) => endpoints[0]?.healthy === true);

  await sdk.deregisterInstance({ ServiceId: serviceId, InstanceId: 'a' });
  await until((snapshot) => ids(snapshot) === 'b');
  expect(pool.pick(0)?.id).toBe('b');
});

it('a service that is not there yet is found once it registers', async () => {
  directory.watch(['shop/orders']);
  await directory.ready('shop/orders');
  expect(directory.snapshot('shop/orders').error).toContain('ServiceNotFound');
  const appeared = new Promise<ServiceSnapshot>((resolve) => {
    directory.onChange((snapshot) => snapshot.endpoints.length > 0 && resolve(snapshot));
  });
  const NamespaceId = (await sdk.listNamespaces({})).Namespaces?.[0]?.Id;
  const { Service } = await sdk.createService({ Name: 'orders', NamespaceId });
  await sdk.registerInstance({
    ServiceId: Service?.Id,
    InstanceId: 'o',
    Attributes: { AWS_INSTANCE_IPV4: '127.0.0.1' },
  });
  expect(ids(await appeared)).toBe('o');
});

it('Cloud Map goes away and comes back: the list stays meanwhile, and is right afterwards', async () => {
  await register('a');
  directory.watch([REVIEWS]);
  await until((snapshot) => ids(snapshot) === 'a');
  await cloudMap.close();
  const stale = await until((snapshot) => snapshot.stale);
  expect(ids(stale)).toBe('a');
  expect(stale.error).toContain('ECONNREFUSED');

  // another edge starts from the file while Cloud Map is away
  await directory.close();
  directory = await openServiceDirectory({
    client,
    cacheFile: join(folder, 'endpoints.json'),
    settings: { revisionMs: 10, listMs: 40, backoffMs: 10, maxBackoffMs: 40 },
  });
  directory.watch([REVIEWS]);
  await directory.ready(REVIEWS);
  expect(ids(directory.snapshot(REVIEWS))).toBe('a');

  cloudMap = await startCloudMap(cloudMap.port);
  await register('b');
  const fresh = await until((snapshot) => ids(snapshot) === 'a,b');
  expect(fresh).toMatchObject({ stale: false, error: undefined });
});

it('hostile attributes are ignored and counted, and hurt nobody else', async () => {
  await register('good');
  const hostile = (InstanceId: string, Attributes: Record<string, string>) =>
    sdk.registerInstance({ ServiceId: serviceId, InstanceId, Attributes });
  await hostile('url', { AWS_INSTANCE_CNAME: 'http://evil.example/?x=' });
  await hostile('metadata', { AWS_INSTANCE_IPV4: '169.254.169.254' });
  await hostile('proto', JSON.parse('{"__proto__":"x","AWS_INSTANCE_CNAME":"a@b"}'));
  await hostile('none', {});
  directory.watch([REVIEWS]);
  const snapshot = await until(({ endpoints }) => endpoints.length > 0);
  expect(ids(snapshot)).toBe('good');
  expect(directory.counts().get(REVIEWS)?.ignored.address).toBe(4);
});
