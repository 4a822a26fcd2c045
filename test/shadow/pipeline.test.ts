import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { compiledRoute } from './compiled-route.ts';
import { closing, evidence, type Handler, json, serve, start } from './pipeline-harness.ts';

describe('mirroring', () => {
  it('compares the user’s answer with the service’s and finds nothing where they agree', async () => {
    const service = await serve(json({ id: 1, name: 'Cup' }));
    const monolith = await serve(json({ id: 1, name: 'Cup' }));
    const harness = start(monolith, service);
    for (let i = 0; i < 20; i += 1) harness.userReads({ name: 'Cup', id: 1 });
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(funnel['GET /items/:id']).toMatchObject({
      eligible: 20,
      sampled: 20,
      sent: 20,
      completed: 20,
      compared: 20,
      equal: 20,
    });
    expect(clusters).toEqual([]);
    expect(harness.shadow.stats().bytesHeld).toBe(0);
  });

  it('tells the service that nobody waits, and passes what the user sent', async () => {
    const service = await serve(json({}));
    const monolith = await serve(json({}));
    const harness = start(monolith, service);
    harness.userReads({}, { url: '/items/1?a=%20b&&c' });
    await harness.settled();
    expect(service.seen[0]!.url).toBe('/items/1?a=%20b&&c');
    expect(service.seen[0]!.headers).toMatchObject({
      host: 'shop.example',
      cookie: 'sid=abc',
      'x-strangler-shadow': '1',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-host': 'shop.example',
    });
  });

  it('finds a difference, keeps a redacted example and the route of it', async () => {
    const service = await serve(json({ id: 1, price: '19.90', email: 'jane@example.com' }));
    const monolith = await serve(json({ id: 1, price: 19.9, email: 'jane@example.com' }));
    const harness = start(monolith, service);
    harness.userReads({ id: 1, price: 19.9, email: 'jane@example.com' });
    await harness.settled();
    const { clusters } = evidence(harness);
    expect(clusters).toMatchObject([{ route: 'GET /items/:id', path: '$.price', kind: 'type', seen: 1 }]);
    expect(clusters[0]!.examples).toHaveLength(1);
    expect(JSON.stringify(clusters)).not.toContain('jane@example.com');
  });

  it('asks the monolith once more when something surprising differs, and drops what was a change in between', async () => {
    let stock = 5;
    const service = await serve((request, response) => json({ stock })(request, response));
    const monolith = await serve((request, response) => json({ stock })(request, response));
    const harness = start(monolith, service);
    stock = 4;
    harness.userReads({ stock: 5 });
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(clusters).toEqual([]);
    expect(funnel['GET /items/:id']).toMatchObject({ compared: 1, equal: 1 });
    expect(monolith.seen).toHaveLength(1);
  });

  it('asks it once more however long the copy took', async () => {
    let now = 0;
    const service = await serve((request, response) => {
      now += 10_000;
      json({ stock: 4 })(request, response);
    });
    const monolith = await serve(json({ stock: 4 }));
    const harness = start(monolith, service, { now: () => now, limits: { maxAgeMs: 1_000 } });
    harness.userReads({ stock: 5 });
    await harness.settled();
    expect(monolith.seen).toHaveLength(1);
    expect(evidence(harness).clusters).toEqual([]);
  });

  it('counts as lost what cannot be told, because the form of the monolith’s own answer changes at the same place', async () => {
    const service = await serve(json({ note: 7 }));
    const monolith = await serve(json({ note: null }));
    const harness = start(monolith, service);
    harness.userReads({ note: 'text' });
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(clusters).toEqual([]);
    expect(funnel['GET /items/:id']).toMatchObject({
      completed: 1,
      compared: 0,
      dropped: { 'changed-meanwhile': 1 },
    });
  });

  it('keeps a stale answer of the service as a difference', async () => {
    const service = await serve(json({ stock: 6 }));
    const monolith = await serve(json({ stock: 5 }));
    const harness = start(monolith, service);
    harness.userReads({ stock: 5 });
    await harness.settled();
    const clusters = evidence(harness).clusters.filter(({ kind }) => kind !== 'relation');
    expect(clusters).toMatchObject([{ path: '$.stock', kind: 'value', seen: 1 }]);
  });

  it('counts what two answers of the monolith differ in as noise, apart from differences', async () => {
    let answered = 0;
    const answer: Handler = (incoming, response) => {
      answered += 1;
      json({ requestId: `r${answered}` })(incoming, response);
    };
    const service = await serve(answer);
    const monolith = await serve(answer);
    const route = compiledRoute({ shadow: { noiseProbeBp: 10_000 } });
    const harness = start(monolith, service, { route });
    for (let i = 0; i < 10; i += 1) harness.userReads({ requestId: `user${i}` });
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(funnel['GET /items/:id']).toMatchObject({ compared: 10, probes: 10, probesDiffering: 10 });
    expect(clusters.find((cluster) => cluster.kind !== 'relation')).toMatchObject({
      path: '$.requestId',
      seen: 10,
      noiseSeen: 10,
    });
  });

  it('mirrors no write, no excluded route, and nothing outside shadow and canary', async () => {
    const monolith = await serve(json({}));
    for (const route of [
      compiledRoute({ route: { effect: 'write' } }),
      compiledRoute({ route: { shadow: false } }),
      compiledRoute({ state: { phase: 'monolith' } }),
      compiledRoute({ state: { phase: 'cutover' } }),
    ]) {
      expect(start(monolith, monolith, { route }).userReads({})).toBe(false);
    }
  });

  it('samples by bucket', async () => {
    const service = await serve(json({}));
    const harness = start(service, service, { route: compiledRoute({ shadow: { sampleBp: 2500 } }) });
    const sampled = Array.from({ length: 1000 }, (_, bucket) =>
      harness.userReads({}, { bucket: bucket * 10 }),
    ).filter(Boolean);
    expect(sampled).toHaveLength(250);
    await harness.settled();
    expect(evidence(harness).funnel['GET /items/:id']).toMatchObject({ eligible: 1000, sampled: 250 });
  });
});

