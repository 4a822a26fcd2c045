import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { reviews } from './support/revisions.ts';
import { admin, edgeFor, TOKEN } from './support/run.ts';

const kept = keeper();

/** fetch decides on Host and Origin itself; an attacker's page does not. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function canary(over = {}) {
  const monolith = await kept(origin('monolith'));
  const service = await kept(origin('service'));
  const store = new MemoryStore();
  store.publish(reviews(1, { phase: 'canary', weightBp: 10_000 }));
  const options = { store: store.asStore(), ...over };
  const edge = await kept(edgeFor(monolith.url, options, { 'default/reviews': service.url }));
  return { edge, store };
}

const bearer = { authorization: `Bearer ${TOKEN}` };

describe('who may call the admin listener', () => {
  it('shows health and metrics without a token, and nothing else', async () => {
    const { edge } = await canary();
    for (const path of ['/livez', '/readyz', '/startupz', '/metrics']) {
      expect((await fetch(edge.adminUrl + path)).status, path).toBe(200);
    }
    for (const [method, path] of [
      ['GET', '/status'],
      ['GET', '/kill'],
      ['POST', '/kill/reviews'],
      ['POST', '/unkill/reviews'],
      ['POST', '/drain'],
    ] as const) {
      const answer = await fetch(edge.adminUrl + path, { method });
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    expect(edge.status().stage).toBe('ready');
  });

  it.each([
    'Bearer wrong',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Basic ${TOKEN}`,
    TOKEN,
    'Bearer ',
  ])('refuses the credentials "%s"', async (authorization) => {
    const { edge } = await canary();
    expect((await fetch(`${edge.adminUrl}/status`, { headers: { authorization } })).status).toBe(401);
  });

  it('refuses whatever needs a token when none is configured', async () => {
    const { edge } = await canary({ admin: { host: '127.0.0.1', port: 0 } });
    const answer = await fetch(`${edge.adminUrl}/status`, { headers: { authorization: 'Bearer undefined' } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: { code: 'EDGE_ADMIN_CLOSED' } });
  });

  it('asks for the token for metrics too when told so', async () => {
    const { edge } = await canary({
      admin: { host: '127.0.0.1', port: 0, token: TOKEN, protectMetrics: true },
    });
    expect((await fetch(`${edge.adminUrl}/metrics`)).status).toBe(401);
    expect((await admin(edge, '/metrics')).status).toBe(200);
  });

  it('is deaf to a page that rebound its own name to this address', async () => {
    const { edge } = await canary();
    for (const path of ['/status', '/metrics', '/livez']) {
      const answer = await raw(edge.adminUrl + path, { ...bearer, host: 'attacker.example' });
      expect(answer.status, path).toBe(421);
    }
    expect((await raw(`${edge.adminUrl}/status`, { ...bearer, host: 'localhost:9' })).status).toBe(200);
    expect((await raw(`${edge.adminUrl}/status`, { ...bearer, host: '[::1]:9' })).status).toBe(200);
    expect(
      (await raw(`${edge.adminUrl}/status`, { ...bearer, host: '127.0.0.1.attacker.example' })).status,
    ).toBe(421);
  });

  it('is deaf to web pages of other origins', async () => {
    const { edge } = await canary();
    const url = `${edge.adminUrl}/kill/reviews`;
    const foreign: Record<string, string>[] = [
      { origin: 'https://attacker.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      expect((await raw(url, { ...bearer, ...headers }, 'POST')).status, JSON.stringify(headers)).toBe(403);
    }
    expect((await raw(url, { ...bearer, origin: edge.adminUrl }, 'POST')).status).toBe(200);
  });

  it('answers by a name that was allowed', async () => {
    const admin = { host: '127.0.0.1', port: 0, token: TOKEN, allowedHosts: ['edge.internal'] };
    const { edge } = await canary({ admin });
    expect((await raw(`${edge.adminUrl}/status`, { ...bearer, host: 'edge.internal:9090' })).status).toBe(
      200,
    );
  });

  it('shows no secret', async () => {
    const { edge } = await canary({ overrideSecret: 'a-very-secret-override-key' });
    const shown = [
      await (await admin(edge, '/status')).text(),
      await (await admin(edge, '/metrics')).text(),
    ].join();
    expect(shown).toContain('reviews');
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain('a-very-secret-override-key');
  });
});

describe('the kill switch of one edge', () => {
  const target = async (url: string) => (await fetch(`${url}/reviews/1`)).headers.get('x-strangler-target');

  it('sends everything to the monolith at once and back again', async () => {
    const { edge } = await canary();
    expect(await target(edge.url)).toBe('service');
    const killed = await admin(edge, '/kill/reviews', { method: 'POST' });
    expect(await killed.json()).toEqual({ killed: ['reviews'] });
    expect(await target(edge.url)).toBe('monolith');
    expect(edge.status().capabilities[0]).toMatchObject({ killed: false, killedHere: true });
    await admin(edge, '/unkill/reviews', { method: 'POST' });
    expect(await target(edge.url)).toBe('service');
  });

  it('holds across a new revision', async () => {
    const { edge, store } = await canary();
    await admin(edge, '/kill/reviews', { method: 'POST' });
    store.publish(reviews(2, { phase: 'cutover', weightBp: 10_000, owner: 'service', epoch: 2 }));
    await expect.poll(() => edge.status().revision.number).toBe(2);
    expect(await target(edge.url)).toBe('monolith');
  });

  it('yields to a revision after which the monolith no longer answers', async () => {
    const { edge, store } = await canary();
    await admin(edge, '/kill/reviews', { method: 'POST' });
    expect(await target(edge.url)).toBe('monolith');
    store.publish(reviews(2, { phase: 'retired', owner: 'service', weightBp: 10_000 }));
    await expect.poll(() => edge.status().revision.number).toBe(2);
    expect(await target(edge.url)).toBe('service');
  });

  it('changes nothing when somebody else changed it meanwhile', async () => {
    const { edge } = await canary();
    const read = await admin(edge, '/kill');
    const etag = read.headers.get('etag')!;
    const first = await admin(edge, '/kill/reviews', { method: 'POST', headers: { 'if-match': etag } });
    expect(first.status).toBe(200);
    expect(first.headers.get('etag')).not.toBe(etag);
    const second = await admin(edge, '/unkill/reviews', { method: 'POST', headers: { 'if-match': etag } });
    expect(second.status).toBe(412);
    expect(await (await admin(edge, '/kill')).json()).toEqual({ killed: ['reviews'] });
  });

  it.each([
    ['an unknown capability', {}, {}, 'orders', 404],
    ['a retired one', { phase: 'retired', owner: 'service' }, {}, 'reviews', 409],
    [
      'one whose data the service owns',
      { phase: 'cutover', owner: 'service' },
      { data: { stage: 'own-database', tables: [] } },
      'reviews',
      409,
    ],
  ] as const)('is refused for %s', async (_name, state, plan, capability, status) => {
    const { edge, store } = await canary();
    store.publish(reviews(2, state, plan as object));
    await expect.poll(() => edge.status().revision.number).toBe(2);
    const answer = await admin(edge, `/kill/${capability}`, { method: 'POST' });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code: 'EDGE_KILL_REFUSED' } });
    expect(edge.status().capabilities[0]?.killedHere).toBe(false);
  });
});
