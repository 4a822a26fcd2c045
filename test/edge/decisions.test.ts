import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieValue } from '../../edge-proxy/cookie.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import type { MirroredRequest } from '../../edge-proxy/shadow/port.ts';
import { makeOverride, OVERRIDE_HEADER, overrideCookie } from '../../migration-plans/routing/override.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { Places, partsWith } from './support/places.ts';
import { rawClient } from './support/raw.ts';
import { plan, planRoute, reviews, revision, state } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const SECRET = 'sixteen-bytes-or-more';
const KEY = Buffer.from(SECRET);

async function start(first: ReturnType<typeof reviews>, over = {}) {
  const monolith = await kept(origin('monolith'));
  const service = await kept(origin('service'));
  const store = new MemoryStore();
  store.publish(first);
  const services = new Places({ 'default/reviews': service.url });
  const edge = await kept(
    edgeFor(monolith.url, { store: store.asStore(), overrideSecret: SECRET, ...over }, services),
  );
  const ask = async (headers: Record<string, string> = {}, init: RequestInit = {}, path = '/reviews/1') => {
    const answer = await fetch(edge.url + path, { headers, ...init });
    await answer.text();
    return {
      target: answer.headers.get('x-strangler-target'),
      cookies: answer.headers.getSetCookie(),
      answer,
    };
  };
  return { edge, store, services, ask, monolith, service };
}

describe("a tester's override", () => {
  const token = (target: 'monolith' | 'service', lifeMs = 60_000, secret: Uint8Array = KEY) =>
    makeOverride({ capability: 'reviews', target, expires: Date.now() + lifeMs }, secret);

  it('is obeyed in a header or a cookie, whatever the phase', async () => {
    const { ask } = await start(reviews(1));
    expect((await ask()).target).toBe('monolith');
    expect((await ask({ [OVERRIDE_HEADER]: token('service') })).target).toBe('service');
    expect((await ask({ cookie: `a=b; ${overrideCookie('reviews')}=${token('service')}` })).target).toBe(
      'service',
    );
  });

  it('means nothing when it is forged, expired, or no secret is configured', async () => {
    const { ask } = await start(reviews(1));
    const forged = token('service', 60_000, Buffer.from('another secret entirely'));
    expect((await ask({ [OVERRIDE_HEADER]: forged })).target).toBe('monolith');
    expect((await ask({ [OVERRIDE_HEADER]: token('service', -5_000) })).target).toBe('monolith');
    const unsecured = await start(reviews(1), { overrideSecret: undefined });
    expect((await unsecured.ask({ [OVERRIDE_HEADER]: token('service') })).target).toBe('monolith');
  });

  it('yields to the kill switch of the revision', async () => {
    const { ask } = await start(
      reviews(1, { killed: true, phase: 'cutover', weightBp: 10_000, owner: 'service' }),
    );
    expect((await ask({ [OVERRIDE_HEADER]: token('service') })).target).toBe('monolith');
  });
});

describe('pins', () => {
  const canary = (weightBp: number, epoch = 1) =>
    reviews(1, { phase: 'canary', weightBp, epoch }, { readAfterWriteMs: 60_000 });
  const write = { method: 'POST', body: 'x' };

  it('send a client that has just written to the owner, and only that client', async () => {
    const { ask } = await start(canary(10_000));
    const written = await ask({}, write, '/reviews');
    const cookie = written.cookies.find((each) => each.startsWith('strangler-wrote-reviews='))!;
    expect(cookie).toMatch(/; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax$/);
    expect((await ask({ cookie: cookie.split(';')[0]! })).target).toBe('monolith');
    expect((await ask()).target).toBe('service');
  });

  it('are void in another epoch', async () => {
    const { ask, store, edge } = await start(canary(10_000));
    const [cookie] = (await ask({}, write, '/reviews')).cookies;
    store.publish({ ...canary(10_000, 2), number: 2 });
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    expect((await ask({ cookie: cookie!.split(';')[0]! })).target).toBe('service');
  });

  it('are not set by a write that failed, where the plan asks for none, or outside canary', async () => {
    const failing = await start(canary(10_000));
    failing.monolith.server.removeAllListeners('request');
    failing.monolith.server.on('request', (_request, response) => {
      response.statusCode = 422;
      response.end();
    });
    expect((await failing.ask({}, write, '/reviews')).cookies).toEqual([]);
    const unasked = await start(reviews(1, { phase: 'canary', weightBp: 10_000 }));
    expect((await unasked.ask({}, write, '/reviews')).cookies).toEqual([]);
    const shadowed = await start(reviews(1, { phase: 'shadow' }, { readAfterWriteMs: 60_000 }));
    expect((await shadowed.ask({}, write, '/reviews')).cookies).toEqual([]);
    const unsecured = await start(canary(10_000), { overrideSecret: undefined });
    expect((await unsecured.ask({}, write, '/reviews')).cookies).toEqual([]);
  });

  it('keep the bucket of a client without a key, and leave clients with one alone', async () => {
    const { ask } = await start(canary(5_000));
    expect((await ask({ 'x-user': 'ann' })).cookies).toEqual([]);
    const first = await ask();
    const [cookie] = first.cookies;
    expect(cookie).toMatch(/^strangler-sticky-reviews=/);
    const again = await ask({ cookie: cookie!.split(';')[0]! });
    expect(again).toMatchObject({ target: first.target, cookies: [] });
  });
});

