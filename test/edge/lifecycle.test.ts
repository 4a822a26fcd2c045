import { describe, expect, it } from 'vitest';
import { drain } from '../../edge-proxy/lifecycle/drain.ts';
import { keepLease } from '../../edge-proxy/lifecycle/lease.ts';
import { readiness } from '../../edge-proxy/lifecycle/stages.ts';
import type { EdgeReport } from '../../migration-plans/state-store/port.ts';
import { MemoryStore } from './support/memory-store.ts';
import { until } from './support/run.ts';

describe('the order of a drain', () => {
  it('is kept, and a part that fails keeps none from closing', async () => {
    const order: string[] = [];
    const part = (name: string, work: () => Promise<void> | void = () => {}) => ({
      name,
      run: () => {
        order.push(name);
        return work();
      },
    });
    const outcome = await drain(
      {
        announce: () => void order.push('announce'),
        stopAccepting: async () => void order.push('stop accepting'),
        finished: async () => void order.push('finished'),
        cutOff: () => 99,
        closeConnections: () => void order.push('connections'),
        closing: [
          part('first', () => Promise.reject(new Error('broken'))),
          part('second', () => {
            throw new Error('broken too');
          }),
          part('third'),
        ],
      },
      { delayMs: 0, deadlineMs: 1_000 },
    );
    expect(order).toEqual(['announce', 'stop accepting', 'finished', 'first', 'second', 'third']);
    expect(outcome).toMatchObject({
      cut: 0,
      problems: [
        { part: 'first', message: 'broken' },
        { part: 'second', message: 'broken too' },
      ],
    });
  });
});

describe('the lease', () => {
  const report = () => ({ id: 'edge-1', revision: 1 }) as EdgeReport;
  const open = (store: MemoryStore) => {
    let now = 0;
    const errors: unknown[] = [];
    const lease = keepLease({
      store: store.asStore(),
      leaseMs: 3_600_000,
      report,
      onError: (error) => errors.push(error),
      now: () => now,
    });
    return { lease, errors, pass: (ms: number) => (now += ms) };
  };

  it('is held for its time after each confirmed report, and no longer', async () => {
    const store = new MemoryStore();
    const { lease, errors, pass } = open(store);
    expect(lease.held()).toBe(false);
    await lease.renew();
    expect(lease.held()).toBe(true);
    pass(3_599_999);
    expect(lease.held()).toBe(true);
    store.away = true;
    await lease.renew();
    pass(1);
    expect(lease.held()).toBe(false);
    expect(errors).toHaveLength(1);
    store.away = false;
    await lease.end();
    expect(store.removed).toEqual(['edge-1']);
  });

  it('reports again what changed while a report was on its way', async () => {
    const store = new MemoryStore();
    const waiting: (() => void)[] = [];
    let reports = 0;
    store.reportEdge = () => {
      reports += 1;
      return new Promise((resolve) => waiting.push(resolve));
    };
    const { lease } = open(store);
    void lease.renew();
    void lease.renew();
    const last = lease.renew();
    await until(() => waiting.length === 1, 'the first report is sent');
    waiting[0]!();
    await until(() => waiting.length === 2, 'the second report is sent');
    waiting[1]!();
    await last;
    expect(reports).toBe(2);
    await lease.end();
  });
});

describe('readiness', () => {
  const good = {
    stage: 'ready',
    revisionKnown: true,
    revision: 3,
    broken: undefined,
    storeConfigured: true,
    storeConnected: true,
  } as const;
  it('follows what is served, not what is configured', () => {
    expect(readiness(good)).toEqual({ ok: true, stage: 'ready', reasons: [] });
    expect(readiness({ ...good, storeConnected: false }).ok).toBe(true);
    expect(readiness({ ...good, broken: { number: 4, message: 'x' } }).ok).toBe(true);
    expect(readiness({ ...good, revisionKnown: false }).ok).toBe(false);
    for (const stage of ['starting', 'draining', 'closed'] as const) {
      const { ok, reasons } = readiness({ ...good, stage });
      expect({ ok, explained: reasons.length > 0 }).toEqual({ ok: false, explained: true });
    }
  });
});
