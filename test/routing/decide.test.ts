import { describe, expect, it } from 'vitest';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState } from '../../migration-plans/revision/revision.ts';
import { bucketOf } from '../../migration-plans/routing/bucket.ts';
import { compileTable } from '../../migration-plans/routing/compile.ts';
import { decide } from '../../migration-plans/routing/decide.ts';
import type { EdgeFacts } from '../../migration-plans/routing/decision.ts';
import { makeOverride, overrideCookie } from '../../migration-plans/routing/override.ts';
import { makePin, pinCookie } from '../../migration-plans/routing/pin.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';
import { plan, revision, state } from './plans.ts';

const SECRET = new Uint8Array(32).fill(7);
const NOW = Date.UTC(2026, 5, 1);
const EDGE: EdgeFacts = { now: NOW, serviceAvailable: true, secret: SECRET };

const STATES = {
  monolith: state(),
  shadow: state({ phase: 'shadow' }),
  canary: state({ phase: 'canary', weightBp: 5000 }),
  cutover: state({ phase: 'cutover', weightBp: 10_000, owner: 'service' }),
  retired: state({ phase: 'retired', weightBp: 10_000, owner: 'service' }),
} satisfies Record<string, CapabilityState>;

function routes(
  capabilityState: CapabilityState,
  extra: Partial<Plan> = {},
): { read: CompiledRoute; write: CompiledRoute } {
  const table = compileTable(
    revision([plan('reviews', ['GET /r', 'POST /r'], extra)], { reviews: capabilityState }),
    { namespace: 'ns' },
  );
  return { read: table.match('GET', '/r')!, write: table.match('POST', '/r')! };
}

function request(
  method: string,
  {
    headers = {},
    cookies = {},
    address = '203.0.113.7',
  }: { headers?: Record<string, string>; cookies?: Record<string, string>; address?: string } = {},
) {
  return {
    method,
    header: (name: string) => headers[name],
    cookie: (name: string) => cookies[name],
    clientAddress: address,
  };
}

/** A session whose bucket is below or above the canary's 50 %. */
function sid(inside: boolean): string {
  for (let n = 0; ; n++) if (bucketOf('reviews', `s${n}`) < 5000 === inside) return `s${n}`;
}

const token = (target: 'monolith' | 'service', expires = NOW + 60_000, capability = 'reviews') =>
  makeOverride({ capability, target, expires }, SECRET);

describe('a phase', () => {
  it.each([
    ['monolith', 'monolith', 'monolith', false],
    ['shadow', 'monolith', 'monolith', false],
    ['cutover', 'service', 'service', true],
    ['retired', 'service', 'service', false],
  ] as const)('%s: reads to %s, writes to %s', (phase, read, write, mayFallBack) => {
    const compiled = routes(STATES[phase]);
    expect(decide(compiled.read, request('GET'), EDGE)).toEqual({
      target: read,
      reason: 'phase',
      mayFallBack,
      bucket: -1,
      keyed: false,
    });
    expect(decide(compiled.write, request('POST'), EDGE)).toMatchObject({
      target: write,
      reason: 'owner',
      bucket: -1,
    });
  });

  it('canary: reads by bucket, writes to the owner', () => {
    const { read, write } = routes(STATES.canary);
    for (const inside of [true, false]) {
      const cookies = { sid: sid(inside) };
      const decision = decide(read, request('GET', { cookies }), EDGE);
      expect(decision).toEqual({
        target: inside ? 'service' : 'monolith',
        reason: 'bucket',
        mayFallBack: inside,
        bucket: bucketOf('reviews', cookies.sid),
        keyed: true,
      });
      expect(decide(write, request('POST', { cookies }), EDGE)).toMatchObject({
        target: 'monolith',
        reason: 'owner',
      });
    }
  });

  it('a read by an unsafe method never falls back: its body was sent already', () => {
    const { read } = routes(STATES.cutover);
    expect(decide(read, request('POST'), EDGE)).toMatchObject({ target: 'service', mayFallBack: false });
    expect(decide(read, request('HEAD'), EDGE)).toMatchObject({ mayFallBack: true });
  });

  it('a dead service loses its canary users at once and keeps the cutover, where the fallback answers', () => {
    const dead = { ...EDGE, serviceAvailable: false };
    expect(
      decide(routes(STATES.canary).read, request('GET', { cookies: { sid: sid(true) } }), dead),
    ).toMatchObject({ target: 'monolith', mayFallBack: false });
    expect(decide(routes(STATES.cutover).read, request('GET'), dead)).toMatchObject({
      target: 'service',
      mayFallBack: true,
    });
  });
});

