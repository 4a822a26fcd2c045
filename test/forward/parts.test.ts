import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEndpointPool } from '../../edge-proxy/discovery/balance.ts';
import type { Endpoint } from '../../edge-proxy/discovery/port.ts';
import { type Address, AddressBook } from '../../edge-proxy/forward/address-book.ts';
import { Attempts } from '../../edge-proxy/forward/attempt.ts';
import { CircuitBreaker } from '../../edge-proxy/forward/circuit-breaker.ts';
import { recover } from '../../edge-proxy/forward/recovery.ts';
import { RetryBudget } from '../../edge-proxy/forward/retry-budget.ts';
import { Timed, TimerWheel, type WheelClock } from '../../edge-proxy/forward/timer-wheel.ts';
import { monolithUpstream, serviceUpstream } from '../../edge-proxy/forward/upstreams.ts';

class TestClock implements WheelClock {
  time = 1000;
  tick: (() => void) | undefined;
  now(): number {
    return this.time;
  }
  every(_ms: number, tick: () => void): () => void {
    this.tick = tick;
    return () => {
      this.tick = undefined;
    };
  }
  advance(ms: number): void {
    this.time += ms;
    this.tick?.();
  }
}

class Entry extends Timed {
  expiredAt: number | undefined;
  onExpired: (() => void) | undefined;
  override expired(now: number): void {
    this.expiredAt = now;
    this.onExpired?.();
  }
}

describe('the timer wheel', () => {
  it('notices each deadline at the next tick, never early, however deadlines move', () => {
    const step = fc.record({
      entry: fc.nat(5),
      ms: fc.integer({ min: 1, max: 3000 }),
      cancel: fc.boolean(),
      advance: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new TestClock();
        const wheel = new TimerWheel(clock, 10, 16);
        const entries = Array.from({ length: 6 }, () => new Entry());
        const due = new Map<Entry, number>();
        for (const { entry: index, ms, cancel, advance } of steps) {
          const entry = entries[index] as Entry;
          entry.expiredAt = undefined;
          if (cancel) {
            wheel.cancel(entry);
            due.delete(entry);
          } else {
            wheel.schedule(entry, clock.time + ms);
            due.set(entry, clock.time + ms);
          }
          for (let passed = 0; passed < advance; passed += 10) {
            clock.advance(10);
            for (const [waiting, deadline] of [...due]) {
              if (waiting.expiredAt !== undefined) {
                expect(waiting.expiredAt).toBeGreaterThanOrEqual(deadline);
                due.delete(waiting);
              } else expect(clock.time).toBeLessThan(deadline + 20);
            }
          }
          expect(wheel.size).toBe(due.size);
        }
      }),
    );
  });

  it('takes a deadline that was moved by assignment alone', () => {
    const clock = new TestClock();
    const wheel = new TimerWheel(clock, 10, 16);
    const entry = new Entry();
    wheel.schedule(entry, 1050);
    entry.deadline = 1500;
    clock.advance(100);
    expect(entry.expiredAt).toBeUndefined();
    clock.advance(395);
    clock.advance(10);
    expect(entry.expiredAt).toBe(1505);
  });

  it('lets an entry that runs out cancel or move another of the same tick', () => {
    const clock = new TestClock();
    const wheel = new TimerWheel(clock, 10, 16);
    const entries = Array.from({ length: 3 }, () => new Entry());
    for (const entry of entries) {
      wheel.schedule(entry, 1050);
      entry.onExpired = () => {
        for (const other of entries) if (other !== entry) wheel.cancel(other);
      };
    }
    clock.advance(60);
    expect(entries.filter(({ expiredAt }) => expiredAt !== undefined)).toHaveLength(1);
    expect(wheel.size).toBe(0);
  });

  it('stops ticking when nothing waits, and starts again', () => {
    const clock = new TestClock();
    const wheel = new TimerWheel(clock, 10, 16);
    const entry = new Entry();
    wheel.schedule(entry, 1020);
    clock.advance(30);
    expect(clock.tick).toBeUndefined();
    clock.time += 100_000;
    wheel.schedule(entry, clock.time + 20);
    clock.advance(10);
    clock.advance(20);
    expect(entry.expiredAt).toBe(clock.time);
  });
});

