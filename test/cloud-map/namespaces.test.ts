import { describe, expect, it } from 'vitest';
import { refusal, startHarness } from './harness.ts';

const VPC = 'vpc-0123456789abcdef0';

describe('creating namespaces', () => {
  it('appears when its operation has succeeded, not before', async () => {
    const { sdk, finish } = await startHarness();
    const created = await sdk.createHttpNamespace({ Name: 'shop', Description: 'the shop' });
    expect((await sdk.listNamespaces({})).Namespaces).toEqual([]);

    finish(created);
    const { Namespaces } = await sdk.listNamespaces({});
    expect(Namespaces).toHaveLength(1);
    expect(Namespaces?.[0]).toMatchObject({
      Name: 'shop',
      Description: 'the shop',
      Type: 'HTTP',
      ServiceCount: 0,
      Properties: { HttpProperties: { HttpName: 'shop' } },
      ResourceOwner: '000000000000',
    });
    const Id = Namespaces?.[0]?.Id ?? '';
    expect((await sdk.getNamespace({ Id })).Namespace).toMatchObject({ Id, Name: 'shop' });
    const arn = Namespaces?.[0]?.Arn ?? '';
    expect(arn).toBe(`arn:aws:servicediscovery:us-east-1:000000000000:namespace/${Id}`);
    expect((await sdk.getNamespace({ Id: arn })).Namespace?.Id).toBe(Id);
  });

  it('records DNS namespaces with their zone and SOA', async () => {
    const { sdk, finish } = await startHarness();
    finish(await sdk.createPublicDnsNamespace({ Name: 'example.com' }));
    finish(
      await sdk.createPrivateDnsNamespace({
        Name: 'shop.internal',
        Vpc: VPC,
        Properties: { DnsProperties: { SOA: { TTL: 60 } } },
      }),
    );
    const { Namespaces = [] } = await sdk.listNamespaces({});
    expect(Namespaces.map(({ Name, Type }) => [Name, Type])).toEqual([
      ['example.com', 'DNS_PUBLIC'],
      ['shop.internal', 'DNS_PRIVATE'],
    ]);
    expect(Namespaces[0]?.Properties?.DnsProperties?.SOA?.TTL).toBe(15);
    expect(Namespaces[1]?.Properties?.DnsProperties?.SOA?.TTL).toBe(60);
    expect(Namespaces[1]?.Properties?.DnsProperties?.HostedZoneId).toMatch(/^Z/);
  });

  it('fails afterwards for a VPC that there is not', async () => {
    const { sdk, finish } = await startHarness();
    const OperationId = finish(await sdk.createPrivateDnsNamespace({ Name: 'x', Vpc: 'nonsense' }));
    const { Operation } = await sdk.getOperation({ OperationId });
    expect(Operation).toMatchObject({ Status: 'FAIL', ErrorCode: 'CANNOT_CREATE_HOSTED_ZONE' });
    expect(Operation?.ErrorMessage).toContain('nonsense');
    expect((await sdk.listNamespaces({})).Namespaces).toEqual([]);
  });

  it('gives a retry with the same CreatorRequestId the same operation, during and after', async () => {
    const { sdk, finish } = await startHarness();
    const request = { Name: 'shop', CreatorRequestId: 'once' };
    const first = await sdk.createHttpNamespace(request);
    expect((await sdk.createHttpNamespace(request)).OperationId).toBe(first.OperationId);
    finish(first);
    expect((await sdk.createHttpNamespace(request)).OperationId).toBe(first.OperationId);
    expect((await sdk.listNamespaces({})).Namespaces).toHaveLength(1);
  });

  it('refuses the same CreatorRequestId with other parameters, naming the operation', async () => {
    const { sdk } = await startHarness();
    const first = await sdk.createHttpNamespace({ Name: 'shop', CreatorRequestId: 'once' });
    const error = await refusal(sdk.createHttpNamespace({ Name: 'other', CreatorRequestId: 'once' }));
    expect(error).toMatchObject({ name: 'DuplicateRequest', DuplicateOperationId: first.OperationId });
  });

  it('refuses a name that is being created, and one that exists', async () => {
    const { sdk, finish } = await startHarness();
    const first = await sdk.createHttpNamespace({ Name: 'shop', CreatorRequestId: 'once' });
    expect(await refusal(sdk.createHttpNamespace({ Name: 'shop' }))).toMatchObject({
      name: 'DuplicateRequest',
      DuplicateOperationId: first.OperationId,
    });
    finish(first);
    const [existing] = (await sdk.listNamespaces({})).Namespaces ?? [];
    expect(await refusal(sdk.createHttpNamespace({ Name: 'shop' }))).toMatchObject({
      name: 'NamespaceAlreadyExists',
      NamespaceId: existing?.Id,
      CreatorRequestId: 'once',
    });
  });

  it('gives a namespace of another type with the same name an HTTP name of its own', async () => {
    const { sdk, finish } = await startHarness();
    finish(await sdk.createHttpNamespace({ Name: 'shop.com' }));
    finish(await sdk.createPublicDnsNamespace({ Name: 'shop.com' }));
    const { Namespaces = [] } = await sdk.listNamespaces({});
    const names = Namespaces.map((one) => one.Properties?.HttpProperties?.HttpName);
    expect(names[0]).toBe('shop.com');
    expect(names[1]).toMatch(/^shop\.com-[a-z0-9]+$/);
  });

  it('stops at the quota, counting those in progress', async () => {
    const { sdk } = await startHarness({ limits: { namespaces: 2 } });
    await sdk.createHttpNamespace({ Name: 'a' });
    await sdk.createHttpNamespace({ Name: 'b' });
    expect((await refusal(sdk.createHttpNamespace({ Name: 'c' }))).name).toBe('ResourceLimitExceeded');
  });

  it('can be made again under a name and request id that were deleted', async () => {
    const { sdk, finish } = await startHarness();
    const request = { Name: 'shop', CreatorRequestId: 'once' };
    const first = await sdk.createHttpNamespace(request);
    finish(first);
    const [old] = (await sdk.listNamespaces({})).Namespaces ?? [];
    finish(await sdk.deleteNamespace({ Id: old?.Id }));
    const second = await sdk.createHttpNamespace(request);
    expect(second.OperationId).not.toBe(first.OperationId);
    finish(second);
    expect((await sdk.listNamespaces({})).Namespaces?.[0]?.Id).not.toBe(old?.Id);
  });
});