describe('the kill switch', () => {
  it('beats everything, also an override and the owner', () => {
    const killed = routes({ ...STATES.cutover, killed: true, owner: 'monolith' });
    const headers = { 'x-strangler-override': token('service') };
    for (const compiled of [killed.read, killed.write])
      expect(decide(compiled, request('GET', { headers }), EDGE)).toMatchObject({
        target: 'monolith',
        reason: 'kill-switch',
        mayFallBack: false,
      });
  });
});

describe('an override', () => {
  const viaHeader = (text: string) => request('GET', { headers: { 'x-strangler-override': text } });

  it('brings a tester to either target, by header or cookie, and shows failures as they are', () => {
    const shadow = routes(STATES.shadow);
    expect(decide(shadow.read, viaHeader(token('service')), EDGE)).toMatchObject({
      target: 'service',
      reason: 'override',
      mayFallBack: false,
    });
    const cookies = { [overrideCookie('reviews')]: token('monolith') };
    expect(decide(routes(STATES.cutover).read, request('GET', { cookies }), EDGE)).toMatchObject({
      target: 'monolith',
      reason: 'override',
    });
    const several = `${token('service', NOW + 1000, 'orders')}, ${token('service')}`;
    expect(decide(shadow.read, viaHeader(several), EDGE)).toMatchObject({ reason: 'override' });
  });

  it('that is forged, expired, for another capability or unsigned is as if it was not there', () => {
    const { read } = routes(STATES.shadow);
    const good = token('service');
    const swapped = token('monolith').replace('.monolith.', '.service.');
    const later = good.replace(/\.([0-9a-z]+)\.([^.]+)$/, '.zzzzzz.$2');
    const others = [
      swapped,
      later,
      token('service', NOW),
      token('service', NOW + 1000, 'orders'),
      good.slice(0, -1),
      `${good}x`,
      good.toUpperCase(),
      '',
      '....',
      'reviews.service',
      `${'x'.repeat(5000)}`,
      makeOverride({ capability: 'reviews', target: 'service', expires: NOW + 1000 }, new Uint8Array(32)),
    ];
    for (const text of others)
      expect(decide(read, viaHeader(text), EDGE), text).toMatchObject({
        target: 'monolith',
        reason: 'phase',
      });
    expect(decide(read, viaHeader(good), { ...EDGE, secret: undefined })).toMatchObject({ reason: 'phase' });
  });

  it('checks a bounded number of tokens', () => {
    const { read } = routes(STATES.shadow);
    const fifth = [...Array(4).fill(token('service', NOW + 1000, 'orders')), token('service')].join(',');
    expect(decide(read, viaHeader(fifth), EDGE)).toMatchObject({ reason: 'phase' });
  });

  it('is no way around the owner of data that has moved, and asks nothing of a target that cannot answer', () => {
    const headers = { 'x-strangler-override': token('service') };
    const own = routes(STATES.canary, { data: { stage: 'own-database', tables: [] } });
    expect(decide(own.write, request('POST', { headers }), EDGE)).toMatchObject({
      target: 'monolith',
      reason: 'owner',
    });
    expect(decide(routes(STATES.canary).write, request('POST', { headers }), EDGE)).toMatchObject({
      target: 'service',
      reason: 'override',
    });
    expect(
      decide(routes(STATES.shadow).read, request('GET', { headers }), { ...EDGE, serviceAvailable: false }),
    ).toMatchObject({ target: 'monolith', reason: 'phase' });
    expect(decide(routes(STATES.retired).read, viaHeader(token('monolith')), EDGE)).toMatchObject({
      target: 'service',
      reason: 'phase',
    });
  });
});

