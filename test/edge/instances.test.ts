import { describe, expect, it, vi } from 'vitest';
import { createEndpointPool } from '../../edge-proxy/discovery/balance.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { type Origin, origin } from './support/origin.ts';
import { endpointOf, Places, partsWith } from './support/places.ts';
import { reviews } from './support/revisions.ts';
import { until } from './support/run.ts';

const kept = keeper();
const SERVICE = 'default/reviews';
const HALF_OPEN_AFTER = 6_000;

/** An edge that sends all reviews to these instances, balanced as in production, and falls back to the monolith. */
async function edgeOver(instances: Origin[], healthy: (index: number) => boolean = () => true) {
  const monolith = await kept(origin('monolith'));
  const places = new Places();
  places.setAll(
    SERVICE,
    instances.map(({ url }, index) => endpointOf(url, { healthy: healthy(index) })),
  );
  const store = new MemoryStore();
  store.publish(reviews(1, { phase: 'canary', weightBp: 10_000 }));
  const edge = await kept(
    startEdge(
      {
        monolith: monolith.url,
        store: store.asStore(),
        listen: { host: '127.0.0.1', port: 0 },
        admin: { host: '127.0.0.1', port: 0 },
        log: { level: 'silent' },
        accessLog: false,
      },
      partsWith(places, createEndpointPool),
    ),
  );
  const ask = async (index = 0) => {
    const answer = await fetch(`${edge.url}/reviews/${index}`);
    const by = answer.headers.get('x-strangler-target');
    return { status: answer.status, by, body: await answer.text() };
  };
  const metrics = async () => (await fetch(`${edge.adminUrl}/metrics`)).text();
  return { edge, monolith, ask, metrics };
}

const several = (count: number, answer?: Parameters<typeof origin>[1]) =>
  Promise.all(Array.from({ length: count }, (_, index) => kept(origin(`instance ${index}`, answer))));
const asked = (instances: Origin[]) => instances.map(({ seen }) => seen.length);

describe('requests over the instances of a service', () => {
  it('go past the one that is still busy', async () => {
    const held: (() => void)[] = [];
    const slow = await kept(
      origin('slow', (_request, response) => held.push(() => response.end('at last')) > 0),
    );
    const quick = await kept(origin('quick'));
    const { ask } = await edgeOver([slow, quick]);
    const waiting: ReturnType<typeof ask>[] = [];
    while (slow.seen.length === 0) {
      waiting.push(ask());
      await until(() => slow.seen.length + quick.seen.length === waiting.length, 'the request arrives');
    }
    const before = quick.seen.length;
    for (let index = 0; index < 20; index += 1) expect((await ask(index)).body).toMatch(/^quick /);
    expect([slow.seen.length, quick.seen.length - before]).toEqual([1, 20]);
    for (const release of held) release();
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
  });

  it('leave out the one that keeps failing, which metrics tell', async () => {
    const broken = await kept(
      origin('broken', (_request, response) => {
        response.writeHead(500).end('broken');
        return true;
      }),
    );
    const sound = await kept(origin('sound'));
    const { ask, metrics } = await edgeOver([broken, sound]);
    for (let index = 0; index < 100 && broken.seen.length < 5; index += 1) await ask(index);
    expect(broken.seen).toHaveLength(5);
    for (let index = 0; index < 20; index += 1) {
      const { status, body } = await ask(index);
      expect([status, body]).toEqual([200, `sound GET /reviews/${index}`]);
    }
    expect(broken.seen).toHaveLength(5);
    const text = await metrics();
    expect(text).toMatch(/^strangler_upstream_endpoints_ejected\{upstream="default\/reviews"\} 1$/m);
    expect(text).toMatch(
      /^strangler_upstream_ejections_total\{upstream="default\/reviews",reason="consecutive-server-errors"\} 1$/m,
    );
  });

  it('leave out those that Cloud Map calls unhealthy, as long as enough are left', async () => {
    const instances = await several(5);
    const { ask, metrics } = await edgeOver(instances, (index) => index < 2);
    for (let index = 0; index < 20; index += 1) await ask(index);
    const [first, second, ...rest] = asked(instances);
    expect([first! + second!, ...rest]).toEqual([20, 0, 0, 0]);
    expect(await metrics()).toMatch(/^strangler_upstream_panic\{upstream="default\/reviews"\} 0$/m);
  });

  it('go to all of them when too few are healthy: the few would be overrun', async () => {
    const instances = await several(5);
    const { ask, metrics } = await edgeOver(instances, (index) => index === 0);
    for (let index = 0; index < 200 && asked(instances).includes(0); index += 1) await ask(index);
    expect(asked(instances)).not.toContain(0);
    expect(await metrics()).toMatch(/^strangler_upstream_panic\{upstream="default\/reviews"\} 1$/m);
  });
});

describe('a service that fails as a whole', () => {
  it('is spared by its breaker while users are answered by the monolith, tried again later, and taken back', async () => {
    const real = performance.now.bind(performance);
    let ahead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
    await kept({ close: async () => void vi.restoreAllMocks() });
    let failing = true;
    const service = await kept(
      origin('service', (_request, response) => {
        if (failing) response.writeHead(503).end('no');
        return failing;
      }),
    );
    const { ask, metrics, edge } = await edgeOver([service]);
    const state = () => edge.status().upstreams[0]?.breaker;
    for (let index = 0; index < 10; index += 1)
      expect(await ask(index)).toMatchObject({ status: 200, by: 'monolith' });
    expect(state()).toBe('open');
    const spared = service.seen.length;
    for (let index = 0; index < 20; index += 1)
      expect(await ask(index)).toMatchObject({ status: 200, by: 'monolith' });
    expect(service.seen).toHaveLength(spared);
    expect(await metrics()).toMatch(/^strangler_upstream_breaker_state\{upstream="default\/reviews"\} 2$/m);

    // Still broken: one trial, which a user does not notice, and it is spared again.
    ahead += HALF_OPEN_AFTER;
    for (let index = 0; index < 10; index += 1)
      expect(await ask(index)).toMatchObject({ status: 200, by: 'monolith' });
    expect(service.seen).toHaveLength(spared + 1);

    failing = false;
    ahead += 2 * HALF_OPEN_AFTER;
    for (let index = 0; index < 10; index += 1) expect((await ask(index)).status).toBe(200);
    expect(state()).toBe('closed');
    expect(await ask()).toMatchObject({ by: 'service' });
  });
});
