import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BREAKER_DEFAULTS,
  type BreakerOutcome,
  type BreakerSettings,
  type CircuitBreaker,
  createCircuitBreaker,
} from '../../edge-proxy/discovery/breaker.ts';

function send(breaker: CircuitBreaker, outcome: BreakerOutcome, count: number, now: number): void {
  for (let index = 0; index < count; index += 1) breaker.record(breaker.admit(now), outcome, now);
}

function opened(settings: Partial<BreakerSettings> = {}, now = 0): CircuitBreaker {
  const breaker = createCircuitBreaker(settings);
  send(breaker, 'failure', 20, now);
  expect(breaker.state(now)).toBe('open');
  return breaker;
}

describe('a closed breaker', () => {
  it('opens at half failures of at least twenty requests', () => {
    const breaker = createCircuitBreaker();
    send(breaker, 'success', 10, 0);
    send(breaker, 'failure', 9, 0);
    expect(breaker.state(0)).toBe('closed');
    send(breaker, 'failure', 1, 0);
    expect(breaker.state(0)).toBe('open');
  });

  it('stays closed below the volume and below the rate', () => {
    const few = createCircuitBreaker();
    send(few, 'failure', 19, 0);
    expect(few.state(0)).toBe('closed');
    const rare = createCircuitBreaker();
    for (let round = 0; round < 50; round += 1) {
      send(rare, 'success', 6, round);
      send(rare, 'failure', 4, round);
    }
    expect(rare.state(50)).toBe('closed');
  });

  it('forgets what has left the window', () => {
    const breaker = createCircuitBreaker();
    send(breaker, 'failure', 19, 0);
    send(breaker, 'failure', 19, 11_000);
    expect(breaker.state(11_000)).toBe('closed');
    send(breaker, 'failure', 1, 11_500);
    expect(breaker.state(11_500)).toBe('open');
  });

  it('counts no cancelled requests', () => {
    const breaker = createCircuitBreaker();
    send(breaker, 'failure', 19, 0);
    send(breaker, 'cancelled', 100, 0);
    expect(breaker.state(0)).toBe('closed');
  });
});

describe('an open breaker', () => {
  it('refuses until its time is over, and counts that', () => {
    const breaker = opened();
    expect(breaker.available(4999)).toBe(false);
    expect(breaker.admit(4999)).toBe(0);
    expect(breaker.stats()).toEqual({ opened: 1, refused: 1 });
    expect(breaker.state(5000)).toBe('half-open');
    expect(breaker.available(5000)).toBe(true);
  });

  it('takes no notice of what was under way before', () => {
    const breaker = createCircuitBreaker();
    const early = breaker.admit(0);
    send(breaker, 'failure', 20, 0);
    expect(breaker.state(5000)).toBe('half-open');
    breaker.record(early, 'failure', 5000);
    expect(breaker.state(5000)).toBe('half-open');
    breaker.record(early, 'success', 5000);
    expect(breaker.admit(5000)).toBeGreaterThan(0);
  });
});