describe('updating and deleting namespaces', () => {
  it('updates the description, and the SOA of DNS namespaces', async () => {
    const { sdk, finish, namespace } = await startHarness();
    const http = await namespace();
    finish(await sdk.updateHttpNamespace({ Id: http, Namespace: { Description: 'new' } }));
    expect((await sdk.getNamespace({ Id: http })).Namespace?.Description).toBe('new');

    finish(await sdk.createPublicDnsNamespace({ Name: 'example.com' }));
    finish(await sdk.createPrivateDnsNamespace({ Name: 'internal', Vpc: VPC }));
    const [, open, closed] = (await sdk.listNamespaces({})).Namespaces ?? [];
    const Properties = { DnsProperties: { SOA: { TTL: 7 } } };
    finish(await sdk.updatePublicDnsNamespace({ Id: open?.Id, Namespace: { Properties } }));
    finish(await sdk.updatePrivateDnsNamespace({ Id: closed?.Id, Namespace: { Properties } }));
    for (const Id of [open?.Id, closed?.Id]) {
      const { Namespace } = await sdk.getNamespace({ Id });
      expect(Namespace?.Properties?.DnsProperties?.SOA?.TTL).toBe(7);
    }
  });

  it('refuses to update a namespace of another type, and one that is not there', async () => {
    const { sdk, namespace } = await startHarness();
    const Id = await namespace();
    const change = { Namespace: { Description: 'x' } };
    expect((await refusal(sdk.updatePublicDnsNamespace({ Id, ...change }))).name).toBe('InvalidInput');
    expect((await refusal(sdk.updateHttpNamespace({ Id: 'ns-none', ...change }))).name).toBe(
      'NamespaceNotFound',
    );
  });

  it('allows one update at a time, and tells a retry from another request', async () => {
    const { sdk, namespace } = await startHarness();
    const Id = await namespace();
    const request = { Id, UpdaterRequestId: 'u1', Namespace: { Description: 'a' } };
    const first = await sdk.updateHttpNamespace(request);
    expect((await sdk.updateHttpNamespace(request)).OperationId).toBe(first.OperationId);
    const other = { Id, Namespace: { Description: 'b' } };
    expect((await refusal(sdk.updateHttpNamespace(other))).name).toBe('DuplicateRequest');
    expect((await refusal(sdk.deleteNamespace({ Id }))).name).toBe('ResourceInUse');
  });

  it('deletes an empty namespace only, and once', async () => {
    const { sdk, finish, namespace, service } = await startHarness();
    const Id = await namespace();
    const made = await service({ namespaceId: Id });
    expect((await refusal(sdk.deleteNamespace({ Id }))).name).toBe('ResourceInUse');
    await sdk.deleteService({ Id: made.Id });

    const deletion = await sdk.deleteNamespace({ Id });
    expect(await refusal(sdk.deleteNamespace({ Id }))).toMatchObject({
      name: 'DuplicateRequest',
      DuplicateOperationId: deletion.OperationId,
    });
    expect((await refusal(sdk.createService({ Name: 'x', NamespaceId: Id }))).name).toBe('NamespaceNotFound');
    finish(deletion);
    expect((await refusal(sdk.getNamespace({ Id }))).name).toBe('NamespaceNotFound');
    expect((await refusal(sdk.deleteNamespace({ Id }))).name).toBe('NamespaceNotFound');
  });
});

