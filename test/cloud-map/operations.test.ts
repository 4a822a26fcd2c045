import { describe, expect, it } from 'vitest';
import { OPERATION_HISTORY, settle } from '../../cli/cloud-map/settle.ts';
import { EMPTY_STATE, type OperationRecord } from '../../cli/cloud-map/state.ts';
import { OPERATION_DELAY, refusal, startHarness } from './harness.ts';

describe('asynchronous operations', () => {
  it('go from SUBMITTED over PENDING to SUCCESS, with the times of their changes', async () => {
    const { sdk, now, advance } = await startHarness();
    const start = now();
    const { OperationId } = await sdk.createHttpNamespace({ Name: 'shop' });
    const read = async () => (await sdk.getOperation({ OperationId })).Operation;
    expect(await read()).toMatchObject({
      Id: OperationId,
      Type: 'CREATE_NAMESPACE',
      Status: 'SUBMITTED',
      OwnerAccount: '000000000000',
      CreateDate: new Date(start),
      UpdateDate: new Date(start),
    });
    advance(OPERATION_DELAY / 2);
    expect(await read()).toMatchObject({ Status: 'PENDING', UpdateDate: new Date(now()) });
    advance(OPERATION_DELAY / 2 - 1);
    expect((await read())?.Status).toBe('PENDING');
    advance(1);
    expect(await read()).toMatchObject({
      Status: 'SUCCESS',
      CreateDate: new Date(start),
      UpdateDate: new Date(now()),
    });
    expect((await read())?.Targets?.NAMESPACE).toMatch(/^ns-/);
  });

  it('are of a type each and name their targets', async () => {
    const { sdk, service, finish } = await startHarness();
    const { Id: ServiceId, NamespaceId } = await service();
    const target = { ServiceId, InstanceId: 'i-1' };
    const started = [
      ['REGISTER_INSTANCE', await sdk.registerInstance({ ...target, Attributes: {} })],
      ['UPDATE_SERVICE', await sdk.updateService({ Id: ServiceId, Service: { Description: 'x' } })],
      [
        'UPDATE_NAMESPACE',
        await sdk.updateHttpNamespace({ Id: NamespaceId, Namespace: { Description: 'x' } }),
      ],
    ] as const;
    for (const [Type, one] of started) {
      const { Operation } = await sdk.getOperation({ OperationId: one.OperationId });
      expect(Operation?.Type).toBe(Type);
    }
    finish(started[0][1]);
    const { OperationId } = await sdk.deregisterInstance(target);
    const { Operation } = await sdk.getOperation({ OperationId });
    expect(Operation).toMatchObject({
      Type: 'DEREGISTER_INSTANCE',
      Targets: { INSTANCE: 'i-1', SERVICE: ServiceId },
    });
  });

  it('are unknown by a wrong id and to another account', async () => {
    const { sdk } = await startHarness();
    const { OperationId } = await sdk.createHttpNamespace({ Name: 'shop' });
    expect((await refusal(sdk.getOperation({ OperationId: 'none' }))).name).toBe('OperationNotFound');
    const foreign = sdk.getOperation({ OperationId, OwnerAccount: '123456789012' });
    expect((await refusal(foreign)).name).toBe('OperationNotFound');
  });

  it('take effect at once when there is no delay', async () => {
    const { sdk } = await startHarness({ operationDelayMs: 0 });
    const { OperationId } = await sdk.createHttpNamespace({ Name: 'shop' });
    expect((await sdk.getOperation({ OperationId })).Operation?.Status).toBe('SUCCESS');
    expect((await sdk.listNamespaces({})).Namespaces).toHaveLength(1);
  });

  it('are limited while in progress', async () => {
    const { sdk, service, advance } = await startHarness({ limits: { openOperations: 2 } });
    const { Id: ServiceId } = await service();
    const register = (InstanceId: string) => sdk.registerInstance({ ServiceId, InstanceId, Attributes: {} });
    await Promise.all([register('a'), register('b')]);
    expect((await refusal(register('c'))).name).toBe('ResourceLimitExceeded');
    advance(OPERATION_DELAY);
    await register('c');
  });

  it('are remembered, the newest ones, when they are done', () => {
    const operation = (index: number, result: 'open' | 'SUCCESS'): OperationRecord => ({
      id: `o${index}`,
      ordinal: index,
      type: 'UPDATE_SERVICE',
      targets: {},
      createDate: 0,
      pendingAt: 0,
      dueAt: 1,
      result,
      errorCode: undefined,
      errorMessage: undefined,
      requestId: undefined,
      fingerprint: '',
      work: result === 'open' ? { kind: 'fail', code: '', message: '' } : undefined,
    });
    const records = Array.from({ length: OPERATION_HISTORY + 3 }, (_, index) =>
      operation(index, index < OPERATION_HISTORY ? 'SUCCESS' : 'open'),
    );
    const state = {
      ...EMPTY_STATE,
      operations: new Map(records.map((record) => [record.id, record])),
      open: records.filter(({ result }) => result === 'open').map(({ id }) => id),
    };
    expect(settle(state, 0)).toBe(state);
    const { operations, open } = settle(state, 1);
    expect(open).toEqual([]);
    expect([...operations.keys()]).toEqual(records.slice(3).map(({ id }) => id));
  });
});

