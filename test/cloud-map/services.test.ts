import { describe, expect, it } from 'vitest';
import { refusal, startHarness } from './harness.ts';

const A = [{ Type: 'A' as const, TTL: 60 }];

async function dnsNamespaces() {
  const harness = await startHarness();
  harness.finish(await harness.sdk.createPublicDnsNamespace({ Name: 'example.com' }));
  harness.finish(await harness.sdk.createPrivateDnsNamespace({ Name: 'internal', Vpc: 'vpc-01234567' }));
  const [open, closed] = (await harness.sdk.listNamespaces({})).Namespaces ?? [];
  return { ...harness, open: open?.Id ?? '', closed: closed?.Id ?? '' };
}

describe('creating services', () => {
  it('answers at once with the whole service', async () => {
    const { sdk, namespace, now } = await startHarness();
    const NamespaceId = await namespace();
    const { Service } = await sdk.createService({
      Name: 'reviews',
      NamespaceId,
      Description: 'reviews of products',
      CreatorRequestId: 'once',
      HealthCheckCustomConfig: { FailureThreshold: 5 },
    });
    expect(Service).toMatchObject({
      Name: 'reviews',
      NamespaceId,
      Description: 'reviews of products',
      InstanceCount: 0,
      Type: 'HTTP',
      HealthCheckCustomConfig: { FailureThreshold: 1 },
      CreateDate: new Date(now()),
      CreatorRequestId: 'once',
      CreatedByAccount: '000000000000',
    });
    expect(Service?.Id).toMatch(/^srv-[a-z0-9]{16}$/);
    expect((await sdk.getService({ Id: Service?.Id })).Service).toEqual(Service);
    expect((await sdk.getService({ Id: Service?.Arn })).Service).toEqual(Service);
    expect((await sdk.getNamespace({ Id: NamespaceId })).Namespace?.ServiceCount).toBe(1);
  });

  it('gives a retry the same service and refuses anything else under that id or name', async () => {
    const { sdk, namespace } = await startHarness();
    const request = { Name: 'reviews', NamespaceId: await namespace(), CreatorRequestId: 'once' };
    const { Service } = await sdk.createService(request);
    expect((await sdk.createService(request)).Service?.Id).toBe(Service?.Id);
    const expected = {
      name: 'ServiceAlreadyExists',
      ServiceId: Service?.Id,
      ServiceArn: Service?.Arn,
      CreatorRequestId: 'once',
    };
    expect(await refusal(sdk.createService({ ...request, CreatorRequestId: 'twice' }))).toMatchObject(
      expected,
    );
    expect(await refusal(sdk.createService({ ...request, Name: 'other' }))).toMatchObject(expected);
  });

  it('tells names apart by case in HTTP namespaces only', async () => {
    const { sdk, namespace, finish } = await startHarness();
    const http = await namespace();
    await sdk.createService({ Name: 'reviews', NamespaceId: http });
    await sdk.createService({ Name: 'Reviews', NamespaceId: http });
    finish(await sdk.createPublicDnsNamespace({ Name: 'example.com' }));
    const dns = (await sdk.listNamespaces({})).Namespaces?.[1]?.Id;
    await sdk.createService({ Name: 'reviews', NamespaceId: dns, DnsConfig: { DnsRecords: A } });
    const again = sdk.createService({ Name: 'Reviews', NamespaceId: dns, DnsConfig: { DnsRecords: A } });
    expect((await refusal(again)).name).toBe('ServiceAlreadyExists');
  });

  it('needs a namespace, given here or in DnsConfig', async () => {
    const { sdk, open } = await dnsNamespaces();
    expect((await refusal(sdk.createService({ Name: 'x' }))).name).toBe('InvalidInput');
    expect((await refusal(sdk.createService({ Name: 'x', NamespaceId: 'ns-none' }))).name).toBe(
      'NamespaceNotFound',
    );
    const { Service } = await sdk.createService({
      Name: 'x',
      DnsConfig: { NamespaceId: open, DnsRecords: A },
    });
    expect(Service).toMatchObject({
      NamespaceId: open,
      Type: 'DNS_HTTP',
      DnsConfig: { RoutingPolicy: 'MULTIVALUE' },
    });
  });

  it('stops at the quota', async () => {
    const { sdk, namespace } = await startHarness({ limits: { servicesPerNamespace: 1 } });
    const NamespaceId = await namespace();
    await sdk.createService({ Name: 'a', NamespaceId });
    expect((await refusal(sdk.createService({ Name: 'b', NamespaceId }))).name).toBe('ResourceLimitExceeded');
  });

  it('allows the combinations of settings that AWS allows', async () => {
    const { sdk, open, closed, namespace } = await dnsNamespaces();
    const http = await namespace();
    const cname = [{ Type: 'CNAME' as const, TTL: 1 }];
    const check = { Type: 'HTTP' as const };
    const refused = {
      'both health checks': { NamespaceId: http, HealthCheckConfig: check, HealthCheckCustomConfig: {} },
      'DNS in an HTTP namespace': { NamespaceId: http, DnsConfig: { DnsRecords: A } },
      'no DNS in a DNS namespace': { NamespaceId: open },
      'DNS and the API only': { NamespaceId: open, Type: 'HTTP' as const, DnsConfig: { DnsRecords: A } },
      'Route 53 check in private': {
        NamespaceId: closed,
        DnsConfig: { DnsRecords: A },
        HealthCheckConfig: check,
      },
      'CNAME without WEIGHTED': { NamespaceId: open, DnsConfig: { DnsRecords: cname } },
      'CNAME with a check': {
        NamespaceId: open,
        DnsConfig: { RoutingPolicy: 'WEIGHTED' as const, DnsRecords: cname },
        HealthCheckConfig: check,
      },
      'A with SRV': {
        NamespaceId: open,
        DnsConfig: { DnsRecords: [...A, { Type: 'SRV' as const, TTL: 1 }] },
      },
      'A twice': { NamespaceId: open, DnsConfig: { DnsRecords: [...A, ...A] } },
      'no records': { NamespaceId: open, DnsConfig: { DnsRecords: [] } },
      'a path for TCP': { NamespaceId: http, HealthCheckConfig: { Type: 'TCP' as const, ResourcePath: '/' } },
    };
    for (const [what, settings] of Object.entries(refused)) {
      const error = await refusal(sdk.createService({ Name: 'x', ...settings }));
      expect(error.name, what).toBe('InvalidInput');
    }
    const allowed = {
      weighted: { NamespaceId: open, DnsConfig: { RoutingPolicy: 'WEIGHTED' as const, DnsRecords: cname } },
      api: { NamespaceId: open, Type: 'HTTP' as const },
      both: { NamespaceId: closed, DnsConfig: { DnsRecords: [...A, { Type: 'AAAA' as const, TTL: 1 }] } },
      checked: { NamespaceId: http, HealthCheckConfig: { Type: 'HTTPS' as const } },
    };
    for (const [Name, settings] of Object.entries(allowed)) {
      expect((await sdk.createService({ Name, ...settings })).Service?.Name).toBe(Name);
    }
    const { Services = [] } = await sdk.listServices({});
    expect(Services.find((one) => one.Name === 'checked')?.HealthCheckConfig).toEqual({
      Type: 'HTTPS',
      ResourcePath: '/',
      FailureThreshold: 1,
    });
  });
});

