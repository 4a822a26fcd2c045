import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { createDiscoveryClient } from '../../edge-proxy/discovery/client.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { reviews } from './support/revisions.ts';
import { until } from './support/run.ts';

const kept = keeper();
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'edge-production-'));
  folders.push(made);
  return made;
}

/** Cloud Map with one instance of reviews in it. */
async function cloudMapWith(url: string, version: string) {
  const endpoint = await startCloudMapEndpoint({
    dataDir: await folder(),
    port: 0,
    operationDelayMs: 0,
    healthDelayMs: 0,
  });
  const client = createDiscoveryClient({ endpoint: endpoint.url });
  await client.createHttpNamespace({ Name: 'shop' });
  const namespace = (await client.listNamespaces({})).Namespaces?.[0]?.Id;
  const made = await client.createService({ Name: 'reviews', NamespaceId: namespace });
  const { hostname, port } = new URL(url);
  const Attributes = { AWS_INSTANCE_IPV4: hostname, AWS_INSTANCE_PORT: port, version };
  await client.registerInstance({
    ServiceId: made.Service?.Id,
    InstanceId: 'one',
    CreatorRequestId: 'one',
    Attributes,
  });
  client.destroy();
  return endpoint;
}

describe('the parts of an edge in production', () => {
  it('find the service by Cloud Map, mirror, deliver evidence, and start again with everything away', async () => {
    const answer = (
      _: unknown,
      response: { setHeader(name: string, value: string): void; end(body: string): void },
    ) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"stars":5}');
      return true;
    };
    const monolith = await kept(origin('monolith', answer));
    const service = await kept(origin('service', answer));
    const cloudMap = await cloudMapWith(service.url, '1.4.0');
    const store = new MemoryStore();
    const shadow = {
      sampleBp: 10_000,
      noiseProbeBp: 0,
      maxBodyBytes: 65_536,
      timeoutMs: 2_000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    };
    store.publish(reviews(1, { phase: 'shadow' }, { shadow }));
    const stateFolder = await folder();
    const options = {
      monolith: monolith.url,
      store: store.asStore(),
      stateFolder,
      cloudMap: { endpoint: cloudMap.url, region: 'eu-central-1', namespace: 'shop' },
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      evidenceMs: 20,
      log: { level: 'silent' },
    };
    const edge = await startEdge(options);
    const target = async (url: string) => (await fetch(`${url}/reviews/1`)).headers.get('x-strangler-target');
    expect(await target(edge.url)).toBe('monolith');
    const compared = () =>
      store.evidence.reduce((sum, { funnel }) => sum + (funnel['GET /reviews/:id']?.compared ?? 0), 0);
    await until(() => compared() === 1, 'the answers are compared');
    expect(service.seen).toEqual(['GET /reviews/1']);
    expect(store.evidence.find(({ funnel }) => Object.keys(funnel).length > 0)?.run.serviceVersion).toBe(
      '1.4.0',
    );
    expect(edge.status().services).toEqual([
      { capability: 'reviews', endpoints: 1, healthy: 1, versions: ['1.4.0'] },
    ]);

    store.publish(reviews(2, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    await until(async () => (await target(edge.url)) === 'service', 'revision 2 is served');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_upstream_endpoints_available\{upstream="shop\/reviews"\} 1$/m);
    expect(await edge.drain()).toMatchObject({ cut: 0, problems: [] });

    store.away = true;
    await cloudMap.close();
    const again = await kept(startEdge(options));
    expect((await fetch(`${again.adminUrl}/readyz`)).status).toBe(200);
    expect(await target(again.url)).toBe('service');
  });
});