describe('listing operations', () => {
  async function someOperations() {
    const harness = await startHarness();
    const { sdk, finish, namespace, service, advance } = harness;
    const NamespaceId = await namespace();
    const { Id: ServiceId } = await service({ namespaceId: NamespaceId });
    const failed = finish(await sdk.createPrivateDnsNamespace({ Name: 'x', Vpc: 'none' }));
    advance(60_000);
    const pending = await sdk.registerInstance({ ServiceId, InstanceId: 'i', Attributes: {} });
    type Filters = NonNullable<Parameters<typeof sdk.listOperations>[0]>['Filters'];
    return {
      ...harness,
      NamespaceId,
      ServiceId,
      failed,
      pending: pending.OperationId,
      list: async (...Filters: NonNullable<Filters>) =>
        (await sdk.listOperations({ Filters })).Operations ?? [],
    };
  }

  it('filters by namespace, service, status and type', async () => {
    const { list, NamespaceId, ServiceId, failed, pending } = await someOperations();
    expect(await list()).toHaveLength(3);
    expect(await list({ Name: 'NAMESPACE_ID', Values: [NamespaceId] })).toHaveLength(2);
    expect(await list({ Name: 'SERVICE_ID', Values: [ServiceId] })).toEqual([
      { Id: pending, Status: 'SUBMITTED' },
    ]);
    expect(await list({ Name: 'STATUS', Values: ['FAIL'] })).toEqual([{ Id: failed, Status: 'FAIL' }]);
    expect(await list({ Name: 'STATUS', Condition: 'IN', Values: ['FAIL', 'SUCCESS'] })).toHaveLength(2);
    expect(await list({ Name: 'STATUS', Values: ['SUCCEED'] })).toHaveLength(1);
    expect(
      await list({ Name: 'TYPE', Values: ['CREATE_NAMESPACE'] }, { Name: 'STATUS', Values: ['FAIL'] }),
    ).toEqual([{ Id: failed, Status: 'FAIL' }]);
  });

  it('filters by the time of the last change', async () => {
    const { list, now, pending } = await someOperations();
    const seconds = (ms: number) => String(ms / 1000);
    const between = (from: number, to: number) =>
      list({ Name: 'UPDATE_DATE', Condition: 'BETWEEN', Values: [seconds(from), seconds(to)] });
    expect(await between(now() - 1000, now())).toEqual([{ Id: pending, Status: 'SUBMITTED' }]);
    expect(await between(0, now() - 1000)).toHaveLength(2);
    expect((await refusal(between(now(), 0))).name).toBe('InvalidInput');
  });

  it('refuses conditions, counts and values that a filter does not allow', async () => {
    const { list } = await someOperations();
    for (const filter of [
      { Name: 'UPDATE_DATE', Values: ['1'] },
      { Name: 'UPDATE_DATE', Condition: 'BETWEEN', Values: ['1'] },
      { Name: 'UPDATE_DATE', Condition: 'BETWEEN', Values: ['yesterday', 'today'] },
      { Name: 'STATUS', Values: ['DONE'] },
      { Name: 'STATUS', Values: ['FAIL', 'SUCCESS'] },
      { Name: 'TYPE', Condition: 'BEGINS_WITH', Values: ['CREATE'] },
      { Name: 'SERVICE_ID', Condition: 'IN', Values: ['a', 'b'] },
    ] as const) {
      expect((await refusal(list({ ...filter, Values: [...filter.Values] }))).name).toBe('InvalidInput');
    }
  });
});
