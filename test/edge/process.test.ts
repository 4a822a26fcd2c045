import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { drain } from '../../edge-proxy/lifecycle/drain.ts';
import { keepLease } from '../../edge-proxy/lifecycle/lease.ts';
import { runEdgeProcess } from '../../edge-proxy/lifecycle/process.ts';
import { readiness } from '../../edge-proxy/lifecycle/stages.ts';
import type { EdgeReport } from '../../migration-plans/state-store/port.ts';
import { MemoryStore } from './support/memory-store.ts';
import { until } from './support/run.ts';

/** Signals by hand, and an exit that is noted. */
class FakeProcess extends EventEmitter {
  readonly exits: unknown[] = [];
  exit(code?: unknown): never {
    this.exits.push(code);
    return undefined as never;
  }
}
const host = () => {
  const fake = new FakeProcess();
  return { fake, process: fake as unknown as NonNullable<Parameters<typeof runEdgeProcess>[1]>['process'] };
};

describe('an edge as a process', () => {
  it('drains at the first signal and ends with 0', async () => {
    const { fake, process } = host();
    let drained = 0;
    const ended = runEdgeProcess(async () => ({ drain: async () => (drained += 1) }), {
      ...(process && { process }),
    });
    await new Promise((resolve) => setImmediate(resolve));
    fake.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect({ drained, exits: fake.exits, listeners: fake.listenerCount('SIGINT') }).toEqual({
      drained: 1,
      exits: [],
      listeners: 0,
    });
  });

  it('ends at once at the second signal', async () => {
    const { fake, process } = host();
    void runEdgeProcess(async () => ({ drain: () => new Promise(() => {}) }), {
      ...(process && { process }),
    });
    await new Promise((resolve) => setImmediate(resolve));
    fake.emit('SIGINT', 'SIGINT');
    await new Promise((resolve) => setImmediate(resolve));
    expect(fake.exits).toEqual([]);
    fake.emit('SIGINT', 'SIGINT');
    expect(fake.exits).toEqual([130]);
  });

  it('drains when the signal came while it was starting, and passes on a start that failed', async () => {
    const { fake, process } = host();
    let drained = false;
    const ended = runEdgeProcess(
      async () => {
        fake.emit('SIGTERM', 'SIGTERM');
        return {
          async drain() {
            drained = true;
          },
        };
      },
      { ...(process && { process }) },
    );
    expect(await ended).toBe(0);
    expect(drained).toBe(true);
    await expect(
      runEdgeProcess(() => Promise.reject(new Error('no port')), { ...(process && { process }) }),
    ).rejects.toThrow('no port');
    expect(fake.listenerCount('SIGTERM')).toBe(0);
  });
});

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