describe('pins', () => {
  const { read } = routes(STATES.canary);
  const wrote = (extra = {}) =>
    makePin('wrote', { capability: 'reviews', epoch: 1, value: 0, expires: NOW + 5000, ...extra }, SECRET);
  const sticky = (extra = {}) =>
    makePin(
      'sticky',
      { capability: 'reviews', epoch: 1, value: 4999, expires: NOW + 5000, ...extra },
      SECRET,
    );
  const withPins = (pins: { wrote?: string; sticky?: string }, key = sid(false)) =>
    request('GET', {
      cookies: {
        sid: key,
        ...Object.fromEntries(
          Object.entries(pins).map(([kind, pin]) => [pinCookie(kind as 'wrote', 'reviews'), pin]),
        ),
      },
    });

  it('a client that has just written reads from the owner, whatever its bucket', () => {
    expect(decide(read, withPins({ wrote: wrote(), sticky: sticky() }, sid(true)), EDGE)).toMatchObject({
      target: 'monolith',
      reason: 'read-your-writes',
      mayFallBack: false,
    });
    const off = routes(STATES.canary, { readAfterWriteMs: 0 }).read;
    expect(decide(off, withPins({ wrote: wrote() }, sid(true)), EDGE)).toMatchObject({ reason: 'bucket' });
  });

  it('a sticky pin decides by its bucket, before any key', () => {
    expect(decide(read, withPins({ sticky: sticky() }), EDGE)).toEqual({
      target: 'service',
      reason: 'sticky-pin',
      mayFallBack: true,
      bucket: 4999,
      keyed: true,
    });
    expect(decide(read, withPins({ sticky: sticky({ value: 5000 }) }, sid(true)), EDGE)).toMatchObject({
      target: 'monolith',
      reason: 'sticky-pin',
    });
    expect(decide(read, withPins({ sticky: sticky() }), { ...EDGE, serviceAvailable: false })).toMatchObject({
      target: 'monolith',
    });
  });

  it('hold for their epoch, capability, kind and time only', () => {
    const void_ = [
      { sticky: sticky({ epoch: 2 }) },
      { sticky: sticky({ capability: 'orders' }) },
      { sticky: sticky({ expires: NOW }) },
      { sticky: sticky({ value: 10_000 }) },
      { sticky: wrote() },
      { wrote: sticky() },
      { wrote: wrote({ epoch: 0 }) },
      { sticky: `${sticky()}x` },
      { sticky: sticky().replace(/^1\./, '01.') },
      { sticky: '1.2.3.4' },
      { sticky: '' },
      { sticky: 'x'.repeat(10_000) },
    ];
    for (const pins of void_)
      expect(decide(read, withPins(pins), EDGE), JSON.stringify(pins)).toMatchObject({ reason: 'bucket' });
    expect(decide(read, withPins({ sticky: sticky() }), { ...EDGE, secret: undefined })).toMatchObject({
      reason: 'bucket',
    });
  });
});

describe('the unit key', () => {
  it('is the first key of the plan that the request carries, else the client’s address', () => {
    const { read } = routes(STATES.canary, {
      stickyBy: [
        { by: 'header', name: 'x-user' },
        { by: 'cookie', name: 'sid' },
      ],
    });
    const bucketFor = (given: Parameters<typeof request>[1]) => {
      const { bucket, keyed } = decide(read, request('GET', given), EDGE);
      return [bucket, keyed];
    };
    expect(bucketFor({ headers: { 'x-user': 'ann' }, cookies: { sid: 's1' } })).toEqual([
      bucketOf('reviews', 'ann'),
      true,
    ]);
    expect(bucketFor({ headers: { 'x-user': '' }, cookies: { sid: 's1' } })).toEqual([
      bucketOf('reviews', 's1'),
      true,
    ]);
    expect(bucketFor({ address: '192.0.2.1' })).toEqual([bucketOf('reviews', '192.0.2.1'), false]);
  });
});

describe('compiling', () => {
  it('resolves the service key by plan or project', () => {
    expect(routes(STATES.shadow).read.serviceKey).toBe('ns/reviews');
    expect(
      routes(STATES.shadow, { service: { name: 'r', namespace: 'own', scheme: 'http' } }).read.serviceKey,
    ).toBe('own/r');
  });
});