describe('the circuit breaker', () => {
  const breaker = (): CircuitBreaker =>
    new CircuitBreaker({
      windowMs: 1000,
      minResults: 4,
      failureShare: 0.5,
      openMs: 100,
      maxOpenMs: 300,
      trials: 2,
    });
  const fail = (one: CircuitBreaker, times: number, now: number): void => {
    for (let index = 0; index < times; index += 1) one.finished(false, now);
  };

  it('opens when enough fail within the window, not before', () => {
    const one = breaker();
    fail(one, 3, 1000);
    expect(one.state(1000)).toBe('closed');
    one.finished(true, 1000);
    expect(one.state(1000)).toBe('closed');
    one.finished(false, 1000);
    expect(one.state(1000)).toBe('open');
    expect(one.allows(1050)).toBe(false);
  });

  it('forgets failures that are long ago', () => {
    const one = breaker();
    fail(one, 3, 1000);
    fail(one, 3, 3000);
    expect(one.state(3000)).toBe('closed');
  });

  it('takes one trial at a time, closes after enough good ones', () => {
    const one = breaker();
    fail(one, 4, 1000);
    expect(one.state(1100)).toBe('half-open');
    expect(one.allows(1100)).toBe(true);
    one.started();
    expect(one.allows(1100)).toBe(false);
    one.finished(true, 1110);
    one.started();
    one.finished(true, 1120);
    expect(one.state(1120)).toBe('closed');
  });

  it('stays open for longer each time a trial fails, up to the limit', () => {
    const one = breaker();
    fail(one, 4, 1000);
    let now = 1100;
    for (const wait of [200, 300, 300]) {
      one.started();
      one.finished(false, now);
      expect(one.allows(now + wait - 1)).toBe(false);
      expect(one.allows(now + wait)).toBe(true);
      now += wait;
    }
  });

  it('learns nothing from a client that left, but ends its trial', () => {
    const one = breaker();
    fail(one, 4, 1000);
    one.started();
    one.finished(undefined, 1100);
    expect(one.state(1100)).toBe('half-open');
    expect(one.allows(1100)).toBe(true);
  });
});

describe('the retry budget', () => {
  it('is a fifth of what is in flight, and three at least', () => {
    const budget = new RetryBudget();
    for (let index = 0; index < 3; index += 1) {
      expect(budget.hasRoom()).toBe(true);
      budget.started(true);
    }
    expect(budget.hasRoom()).toBe(false);
    for (let index = 0; index < 17; index += 1) budget.started(false);
    expect(budget.hasRoom()).toBe(true);
    budget.finished(true);
    expect(budget.hasRoom()).toBe(true);
  });
});

describe('recovering', () => {
  const options = fc.record({
    repeatable: fc.boolean(),
    replayable: fc.boolean(),
    staleUsed: fc.boolean(),
    retriesLeft: fc.nat(2),
    budget: fc.boolean(),
    elsewhere: fc.boolean(),
    fallback: fc.boolean(),
  });
  const attempt = fc.record({
    failure: fc.constantFrom(
      'connect',
      'timeout-connect',
      'timeout-headers',
      'malformed',
      'cut',
      'overload',
      'no-endpoint',
      'client-aborted',
      'bad-request',
      'timeout-total' as const,
    ),
    undelivered: fc.boolean(),
    stale: fc.boolean(),
  });

  it('never repeats what may have been delivered and must not be repeated', () => {
    fc.assert(
      fc.property(attempt, options, (failed, may) => {
        const next = recover(failed, may);
        if (next === 'give-up') return;
        expect(may.replayable && (may.repeatable || failed.undelivered)).toBe(true);
        if (next === 'elsewhere') expect(may.budget && may.retriesLeft > 0).toBe(true);
        if (next === 'again') expect(may.staleUsed).toBe(false);
        if (next === 'fallback') expect(may.fallback).toBe(true);
      }),
    );
  });

  it('does nothing more for a client that left or was wrong', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('client-aborted' as const, 'bad-request' as const),
        options,
        (failure, may) => {
          expect(recover({ failure, undelivered: true, stale: true }, may)).toBe('give-up');
        },
      ),
    );
  });
});

