import { describe, expect, it } from 'vitest';
import { HEALTH_DELAY, refusal, startHarness } from './harness.ts';

async function oneInstance(attributes: Record<string, string> = {}) {
  const harness = await startHarness();
  const { Id: ServiceId } = await harness.service();
  await harness.register(ServiceId, 'i-1', attributes);
  return {
    ...harness,
    ServiceId,
    report: (Status: 'HEALTHY' | 'UNHEALTHY') =>
      harness.sdk.updateInstanceCustomHealthStatus({ ServiceId, InstanceId: 'i-1', Status }),
    health: async () => (await harness.sdk.getInstancesHealthStatus({ ServiceId })).Status?.['i-1'],
  };
}

describe('custom health', () => {
  it('starts healthy, or as the instance says', async () => {
    expect(await (await oneInstance()).health()).toBe('HEALTHY');
    expect(await (await oneInstance({ AWS_INIT_HEALTH_STATUS: 'UNHEALTHY' })).health()).toBe('UNHEALTHY');
  });

  it('changes after the delay, counted from the first report', async () => {
    const { report, health, advance } = await oneInstance();
    await report('UNHEALTHY');
    advance(HEALTH_DELAY - 1);
    await report('UNHEALTHY');
    expect(await health()).toBe('HEALTHY');
    advance(1);
    expect(await health()).toBe('UNHEALTHY');
    await report('HEALTHY');
    advance(HEALTH_DELAY);
    expect(await health()).toBe('HEALTHY');
  });

  it('keeps the status when the report is taken back in time', async () => {
    const { report, health, advance } = await oneInstance();
    await report('UNHEALTHY');
    advance(HEALTH_DELAY / 2);
    await report('HEALTHY');
    advance(HEALTH_DELAY);
    expect(await health()).toBe('HEALTHY');
  });

  it('starts over when the instance registers again', async () => {
    const { report, health, advance, register, ServiceId } = await oneInstance();
    await report('UNHEALTHY');
    advance(HEALTH_DELAY);
    await register(ServiceId, 'i-1');
    expect(await health()).toBe('HEALTHY');
  });

  it('leaves the revision alone', async () => {
    const { report, advance, sdk } = await oneInstance();
    const name = { NamespaceName: 'shop', ServiceName: 'reviews' };
    const before = await sdk.discoverInstancesRevision(name);
    await report('UNHEALTHY');
    advance(HEALTH_DELAY);
    const after = await sdk.discoverInstances({ ...name, HealthStatus: 'UNHEALTHY' });
    expect(after.Instances).toHaveLength(1);
    expect(after.InstancesRevision).toBe(before.InstancesRevision);
  });

  it('says what is missing', async () => {
    const { sdk, service, register, ServiceId } = await oneInstance();
    const plain = await service({
      name: 'plain',
      customHealth: false,
      namespaceId: (await sdk.listNamespaces({})).Namespaces?.[0]?.Id ?? '',
    });
    await register(plain.Id, 'i-1');
    const update = (id: string, InstanceId: string) =>
      refusal(sdk.updateInstanceCustomHealthStatus({ ServiceId: id, InstanceId, Status: 'HEALTHY' }));
    expect((await update(plain.Id, 'i-1')).name).toBe('CustomHealthNotFound');
    expect((await update(ServiceId, 'none')).name).toBe('InstanceNotFound');
    expect((await update('none', 'i-1')).name).toBe('ServiceNotFound');
    const asked = sdk.getInstancesHealthStatus({ ServiceId, Instances: ['i-1', 'none'] });
    expect((await refusal(asked)).name).toBe('InstanceNotFound');
    expect((await refusal(sdk.getInstancesHealthStatus({ ServiceId: 'none' }))).name).toBe('ServiceNotFound');
    expect((await sdk.getInstancesHealthStatus({ ServiceId: plain.Id })).Status).toEqual({
      'i-1': 'UNKNOWN',
    });
    const withHealth = sdk.registerInstance({
      ServiceId: plain.Id,
      InstanceId: 'i-2',
      Attributes: { AWS_INIT_HEALTH_STATUS: 'HEALTHY' },
    });
    expect((await refusal(withHealth)).name).toBe('InvalidInput');
  });
});