describe('a half-open breaker', () => {
  it('lets only its probes through', () => {
    const breaker = opened();
    expect([1, 2, 3, 4].map(() => breaker.admit(5000) > 0)).toEqual([true, true, true, false]);
    expect(breaker.available(5000)).toBe(false);
  });

  it('closes when all probes succeed, with a clean slate', () => {
    const breaker = opened();
    const tickets = [1, 2, 3].map(() => breaker.admit(5000));
    for (const ticket of tickets.slice(0, 2)) breaker.record(ticket, 'success', 5100);
    expect(breaker.state(5100)).toBe('half-open');
    breaker.record(tickets[2]!, 'success', 5100);
    expect(breaker.state(5100)).toBe('closed');
    send(breaker, 'failure', 19, 5200);
    expect(breaker.state(5200)).toBe('closed');
  });

  it('opens again at the first failure, for twice as long each time, up to a minute', () => {
    const breaker = opened();
    let now = 5000;
    for (const length of [10_000, 20_000, 40_000, 60_000, 60_000]) {
      breaker.record(breaker.admit(now), 'failure', now);
      expect(breaker.state(now + length - 1)).toBe('open');
      now += length;
      expect(breaker.state(now)).toBe('half-open');
    }
    send(breaker, 'success', 3, now);
    expect(breaker.state(now)).toBe('closed');
    send(breaker, 'failure', 20, now);
    expect(breaker.state(now + 5000)).toBe('half-open');
  });

  it('gives the place of a cancelled probe to another', () => {
    const breaker = opened();
    const tickets = [1, 2, 3].map(() => breaker.admit(5000));
    breaker.record(tickets[0]!, 'cancelled', 5000);
    expect(breaker.admit(5000)).toBeGreaterThan(0);
    expect(breaker.admit(5000)).toBe(0);
  });

  it('does not wait for ever for probes whose end nobody tells', () => {
    const breaker = opened();
    for (let index = 0; index < 3; index += 1) breaker.admit(5000);
    expect(breaker.available(5000 + BREAKER_DEFAULTS.maxOpenMs - 1)).toBe(false);
    expect(breaker.available(5000 + BREAKER_DEFAULTS.maxOpenMs)).toBe(true);
  });
});

describe('whatever happens', () => {
  const step = fc.record({
    ms: fc.oneof(fc.nat(100), fc.nat(20_000)),
    outcome: fc.constantFrom<BreakerOutcome>('success', 'failure', 'failure', 'cancelled'),
    hold: fc.boolean(),
  });

  it('refuses only when not closed, never has more probes under way than allowed, and recovers', () => {
    let openings = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const breaker = createCircuitBreaker({ minimumRequests: 5, openMs: 1000, maxOpenMs: 8000 });
        let now = 0;
        const held: { ticket: number; outcome: BreakerOutcome }[] = [];
        for (const { ms, outcome, hold } of steps) {
          now += ms;
          const state = breaker.state(now);
          const possible = breaker.available(now);
          const ticket = breaker.admit(now);
          expect(ticket > 0).toBe(possible);
          if (state === 'closed') expect(possible).toBe(true);
          if (state === 'open') expect(possible).toBe(false);
          if (ticket > 0 && hold) held.push({ ticket, outcome });
          else if (ticket > 0) breaker.record(ticket, outcome, now);
          const same = held.filter((one) => one.ticket === ticket);
          if (state === 'half-open') expect(same.length).toBeLessThanOrEqual(3);
          if (held.length > 10) {
            for (const one of held.splice(0)) breaker.record(one.ticket, one.outcome, now);
          }
        }
        openings += breaker.stats().opened;
        // whatever was, some quiet and three good answers close it
        now += 20_000;
        for (let index = 0; index < 4; index += 1) breaker.record(breaker.admit(now), 'success', now);
        expect(breaker.state(now)).toBe('closed');
      }),
      { numRuns: 200 },
    );
    expect(openings).toBeGreaterThan(100);
  });

  it('counts the window as a plain recount does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ms: fc.nat(1500), failed: fc.boolean() }), { maxLength: 150, size: 'max' }),
        (steps) => {
          const breaker = createCircuitBreaker({ minimumRequests: 10 });
          const seen: { part: number; failed: boolean }[] = [];
          let now = 0;
          for (const { ms, failed } of steps) {
            now += ms;
            const part = Math.floor(now / 1000);
            seen.push({ part, failed });
            breaker.record(breaker.admit(now), failed ? 'failure' : 'success', now);
            const window = seen.filter((one) => one.part > part - 10);
            const failures = window.filter((one) => one.failed).length;
            const opens = failed && window.length >= 10 && failures * 2 >= window.length;
            expect(breaker.state(now)).toBe(opens ? 'open' : 'closed');
            if (opens) return;
          }
        },
      ),
    );
  });
});