describe('updating and deleting services', () => {
  it('updates the description of a service in an HTTP namespace, and nothing else', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id } = await service();
    finish(await sdk.updateService({ Id, Service: { Description: 'new' } }));
    const { Service } = await sdk.getService({ Id });
    expect(Service).toMatchObject({ Description: 'new', HealthCheckCustomConfig: { FailureThreshold: 1 } });
    const dns = sdk.updateService({ Id, Service: { DnsConfig: { DnsRecords: A } } });
    expect((await refusal(dns)).name).toBe('InvalidInput');
  });

  it('updates times to live, deletes what is left out, and adds no record', async () => {
    const { sdk, open, finish } = await dnsNamespaces();
    const records = [...A, { Type: 'AAAA' as const, TTL: 60 }];
    const { Service } = await sdk.createService({
      Name: 'x',
      NamespaceId: open,
      DnsConfig: { DnsRecords: records },
      HealthCheckConfig: { Type: 'HTTP' },
    });
    const Id = Service?.Id;
    finish(await sdk.updateService({ Id, Service: { DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 5 }] } } }));
    const updated = (await sdk.getService({ Id })).Service;
    expect(updated?.DnsConfig?.DnsRecords).toEqual([{ Type: 'A', TTL: 5 }]);
    expect(updated?.HealthCheckConfig).toBeUndefined();
    const adding = sdk.updateService({ Id, Service: { DnsConfig: { DnsRecords: records } } });
    expect((await refusal(adding)).name).toBe('InvalidInput');
  });

  it('allows one update at a time', async () => {
    const { sdk, service } = await startHarness();
    const { Id } = await service();
    const first = await sdk.updateService({ Id, Service: { Description: 'a' } });
    expect(await refusal(sdk.updateService({ Id, Service: { Description: 'b' } }))).toMatchObject({
      name: 'DuplicateRequest',
      DuplicateOperationId: first.OperationId,
    });
    expect((await refusal(sdk.updateService({ Id: 'none', Service: {} }))).name).toBe('ServiceNotFound');
  });

  it('deletes only what has no instances, registered or on their way', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id } = await service();
    const registration = await sdk.registerInstance({ ServiceId: Id, InstanceId: 'i', Attributes: {} });
    expect((await refusal(sdk.deleteService({ Id }))).name).toBe('ResourceInUse');
    finish(registration);
    expect((await refusal(sdk.deleteService({ Id }))).name).toBe('ResourceInUse');
    finish(await sdk.deregisterInstance({ ServiceId: Id, InstanceId: 'i' }));
    await sdk.deleteService({ Id });
    expect((await refusal(sdk.getService({ Id }))).name).toBe('ServiceNotFound');
    expect((await refusal(sdk.deleteService({ Id }))).name).toBe('ServiceNotFound');
  });
});

