import { describe, expect, it } from 'vitest';
import { HEALTH_DELAY, refusal, startHarness } from './harness.ts';

const NAME = { NamespaceName: 'shop', ServiceName: 'reviews' };

async function fleet() {
  const harness = await startHarness();
  const { Id: ServiceId } = await harness.service();
  await harness.register(ServiceId, 'a', { version: '1', az: '1a' });
  await harness.register(ServiceId, 'b', { version: '2', az: '1a' });
  await harness.register(ServiceId, 'c', { version: '2', az: '1b' });
  const { sdk } = harness;
  return {
    ...harness,
    ServiceId,
    discover: async (options: Omit<Parameters<typeof sdk.discoverInstances>[0], keyof typeof NAME> = {}) =>
      (await sdk.discoverInstances({ ...NAME, ...options })).Instances?.map((one) => one.InstanceId).sort(),
  };
}

describe('discovering instances', () => {
  it('tells name, health and attributes of each', async () => {
    const { sdk } = await fleet();
    const { Instances } = await sdk.discoverInstances({ ...NAME, QueryParameters: { version: '1' } });
    expect(Instances).toEqual([
      {
        InstanceId: 'a',
        ...NAME,
        HealthStatus: 'HEALTHY',
        Attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '8080', version: '1', az: '1a' },
      },
    ]);
  });

  it('filters by all QueryParameters, and by OptionalParameters where any instance matches', async () => {
    const { discover } = await fleet();
    expect(await discover({ QueryParameters: { version: '2', az: '1b' } })).toEqual(['c']);
    expect(await discover({ QueryParameters: { version: '3' } })).toEqual([]);
    expect(await discover({ QueryParameters: { version: '2' }, OptionalParameters: { az: '1a' } })).toEqual([
      'b',
    ]);
    expect(await discover({ QueryParameters: { version: '2' }, OptionalParameters: { az: '9' } })).toEqual([
      'b',
      'c',
    ]);
    expect(await discover({ QueryParameters: { toString: 'x' } })).toEqual([]);
  });

  it('filters by health, and fails open when asked to', async () => {
    const { sdk, ServiceId, discover, advance } = await fleet();
    const report = (InstanceId: string) =>
      sdk.updateInstanceCustomHealthStatus({ ServiceId, InstanceId, Status: 'UNHEALTHY' });
    await report('a');
    advance(HEALTH_DELAY);
    expect(await discover({ HealthStatus: 'HEALTHY' })).toEqual(['b', 'c']);
    expect(await discover({ HealthStatus: 'UNHEALTHY' })).toEqual(['a']);
    expect(await discover({ HealthStatus: 'ALL' })).toEqual(['a', 'b', 'c']);
    expect(await discover({ HealthStatus: 'HEALTHY_OR_ELSE_ALL' })).toEqual(['b', 'c']);
    await Promise.all([report('b'), report('c')]);
    advance(HEALTH_DELAY);
    expect(await discover({ HealthStatus: 'HEALTHY' })).toEqual([]);
    expect(await discover({ HealthStatus: 'HEALTHY_OR_ELSE_ALL' })).toEqual(['a', 'b', 'c']);
  });

  it('ignores the health filter where nothing is checked', async () => {
    const { sdk, service, register } = await startHarness();
    const { Id } = await service({ customHealth: false });
    await register(Id, 'a');
    const { Instances } = await sdk.discoverInstances({ ...NAME, HealthStatus: 'UNHEALTHY' });
    expect(Instances).toMatchObject([{ InstanceId: 'a', HealthStatus: 'UNKNOWN' }]);
  });

  it('gives at most MaxResults, 100 by default, in random order', async () => {
    const { sdk, service, advance } = await startHarness();
    const { Id: ServiceId } = await service();
    await Promise.all(
      Array.from({ length: 130 }, (_, index) =>
        sdk.registerInstance({ ServiceId, InstanceId: `i-${index}`, Attributes: {} }),
      ),
    );
    advance(1000);
    const ids = async (MaxResults?: number) =>
      (await sdk.discoverInstances({ ...NAME, ...(MaxResults ? { MaxResults } : {}) })).Instances?.map(
        (one) => one.InstanceId,
      );
    expect(await ids()).toHaveLength(100);
    expect(await ids(7)).toHaveLength(7);
    const [one, two] = [await ids(1000), await ids(1000)];
    expect(one).toHaveLength(130);
    expect(new Set(one)).toEqual(new Set(two));
    // two equal orders of 130 by chance: one in 130!
    expect(one).not.toEqual(two);
  });

  it('knows no other namespace, service or account', async () => {
    const { sdk } = await fleet();
    const both = (input: Parameters<typeof sdk.discoverInstances>[0]) => [
      refusal(sdk.discoverInstances(input)),
      refusal(sdk.discoverInstancesRevision(input)),
    ];
    for (const error of await Promise.all(both({ ...NAME, NamespaceName: 'none' }))) {
      expect(error.name).toBe('NamespaceNotFound');
    }
    for (const error of await Promise.all(both({ ...NAME, OwnerAccount: '123456789012' }))) {
      expect(error.name).toBe('NamespaceNotFound');
    }
    for (const error of await Promise.all(both({ ...NAME, ServiceName: 'none' }))) {
      expect(error.name).toBe('ServiceNotFound');
    }
  });

  it('throttles as AWS does, and lets in again as time passes', async () => {
    const harness = await startHarness({
      limits: { discoverPerSecond: 1, discoverBurst: 2, revisionsPerSecond: 1 },
    });
    await harness.service();
    const { sdk, advance } = harness;
    await sdk.discoverInstances(NAME);
    await sdk.discoverInstances(NAME);
    expect((await refusal(sdk.discoverInstances(NAME))).name).toBe('RequestLimitExceeded');
    await sdk.discoverInstancesRevision(NAME);
    expect((await refusal(sdk.discoverInstancesRevision(NAME))).name).toBe('RequestLimitExceeded');
    advance(1000);
    await sdk.discoverInstances(NAME);
  });
});