describe('the address book', () => {
  const at = (address: string): Address => ({ address, family: 4 });

  it('asks once for many, answers from memory, and asks anew when the time is over', async () => {
    let now = 0;
    let asked = 0;
    let addresses = [at('10.0.0.1')];
    const book = new AddressBook({
      ttlMs: 100,
      now: () => now,
      resolve: (_host, callback) => {
        asked += 1;
        const answer = addresses;
        setImmediate(() => callback(null, answer));
      },
    });
    const lookup = (): Promise<string> =>
      new Promise((resolve, reject) =>
        book.lookup('monolith.local', {}, (error, address) =>
          error ? reject(error) : resolve(String(address)),
        ),
      );
    expect(await Promise.all([lookup(), lookup()])).toEqual(['10.0.0.1', '10.0.0.1']);
    expect(asked).toBe(1);
    expect(book.isCurrent('monolith.local', '10.0.0.1')).toBe(true);
    addresses = [at('10.0.0.2')];
    now = 150;
    // Nobody waits for the new answer: this one is the old, the next one the new.
    expect(await lookup()).toBe('10.0.0.1');
    await new Promise(setImmediate);
    expect(await lookup()).toBe('10.0.0.2');
    expect(book.isCurrent('monolith.local', '::ffff:10.0.0.1')).toBe(false);
    expect(asked).toBe(2);
  });

  it('keeps the last good addresses when the name cannot be resolved, and says so when there never were any', async () => {
    let now = 0;
    let fails = false;
    const book = new AddressBook({
      ttlMs: 100,
      now: () => now,
      resolve: (_host, callback) =>
        queueMicrotask(() => callback(fails ? new Error('ENOTFOUND') : null, fails ? [] : [at('10.0.0.1')])),
    });
    const lookup = (host: string): Promise<string> =>
      new Promise((resolve, reject) =>
        book.lookup(host, {}, (error, address) => (error ? reject(error) : resolve(String(address)))),
      );
    await lookup('a');
    fails = true;
    now = 1000;
    await lookup('a');
    expect(await lookup('a')).toBe('10.0.0.1');
    await expect(lookup('b')).rejects.toThrow('ENOTFOUND');
  });

  it('remembers a bounded number of names, and answers whoever waits for one that it has forgotten', async () => {
    let asked = 0;
    const first = Promise.withResolvers<void>();
    const book = new AddressBook({
      resolve: (host, callback) => {
        asked += 1;
        if (host === 'name-0') void first.promise.then(() => callback(null, [at('10.0.0.1')]));
        else queueMicrotask(() => callback(null, [at('10.0.0.2')]));
      },
    });
    const lookup = (host: string): Promise<string> =>
      new Promise((resolve, reject) =>
        book.lookup(host, {}, (error, address) => (error ? reject(error) : resolve(String(address)))),
      );
    const waiting = lookup('name-0');
    for (let i = 1; i <= 1100; i += 1) await lookup(`name-${i}`);
    first.resolve();
    expect(await waiting).toBe('10.0.0.1');
    expect(asked).toBe(1101);
    await lookup('name-1100');
    expect(asked).toBe(1101);
    await lookup('name-1');
    expect(asked).toBe(1102);
  });
});

describe('another attempt', () => {
  const endpoint = (id: string): Endpoint => ({
    ...{ id, host: '10.0.0.1', port: 1, secure: false, version: undefined, healthy: true },
  });

  it('goes to another instance than the one that failed, however much lighter that one is', () => {
    const pool = createEndpointPool();
    const [failing, busy] = [endpoint('failing'), endpoint('busy')];
    pool.update([failing, busy]);
    for (let i = 0; i < 50; i += 1) pool.started(busy);
    const service = serviceUpstream({ name: 'shop/reviews', pool });
    const attempts = new Attempts(service, { attempt: () => {}, done: () => {} }, () => new RetryBudget());
    expect(attempts.begin(0)).toBe(failing);
    attempts.ended(0, 'connect', 0);
    attempts.repeat(true);
    expect(attempts.begin(0)).toBe(busy);
  });

  it('goes to the same one where there is no other', () => {
    const pool = createEndpointPool();
    const only = endpoint('only');
    pool.update([only]);
    const service = serviceUpstream({ name: 'shop/reviews', pool });
    const attempts = new Attempts(service, { attempt: () => {}, done: () => {} }, () => new RetryBudget());
    expect(attempts.begin(0)).toBe(only);
    attempts.ended(0, 'cut', 0);
    attempts.repeat(true);
    expect(attempts.begin(0)).toBe(only);
  });
});

describe("the monolith's URL", () => {
  it.each(['ftp://a', 'nonsense', 'http://a/path', 'http://a/?q', 'http://user:secret@a'])(
    '%s is refused',
    (url) => {
      expect(() => monolithUpstream({ url })).toThrowError(
        expect.objectContaining({ code: 'FORWARD_BAD_URL' }),
      );
    },
  );

  it('does not show its password', () => {
    expect(() => monolithUpstream({ url: 'http://user:secret@a' })).not.toThrowError(/secret/);
  });

  it.each([
    ['http://a', 'a', 80, false],
    ['https://a', 'a', 443, true],
    ['http://[::1]:3000', '::1', 3000, false],
  ])('%s is understood', (url, host, port, secure) => {
    expect(monolithUpstream({ url }).pick(0)).toMatchObject({ host, port, secure });
  });
});