describe('listing services', () => {
  it('filters the page it took, as AWS does: an empty page can have a next one', async () => {
    const { sdk, namespace } = await startHarness();
    const [one, two] = [await namespace('one'), await namespace('two')];
    await sdk.createService({ Name: 'a', NamespaceId: one });
    await sdk.createService({ Name: 'b', NamespaceId: two });
    const Filters = [{ Name: 'NAMESPACE_ID' as const, Values: [two] }];
    const first = await sdk.listServices({ Filters, MaxResults: 1 });
    expect(first.Services).toEqual([]);
    const second = await sdk.listServices({ Filters, MaxResults: 1, NextToken: first.NextToken });
    expect(second.Services?.map((service) => service.Name)).toEqual(['b']);
    expect(second.NextToken).toBeUndefined();
    const arn = (await sdk.getNamespace({ Id: two })).Namespace?.Arn ?? '';
    const byArn = await sdk.listServices({ Filters: [{ Name: 'NAMESPACE_ID', Values: [arn] }] });
    expect(byArn.Services?.map((service) => service.Name)).toEqual(['b']);
  });
});

describe('service attributes', () => {
  it('merges, reads and deletes them', async () => {
    const { sdk, service } = await startHarness();
    const { Id: ServiceId, Arn } = await service();
    await sdk.updateServiceAttributes({ ServiceId, Attributes: { team: 'blue', tier: '1' } });
    await sdk.updateServiceAttributes({ ServiceId, Attributes: { tier: '2' } });
    expect((await sdk.getServiceAttributes({ ServiceId })).ServiceAttributes).toMatchObject({
      ServiceArn: Arn,
      Attributes: { team: 'blue', tier: '2' },
    });
    await sdk.deleteServiceAttributes({ ServiceId, Attributes: ['team', 'unknown'] });
    const { ServiceAttributes } = await sdk.getServiceAttributes({ ServiceId });
    expect(ServiceAttributes?.Attributes).toEqual({ tier: '2' });
  });

  it('stops at 30 attributes', async () => {
    const { sdk, service } = await startHarness();
    const { Id: ServiceId } = await service();
    const some = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`k${from + index}`, 'v']));
    await sdk.updateServiceAttributes({ ServiceId, Attributes: some(0, 30) });
    const more = sdk.updateServiceAttributes({ ServiceId, Attributes: some(30, 31) });
    expect((await refusal(more)).name).toBe('ServiceAttributesLimitExceededException');
    expect((await refusal(sdk.getServiceAttributes({ ServiceId: 'none' }))).name).toBe('ServiceNotFound');
  });
});

describe('tags', () => {
  it('tags namespaces and services, on creation and later', async () => {
    const { sdk, namespace } = await startHarness();
    const { Service } = await sdk.createService({
      Name: 'x',
      NamespaceId: await namespace(),
      Tags: [{ Key: 'team', Value: 'blue' }],
    });
    const ResourceARN = Service?.Arn;
    await sdk.tagResource({
      ResourceARN,
      Tags: [
        { Key: 'team', Value: 'red' },
        { Key: 'empty', Value: '' },
      ],
    });
    expect((await sdk.listTagsForResource({ ResourceARN })).Tags).toEqual([
      { Key: 'team', Value: 'red' },
      { Key: 'empty', Value: '' },
    ]);
    await sdk.untagResource({ ResourceARN, TagKeys: ['team'] });
    expect((await sdk.listTagsForResource({ ResourceARN })).Tags).toEqual([{ Key: 'empty', Value: '' }]);
  });

  it('refuses more than 50, reserved and repeated keys, and unknown resources', async () => {
    const { sdk, namespace } = await startHarness();
    const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    expect(await refusal(sdk.createHttpNamespace({ Name: 'a', Tags: many }))).toMatchObject({
      name: 'TooManyTagsException',
      ResourceName: 'a',
    });
    const ResourceARN = (await sdk.getNamespace({ Id: await namespace() })).Namespace?.Arn;
    const tag = (...keys: string[]) =>
      refusal(sdk.tagResource({ ResourceARN, Tags: keys.map((Key) => ({ Key, Value: '' })) }));
    expect((await refusal(sdk.tagResource({ ResourceARN, Tags: many }))).name).toBe('TooManyTagsException');
    expect((await tag('aws:mine')).name).toBe('InvalidInput');
    expect((await tag('a', 'a')).name).toBe('InvalidInput');
    for (const call of [
      sdk.listTagsForResource({ ResourceARN: 'arn:none' }),
      sdk.tagResource({ ResourceARN: 'arn:none', Tags: [] }),
      sdk.untagResource({ ResourceARN: 'arn:none', TagKeys: [] }),
    ]) {
      expect((await refusal(call)).name).toBe('ResourceNotFoundException');
    }
  });
});
