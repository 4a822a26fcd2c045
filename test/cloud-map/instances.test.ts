import { describe, expect, it } from 'vitest';
import { OPERATION_DELAY, refusal, startHarness } from './harness.ts';

const ADDRESS = { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: '8080' };

describe('registering instances', () => {
  it('makes an instance visible when its operation has succeeded', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    const registration = await sdk.registerInstance({
      ServiceId,
      InstanceId: 'i-1',
      CreatorRequestId: 'once',
      Attributes: { ...ADDRESS, version: '7' },
    });
    expect((await refusal(sdk.getInstance({ ServiceId, InstanceId: 'i-1' }))).name).toBe('InstanceNotFound');
    finish(registration);
    expect((await sdk.getInstance({ ServiceId, InstanceId: 'i-1' })).Instance).toEqual({
      Id: 'i-1',
      CreatorRequestId: 'once',
      Attributes: { ...ADDRESS, version: '7' },
      CreatedByAccount: '000000000000',
    });
    expect((await sdk.listInstances({ ServiceId })).Instances).toMatchObject([{ Id: 'i-1' }]);
    expect((await sdk.getService({ Id: ServiceId })).Service?.InstanceCount).toBe(1);
  });

  it('replaces an instance that is registered again', async () => {
    const { sdk, service, register } = await startHarness();
    const { Id: ServiceId } = await service();
    await register(ServiceId, 'i-1', { version: '1' });
    await register(ServiceId, 'i-1', { version: '2' });
    const { Instances } = await sdk.listInstances({ ServiceId });
    expect(Instances).toHaveLength(1);
    expect(Instances?.[0]?.Attributes?.version).toBe('2');
  });

  it('starts nothing for a retry, and registers again what was deregistered meanwhile', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    const request = { ServiceId, InstanceId: 'i-1', CreatorRequestId: 'once', Attributes: ADDRESS };
    const first = await sdk.registerInstance(request);
    expect((await sdk.registerInstance(request)).OperationId).toBe(first.OperationId);
    finish(first);
    expect((await sdk.registerInstance(request)).OperationId).toBe(first.OperationId);
    const other = sdk.registerInstance({ ...request, Attributes: {} });
    expect(await refusal(other)).toMatchObject({
      name: 'DuplicateRequest',
      DuplicateOperationId: first.OperationId,
    });

    finish(await sdk.deregisterInstance({ ServiceId, InstanceId: 'i-1' }));
    const second = await sdk.registerInstance(request);
    expect(second.OperationId).not.toBe(first.OperationId);
    finish(second);
    expect((await sdk.listInstances({ ServiceId })).Instances).toHaveLength(1);
  });

  it('takes an old request id for a new registration once another registration replaced its own', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    const request = { ServiceId, InstanceId: 'i-1', CreatorRequestId: 'old', Attributes: ADDRESS };
    finish(await sdk.registerInstance(request));
    finish(await sdk.registerInstance({ ...request, CreatorRequestId: 'new', Attributes: { version: '2' } }));
    finish(await sdk.registerInstance(request));
    const { Instance } = await sdk.getInstance({ ServiceId, InstanceId: 'i-1' });
    expect(Instance?.Attributes).toEqual(ADDRESS);
  });

  it('works on one operation an instance at a time', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    const target = { ServiceId, InstanceId: 'i-1' };
    const first = await sdk.registerInstance({ ...target, Attributes: ADDRESS });
    expect(await refusal(sdk.registerInstance({ ...target, Attributes: ADDRESS }))).toMatchObject({
      name: 'DuplicateRequest',
      DuplicateOperationId: first.OperationId,
    });
    expect((await refusal(sdk.deregisterInstance(target))).name).toBe('ResourceInUse');
    finish(first);
    await sdk.deregisterInstance(target);
    expect((await refusal(sdk.deregisterInstance(target))).name).toBe('DuplicateRequest');
    expect((await refusal(sdk.registerInstance({ ...target, Attributes: ADDRESS }))).name).toBe(
      'ResourceInUse',
    );
  });

  it('fails afterwards for an EC2 instance, since there is no EC2', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    const Attributes = { AWS_EC2_INSTANCE_ID: 'i-0abc' };
    const OperationId = finish(await sdk.registerInstance({ ServiceId, InstanceId: 'i', Attributes }));
    const { Operation } = await sdk.getOperation({ OperationId });
    expect(Operation).toMatchObject({ Status: 'FAIL', ErrorCode: 'INTERNAL_FAILURE' });
    expect((await sdk.listInstances({ ServiceId })).Instances).toEqual([]);
  });

  it('deregisters, and says when there is nothing to deregister', async () => {
    const { sdk, service, register, finish } = await startHarness();
    const { Id: ServiceId } = await service();
    await register(ServiceId, 'i-1');
    const deregistration = await sdk.deregisterInstance({ ServiceId, InstanceId: 'i-1' });
    expect((await sdk.listInstances({ ServiceId })).Instances).toHaveLength(1);
    finish(deregistration);
    expect((await sdk.listInstances({ ServiceId })).Instances).toEqual([]);
    expect((await refusal(sdk.deregisterInstance({ ServiceId, InstanceId: 'i-1' }))).name).toBe(
      'InstanceNotFound',
    );
    expect((await refusal(sdk.deregisterInstance({ ServiceId: 'x', InstanceId: 'i' }))).name).toBe(
      'ServiceNotFound',
    );
    expect((await refusal(sdk.getInstance({ ServiceId: 'x', InstanceId: 'i' }))).name).toBe(
      'ServiceNotFound',
    );
    expect((await refusal(sdk.listInstances({ ServiceId: 'x' }))).name).toBe('ServiceNotFound');
  });
});