describe('the share', () => {
  it('grows without moving anybody back, and leaves at once when the service is gone', async () => {
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    const { ask, store, edge, services } = await start(reviews(1, { phase: 'canary', weightBp: 1_000 }));
    const inside = async () => {
      const found = new Set<string>();
      for (const user of users) if ((await ask({ 'x-user': user })).target === 'service') found.add(user);
      return found;
    };
    const few = await inside();
    store.publish(reviews(2, { phase: 'canary', weightBp: 5_000 }));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    const half = await inside();
    expect(half.size).toBeGreaterThan(few.size);
    expect(half.size).toBeLessThan(users.length);
    expect([...few].filter((user) => !half.has(user))).toEqual([]);
    services.set('default/reviews', undefined);
    expect(await inside()).toEqual(new Set());
  });
});

describe('upgrades', () => {
  it('go where the plan says', async () => {
    const chat = (phase: 'monolith' | 'cutover') =>
      revision(phase === 'monolith' ? 1 : 2, [
        {
          plan: plan('reviews', [planRoute('GET', '/chat')]),
          state: state({ phase, weightBp: 0, owner: phase === 'monolith' ? 'monolith' : 'service' }),
        },
      ]);
    const { edge, store } = await start(chat('monolith'));
    const upgrade = async (path: string) => {
      const client = await kept(rawClient(edge.url));
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
      await client.received('\r\n\r\n');
      client.send('ping\n');
      return client.received('ping\n');
    };
    expect(await upgrade('/chat')).toContain('monolith\nping');
    store.publish(chat('cutover'));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    expect(await upgrade('/chat')).toContain('service\nping');
    expect(await upgrade('/unclaimed')).toContain('monolith\nping');
  });
});

describe('mirroring', () => {
  it('is offered the reads that the monolith answers, with the bucket of the user, and nothing else', async () => {
    const monolith = await kept(origin('monolith'));
    const offered: MirroredRequest[] = [];
    const captured: string[] = [];
    const store = new MemoryStore();
    const shadowed = {
      sampleBp: 10_000,
      noiseProbeBp: 0,
      maxBodyBytes: 1,
      timeoutMs: 1,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    };
    store.publish(reviews(1, { phase: 'shadow' }, { shadow: shadowed }));
    const parts = partsWith(new Places());
    const edge = await kept(
      startEdge(
        {
          monolith: monolith.url,
          store: store.asStore(),
          listen: { host: '127.0.0.1', port: 0 },
          admin: { host: '127.0.0.1', port: 0 },
          log: { level: 'silent' },
        },
        {
          ...parts,
          shadow: () => ({
            begin(request) {
              offered.push(request);
              return {
                head: (status) => void captured.push(String(status)),
                whole: (body) => void captured.push(body),
                chunk: (data) => void captured.push(Buffer.from(data).toString()),
                end: () => void captured.push('end'),
                abort: (reason) => void captured.push(reason),
              };
            },
            start: () => void captured.push('started'),
            stats: () => ({
              queued: 0,
              active: 0,
              bytesHeld: 0,
              sent: 3,
              compared: 2,
              dropped: { expired: 1 },
            }),
            close: async () => {},
          }),
        },
      ),
    );
    await (await fetch(`${edge.url}/reviews/1?q=1`, { headers: { 'x-user': 'ann' } })).text();
    await (await fetch(`${edge.url}/reviews/2`)).text();
    await (await fetch(`${edge.url}/reviews`, { method: 'POST', body: 'x' })).text();
    await (await fetch(`${edge.url}/other`)).text();
    expect(offered.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /reviews/1?q=1',
      'GET /reviews/2',
    ]);
    expect(offered[0]!.bucket).toBeGreaterThanOrEqual(0);
    expect(offered[1]!.bucket).toBe(-1);
    expect(captured.slice(0, 4)).toEqual(['started', '200', 'monolith GET /reviews/1?q=1', 'end']);
    const client = await kept(rawClient(edge.url));
    client.send('GET /reviews/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await client.received('monolith\n');
    await edge.control.kill('reviews', true);
    await (await fetch(`${edge.url}/reviews/3`)).text();
    expect(offered).toHaveLength(2);
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_shadow_sent_total 3$/m);
    expect(metrics).toMatch(/^strangler_shadow_dropped_total\{reason="expired"\} 1$/m);
  });
});

describe('cookieValue', () => {
  it('finds the first pair of exactly this name', () => {
    expect(cookieValue('a=1; session=abc; b=2', 'session')).toBe('abc');
    expect(cookieValue('xsession=no; session=yes', 'session')).toBe('yes');
    expect(cookieValue('sessionx=no;session=yes', 'session')).toBe('yes');
    expect(cookieValue('a=session=no; session=', 'session')).toBe('');
    expect(cookieValue('session', 'session')).toBeUndefined();
    expect(cookieValue('', 'session')).toBeUndefined();
  });

  it('agrees with a plain parser on any header', () => {
    const name = fc.stringMatching(/^[a-c]{1,3}$/);
    const piece = fc.stringMatching(/^[a-c=; ]{0,6}$/);
    fc.assert(
      fc.property(fc.array(piece), name, (pieces, wanted) => {
        const header = pieces.join(';');
        const plain = header
          .split(';')
          .map((pair) => pair.replace(/^ +/, ''))
          .find((pair) => pair.startsWith(`${wanted}=`));
        expect(cookieValue(header, wanted)).toBe(plain?.slice(wanted.length + 1).trim());
      }),
    );
  });
});