describe('revisions', () => {
  it('rise on register, on replacement and on deregister', async () => {
    const { sdk, ServiceId, register, finish } = await fleet();
    const revision = async () => (await sdk.discoverInstancesRevision(NAME)).InstancesRevision ?? 0;
    const start = await revision();
    await register(ServiceId, 'd');
    const registered = await revision();
    expect(registered).toBeGreaterThan(start);
    await register(ServiceId, 'd', { version: '9' });
    const replaced = await revision();
    expect(replaced).toBeGreaterThan(registered);
    finish(await sdk.deregisterInstance({ ServiceId, InstanceId: 'd' }));
    expect(await revision()).toBeGreaterThan(replaced);
    expect((await sdk.discoverInstances(NAME)).InstancesRevision).toBe(await revision());
  });

  it('does not depend on which instances match', async () => {
    const { sdk } = await fleet();
    const all = await sdk.discoverInstances(NAME);
    const none = await sdk.discoverInstances({ ...NAME, QueryParameters: { version: 'none' } });
    expect(none.InstancesRevision).toBe(all.InstancesRevision);
  });

  it('goes on rising when a service is made again under its name', async () => {
    const { sdk, ServiceId, finish } = await fleet();
    const before = (await sdk.discoverInstancesRevision(NAME)).InstancesRevision ?? 0;
    for (const InstanceId of ['a', 'b', 'c']) finish(await sdk.deregisterInstance({ ServiceId, InstanceId }));
    await sdk.deleteService({ Id: ServiceId });
    const NamespaceId = (await sdk.listNamespaces({})).Namespaces?.[0]?.Id;
    await sdk.createService({ Name: 'reviews', NamespaceId });
    expect((await sdk.discoverInstancesRevision(NAME)).InstancesRevision).toBeGreaterThan(before);
  });
});