describe('limits of instances', () => {
  it.each([
    [
      '31 custom attributes',
      Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`k${index}`, 'v'])),
    ],
    [
      'more than 5000 characters',
      Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`k${i}`, 'v'.repeat(1000)])),
    ],
    ['a value that begins with a blank', { k: ' v' }],
    ['a key with a blank', { 'a b': 'v' }],
    ['a value of 1025 characters', { k: 'v'.repeat(1025) }],
    ['an address that is none', { AWS_INSTANCE_IPV4: '10.0.0.256' }],
    ['an IPv6 address that is none', { AWS_INSTANCE_IPV6: '10.0.0.1' }],
    ['port 0', { AWS_INSTANCE_PORT: '0' }],
    ['port 65536', { AWS_INSTANCE_PORT: '65536' }],
    ['a port that is no number', { AWS_INSTANCE_PORT: '8080; rm' }],
    ['an unknown initial health', { AWS_INIT_HEALTH_STATUS: 'FINE' }],
    ['an alias beside an address', { AWS_ALIAS_DNS_NAME: 'lb.example.com', AWS_INSTANCE_IPV4: '10.0.0.1' }],
    ['an EC2 instance with an address', { AWS_EC2_INSTANCE_ID: 'i-0', AWS_INSTANCE_IPV4: '10.0.0.1' }],
  ])('refuses %s', async (_what, Attributes) => {
    const { sdk, service } = await startHarness();
    const { Id: ServiceId } = await service();
    const error = await refusal(
      sdk.registerInstance({ ServiceId, InstanceId: 'i', Attributes: Attributes as Record<string, string> }),
    );
    expect(error.name).toBe('InvalidInput');
  });

  it('allows 30 custom attributes beside those of AWS, and exactly 5000 characters', async () => {
    const { sdk, service } = await startHarness();
    const { Id: ServiceId } = await service();
    const thirty = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 'v']));
    await sdk.registerInstance({ ServiceId, InstanceId: 'a', Attributes: { ...ADDRESS, ...thirty } });
    const exact = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`k${index}`, 'v'.repeat(998)]));
    await sdk.registerInstance({ ServiceId, InstanceId: 'b', Attributes: exact });
  });

  it('asks for what the DNS records of the service need', async () => {
    const { sdk, finish } = await startHarness();
    finish(await sdk.createPublicDnsNamespace({ Name: 'example.com' }));
    const NamespaceId = (await sdk.listNamespaces({})).Namespaces?.[0]?.Id;
    const needs = async (Type: 'A' | 'AAAA' | 'SRV' | 'CNAME', Attributes: Record<string, string>) => {
      const Name = `${Type}-${Object.keys(Attributes).length}`.toLowerCase();
      const DnsConfig = { RoutingPolicy: 'WEIGHTED' as const, DnsRecords: [{ Type, TTL: 1 }] };
      const { Service } = await sdk.createService({ Name, NamespaceId, DnsConfig });
      return sdk.registerInstance({ ServiceId: Service?.Id, InstanceId: 'i', Attributes });
    };
    for (const type of ['A', 'AAAA', 'SRV', 'CNAME'] as const) {
      expect((await refusal(needs(type, {}))).name, type).toBe('InvalidInput');
    }
    expect((await refusal(needs('SRV', { AWS_INSTANCE_PORT: '1' }))).message).toContain(
      'AWS_INSTANCE_IPV4 or',
    );
    await needs('A', { AWS_INSTANCE_IPV4: '10.0.0.1' });
    await needs('AAAA', { AWS_INSTANCE_IPV6: '::1' });
    await needs('SRV', { AWS_INSTANCE_PORT: '1', AWS_INSTANCE_IPV6: '::1' });
    await needs('CNAME', { AWS_INSTANCE_CNAME: 'a.example.com' });
  });

  it('counts instances of service and namespace, those on their way too, and lets known ones replace themselves', async () => {
    const { sdk, service, advance } = await startHarness({
      limits: { instancesPerService: 2, instancesPerNamespace: 3 },
    });
    const first = await service();
    const second = await service({ namespaceId: first.NamespaceId, name: 'other' });
    const register = (ServiceId: string, InstanceId: string) =>
      sdk.registerInstance({ ServiceId, InstanceId, Attributes: {} });
    await register(first.Id, 'a');
    await register(first.Id, 'b');
    expect((await refusal(register(first.Id, 'c'))).name).toBe('ResourceLimitExceeded');
    await register(second.Id, 'c');
    expect((await refusal(register(second.Id, 'd'))).name).toBe('ResourceLimitExceeded');
    advance(OPERATION_DELAY);
    await register(first.Id, 'a');
    expect((await refusal(register(first.Id, 'c'))).name).toBe('ResourceLimitExceeded');
  });

  it('keep their place in the list when they register again, also between two pages', async () => {
    const { sdk, service, register } = await startHarness();
    const { Id: ServiceId } = await service();
    for (const id of ['a', 'b', 'c']) await register(ServiceId, id);
    const first = await sdk.listInstances({ ServiceId, MaxResults: 1 });
    await register(ServiceId, 'a', { version: '2' });
    const second = await sdk.listInstances({ ServiceId, NextToken: first.NextToken });
    expect(second.Instances?.map((one) => one.Id)).toEqual(['b', 'c']);
  });

  it('pages through 250 instances with the paginator of the SDK', async () => {
    const { sdk, service, advance } = await startHarness();
    const { Id: ServiceId } = await service();
    await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        sdk.registerInstance({ ServiceId, InstanceId: `i-${index}`, Attributes: {} }),
      ),
    );
    advance(OPERATION_DELAY);
    const { paginateListInstances } = await import('@aws-sdk/client-servicediscovery');
    const seen: string[] = [];
    const sizes: number[] = [];
    for await (const page of paginateListInstances({ client: sdk }, { ServiceId })) {
      sizes.push(page.Instances?.length ?? 0);
      seen.push(...(page.Instances ?? []).map((one) => one.Id ?? ''));
    }
    expect(sizes).toEqual([100, 100, 50]);
    expect(new Set(seen).size).toBe(250);
  });
});