describe('a route with a share of its own', () => {
  it('is sampled by it, and the same users are in whatever the share', async () => {
    const service = await serve(json({}));
    const sampled = (sampleBp: number | undefined) => {
      const own = sampleBp === undefined ? {} : { sampleBp };
      const route = compiledRoute({ shadow: { sampleBp: 1000 }, route: own });
      const harness = start(service, service, { route });
      return Array.from({ length: 1000 }, (_, i) => i * 10).filter((bucket) =>
        harness.userReads({}, { bucket }),
      );
    };
    const five = sampled(500);
    const plan = sampled(undefined);
    expect([five.length, plan.length]).toEqual([50, 100]);
    expect(five.every((bucket) => plan.includes(bucket))).toBe(true);
  });
});

describe('a service in trouble', () => {
  it('that is not there is a failure of the service, and after some in a row copies pause', async () => {
    const monolith = await serve(json({}));
    const harness = start(
      monolith,
      { port: 1 },
      { limits: { breakerFailures: 3, concurrency: 1, confirmationsPerSecond: 0 } },
    );
    for (let i = 0; i < 10; i += 1) harness.userReads({});
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(funnel['GET /items/:id']).toMatchObject({ sent: 3, compared: 3, dropped: { 'breaker-open': 7 } });
    expect(clusters).toMatchObject([{ kind: 'failure', seen: 3 }]);
  });

  it('that never answers costs its time limit and nothing else', async () => {
    const hanging = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    closing.push(() => void hanging.close());
    const monolith = await serve(json({}));
    const route = compiledRoute({ shadow: { timeoutMs: 50 } });
    const harness = start(monolith, { port: (hanging.address() as AddressInfo).port }, { route });
    harness.userReads({});
    await harness.settled();
    expect(evidence(harness).clusters).toMatchObject([
      { kind: 'failure', shape: expect.stringContaining('timeout') },
    ]);
  });

  it('that sends without end is cut long before its time limit, and told as a failure of the service', async () => {
    const endless = await serve((_request, response) => {
      const chunk = Buffer.alloc(16_384, 'x');
      const pour = (): void => {
        while (response.write(chunk));
        response.once('drain', pour);
      };
      pour();
    });
    const monolith = await serve(json({}));
    const route = compiledRoute({ shadow: { timeoutMs: 60_000, maxBodyBytes: 100_000 } });
    const harness = start(monolith, endless, { route });
    harness.userReads({});
    await harness.settled();
    expect(harness.shadow.stats().bytesHeld).toBe(0);
    expect(evidence(harness).clusters).toMatchObject([
      { kind: 'failure', shape: expect.stringContaining('too-long') },
    ]);
  });

  it('that is registered nowhere is told as such', async () => {
    const monolith = await serve(json({}));
    const harness = start(monolith, undefined);
    harness.userReads({});
    await harness.settled();
    expect(evidence(harness).funnel['GET /items/:id']?.dropped).toEqual({ 'no-endpoint': 1 });
  });
});

describe('bounds', () => {
  it('drops beyond the queue and says so, and loses count of nothing', async () => {
    const held: ServerResponse[] = [];
    const service = await serve((_request, response) => void held.push(response));
    const monolith = await serve(json({}));
    const harness = start(monolith, service, { limits: { queueEntries: 5, concurrency: 2 } });
    for (let i = 0; i < 50; i += 1) {
      harness.userReads({});
    }
    await new Promise((resolve) => service.server.once('request', resolve));
    await harness.shadow.close(0);
    const { funnel } = evidence(harness);
    const { sampled, compared, dropped } = funnel['GET /items/:id']!;
    expect(sampled).toBe(50);
    expect(dropped['queue-full']).toBe(45);
    expect(compared + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(50);
  });

  it('sends nothing for an answer that the user did not get', async () => {
    const service = await serve(json({}));
    const harness = start(service, service);
    const capture = harness.shadow.begin({
      route: compiledRoute(),
      method: 'GET',
      url: '/items/1',
      rawHeaders: [],
      bucket: 0,
      peer: { address: undefined, encrypted: false, trusted: false },
      traceId: undefined,
    })!;
    capture.head(200, '');
    capture.chunk(Buffer.from('half'));
    capture.abort('client-aborted');
    capture.end();
    await harness.settled();
    expect(service.seen).toEqual([]);
    expect(harness.shadow.stats()).toMatchObject({ bytesHeld: 0, dropped: { 'client-aborted': 1 } });
  });
});