describe('listing namespaces', () => {
  it('pages with opaque tokens that survive deletions in between', async () => {
    const { sdk, finish } = await startHarness();
    for (const Name of ['a', 'b', 'c', 'd', 'e']) finish(await sdk.createHttpNamespace({ Name }));
    const first = await sdk.listNamespaces({ MaxResults: 2 });
    expect(first.Namespaces?.map((one) => one.Name)).toEqual(['a', 'b']);
    for (const one of first.Namespaces ?? []) finish(await sdk.deleteNamespace({ Id: one.Id }));
    const second = await sdk.listNamespaces({ MaxResults: 2, NextToken: first.NextToken });
    expect(second.Namespaces?.map((one) => one.Name)).toEqual(['c', 'd']);
    const third = await sdk.listNamespaces({ MaxResults: 2, NextToken: second.NextToken });
    expect(third.Namespaces?.map((one) => one.Name)).toEqual(['e']);
    expect(third.NextToken).toBeUndefined();
  });

  it('refuses a token that is made up or belongs to another list', async () => {
    const { sdk, finish } = await startHarness();
    for (const Name of ['a', 'b']) finish(await sdk.createHttpNamespace({ Name }));
    const { NextToken } = await sdk.listNamespaces({ MaxResults: 1 });
    expect((await refusal(sdk.listNamespaces({ NextToken: 'made-up' }))).name).toBe('InvalidInput');
    expect((await refusal(sdk.listOperations({ NextToken }))).name).toBe('InvalidInput');
    const filtered = sdk.listNamespaces({ NextToken, Filters: [{ Name: 'TYPE', Values: ['HTTP'] }] });
    expect((await refusal(filtered)).name).toBe('InvalidInput');
  });

  it('filters by type, name, HTTP name and owner', async () => {
    const { sdk, finish } = await startHarness();
    finish(await sdk.createHttpNamespace({ Name: 'shop' }));
    finish(await sdk.createHttpNamespace({ Name: 'shop-test' }));
    finish(await sdk.createPublicDnsNamespace({ Name: 'example.com' }));
    const names = async (
      Name: 'TYPE' | 'NAME' | 'HTTP_NAME' | 'RESOURCE_OWNER',
      value: string,
      begins = false,
    ) => {
      const filter = { Name, Values: [value], ...(begins ? { Condition: 'BEGINS_WITH' as const } : {}) };
      return (await sdk.listNamespaces({ Filters: [filter] })).Namespaces?.map((one) => one.Name);
    };
    expect(await names('TYPE', 'DNS_PUBLIC')).toEqual(['example.com']);
    expect(await names('TYPE', 'DNS', true)).toEqual(['example.com']);
    expect(await names('NAME', 'shop')).toEqual(['shop']);
    expect(await names('NAME', 'shop', true)).toEqual(['shop', 'shop-test']);
    expect(await names('HTTP_NAME', 'shop-test')).toEqual(['shop-test']);
    expect(await names('RESOURCE_OWNER', 'SELF')).toHaveLength(3);
    expect(await names('RESOURCE_OWNER', 'OTHER_ACCOUNTS')).toEqual([]);
  });

  it('refuses conditions and values that a filter does not allow', async () => {
    const { sdk } = await startHarness();
    const filtered = (
      Name: 'NAME' | 'RESOURCE_OWNER',
      Values: string[],
      Condition?: 'IN' | 'BEGINS_WITH' | 'EQ',
    ) => refusal(sdk.listNamespaces({ Filters: [{ Name, Values, ...(Condition ? { Condition } : {}) }] }));
    expect((await filtered('NAME', ['a', 'b'])).name).toBe('InvalidInput');
    expect((await filtered('NAME', [])).name).toBe('InvalidInput');
    expect((await filtered('NAME', ['a'], 'IN')).name).toBe('InvalidInput');
    expect((await filtered('RESOURCE_OWNER', ['SELF'], 'BEGINS_WITH')).name).toBe('InvalidInput');
    expect((await filtered('RESOURCE_OWNER', ['ME'])).name).toBe('InvalidInput');
  });
});
