import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { createDiscoveryClient } from '../../edge-proxy/discovery/client.ts';
import { type StartEdgeOptions, startEdge } from '../../edge-proxy/server.ts';
import { mergeEvidence, summarise } from '../../migration-plans/evidence/merge.ts';
import { judge } from '../../migration-plans/gates/verdict.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { keeper } from '../edge/support/keep.ts';
import { MemoryStore } from '../edge/support/memory-store.ts';
import { type Origin, origin } from '../edge/support/origin.ts';
import { plan, planRoute, revision, state } from '../edge/support/revisions.ts';
import { until } from '../edge/support/run.ts';

/** Writes to a sandbox, through a whole edge: Cloud Map, sockets, the comparing thread. */

const kept = keeper();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Shop extends Origin {
  /** `METHOD url body`, with the headers. */
  writes: { line: string; headers: IncomingMessage['headers']; at: number }[];
}

/** A shop that keeps reviews and numbers them from `first`. `broken` changes what it answers to a write. */
async function shop(
  first: number,
  broken: (review: Record<string, unknown>) => Record<string, unknown> = (review) => review,
): Promise<Shop> {
  const writes: Shop['writes'] = [];
  const reviews = new Map<string, Record<string, unknown>>();
  let next = first;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (request.method !== 'GET')
      writes.push({
        line: `${request.method} ${request.url} ${body}`,
        headers: request.headers,
        at: performance.now(),
      });
    response.setHeader('content-type', 'application/json');
    const id = /^\/reviews\/(\d+)\/votes$/.exec(request.url!)?.[1];
    if (request.method === 'POST' && request.url === '/reviews') {
      const created = String(next++);
      const review = { id: Number(created), ...JSON.parse(body), createdAt: new Date().toISOString() };
      reviews.set(created, review);
      response.statusCode = 201;
      response.setHeader('location', `/reviews/${created}`);
      response.end(JSON.stringify(broken(review)));
    } else if (id !== undefined && reviews.has(id)) response.end(JSON.stringify({ helpful: 1 }));
    else if (id !== undefined) response.writeHead(404).end(JSON.stringify({ error: 'no such review' }));
    else if (request.method === 'POST') response.writeHead(500).end('{}');
    else response.end(JSON.stringify({ ok: true }));
  };
  const server = await kept(
    origin('shop', (request, response) => {
      void answer(request, response);
      return true;
    }),
  );
  return Object.assign(server, { writes });
}

/** An edge before the monolith, with instances of services in Cloud Map. */
async function edgeWith(
  monolith: Pick<Origin, 'url'>,
  instances: Record<string, Origin>,
  over: Partial<Plan['shadow']> = {},
  more: Partial<StartEdgeOptions> = {},
) {
  const cloudMap = await kept(
    startCloudMapEndpoint({ dataDir: folder, port: 0, operationDelayMs: 0, healthDelayMs: 0 }),
  );
  const client = createDiscoveryClient({ endpoint: cloudMap.url });
  await client.createHttpNamespace({ Name: 'shop' });
  const namespace = (await client.listNamespaces({})).Namespaces?.[0]?.Id;
  for (const [name, { url }] of Object.entries(instances)) {
    const made = await client.createService({ Name: name, NamespaceId: namespace });
    const { hostname, port } = new URL(url);
    await client.registerInstance({
      ServiceId: made.Service?.Id,
      InstanceId: 'one',
      Attributes: { AWS_INSTANCE_IPV4: hostname, AWS_INSTANCE_PORT: port, version: '1.4.0' },
    });
  }
  client.destroy();
  const reviews = plan(
    'reviews',
    [
      planRoute('GET', '/reviews/:id'),
      planRoute('POST', '/reviews'),
      planRoute('POST', '/reviews/:id/votes'),
      planRoute('POST', '/broken'),
    ],
    {
      shadow: {
        sampleBp: 10_000,
        noiseProbeBp: 0,
        maxBodyBytes: 2_000,
        timeoutMs: 2_000,
        sandbox: {
          service: { name: 'reviews-sandbox', namespace: undefined, scheme: 'http' },
          headers: { authorization: 'Bearer sandbox', 'x-internal': null },
        },
        headers: { monolith: {}, service: { authorization: 'Bearer service' } },
        ...over,
      },
    },
  );
  const store = new MemoryStore();
  store.publish(revision(1, [{ plan: reviews, state: state({ phase: 'shadow' }) }]));
  const edge = await kept(
    startEdge({
      monolith: monolith.url,
      store: store.asStore(),
      cloudMap: { endpoint: cloudMap.url, region: 'eu-central-1', namespace: 'shop' },
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      evidenceMs: 20,
      log: { level: 'silent' },
      ...more,
    }),
  );
  const evidence = () => mergeEvidence(store.evidence);
  const funnel = (route: string) => evidence().funnel[route];
  return {
    url: edge.url,
    evidence,
    funnel,
    judged: () => judge(reviews, summarise('reviews', store.evidence)),
    async write(path: string, body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${edge.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-user': 'jo', ...headers },
        body: JSON.stringify(body),
      });
      const at = performance.now();
      return { status: response.status, json: (await response.json()) as Record<string, unknown>, at };
    },
    accounted: (route: string, count: number) =>
      until(() => {
        const known = funnel(route);
        const lost = Object.values(known?.dropped ?? {}).reduce((sum, n) => sum + n, 0);
        return (known?.compared ?? 0) + lost === count;
      }, `${count} writes of ${route} are accounted for`),
  };
}

describe('a mirrored write', () => {
  it('reaches the sandbox alone, with body, marks and credentials of its own, after its user was answered', async () => {
    const monolith = await shop(100);
    const service = await shop(1);
    const sandbox = await shop(7);
    const edge = await edgeWith(monolith, { reviews: service, 'reviews-sandbox': sandbox });
    const answered = await edge.write(
      '/reviews',
      { stars: 5 },
      {
        authorization: 'Bearer user',
        'x-internal': 'yes',
        'x-strangler-sandbox': 'forged',
      },
    );
    expect(answered).toMatchObject({ status: 201, json: { id: 100, stars: 5 } });
    await edge.accounted('POST /reviews', 1);
    expect(sandbox.writes.map(({ line }) => line)).toEqual(['POST /reviews {"stars":5}']);
    expect(sandbox.writes[0]!.headers).toMatchObject({
      authorization: 'Bearer sandbox',
      'content-type': 'application/json',
      'x-strangler-shadow': '1',
      'x-strangler-sandbox': '1',
    });
    expect(sandbox.writes[0]!.headers['x-internal']).toBeUndefined();
    expect(sandbox.writes[0]!.at).toBeGreaterThan(monolith.writes[0]!.at);
    expect(service.writes).toEqual([]);
    expect(monolith.writes).toHaveLength(1);
    expect(monolith.writes[0]!.headers).toMatchObject({ authorization: 'Bearer user' });
    expect(edge.funnel('POST /reviews')).toMatchObject({ sent: 1, compared: 1, equal: 1, probes: 0 });
  });

  it('of one user follows the one before, and what only one side knows is told apart from a difference', async () => {
    const monolith = await shop(100);
    const sandbox = await shop(7);
    const edge = await edgeWith(monolith, { 'reviews-sandbox': sandbox });
    for (let stars = 1; stars <= 5; stars += 1) {
      const { json } = await edge.write('/reviews', { stars });
      expect((await edge.write(`/reviews/${json.id}/votes`, {})).status).toBe(200);
    }
    await edge.accounted('POST /reviews', 5);
    await edge.accounted('POST /reviews/:id/votes', 5);
    expect(sandbox.writes.map(({ line }) => line)).toEqual(monolith.writes.map(({ line }) => line));
    expect(edge.funnel('POST /reviews')).toMatchObject({ compared: 5, equal: 5 });
    expect(edge.funnel('POST /reviews/:id/votes')).toMatchObject({
      completed: 5,
      compared: 0,
      dropped: { 'state-diverged': 5 },
    });
    expect(edge.evidence().clusters).toEqual([]);
    expect(edge.judged().writes).toMatchObject({ diverged: 5, clusters: [] });
  });

  it('that is answered in another form is a no-go, however well the reads agree', async () => {
    const monolith = await shop(100);
    const service = await shop(1);
    const sandbox = await shop(7, ({ stars, ...rest }) => ({ ...rest, stars: String(stars) }));
    const edge = await edgeWith(monolith, { reviews: service, 'reviews-sandbox': sandbox });
    for (let i = 0; i < 3; i += 1) await fetch(`${edge.url}/reviews/1`);
    await edge.accounted('GET /reviews/:id', 3);
    await edge.write('/reviews', { stars: 4 });
    await edge.accounted('POST /reviews', 1);
    expect(edge.evidence().clusters).toMatchObject([
      { route: 'POST /reviews', path: '$.stars', kind: 'type', seen: 1 },
    ]);
    const judged = edge.judged();
    expect(judged).toMatchObject({ verdict: 'no-go', rule: 'shadow.sandboxWrites' });
    expect(judged.mismatch.compared).toBe(3);
    expect(judged.clusters).toEqual([]);
  });

  it('that is too large, or that the monolith failed at, is not sent and is counted', async () => {
    const monolith = await shop(100);
    const sandbox = await shop(7);
    const edge = await edgeWith(monolith, { 'reviews-sandbox': sandbox });
    expect((await edge.write('/reviews', { text: 'x'.repeat(3_000) })).status).toBe(201);
    expect((await edge.write('/broken', {})).status).toBe(500);
    await edge.accounted('POST /reviews', 1);
    await edge.accounted('POST /broken', 1);
    expect(sandbox.writes).toEqual([]);
    expect(edge.funnel('POST /reviews')!.dropped).toEqual({ 'body-too-large': 1 });
    expect(edge.funnel('POST /broken')!.dropped).toEqual({ 'monolith-failed': 1 });
  });

  it('is never sent to an instance that also is the service in use, whatever name it was found under', async () => {
    const monolith = await shop(100);
    const service = await shop(1);
    const edge = await edgeWith(monolith, { reviews: service, 'reviews-sandbox': service });
    expect((await edge.write('/reviews', { stars: 5 })).status).toBe(201);
    await edge.accounted('POST /reviews', 1);
    expect(service.writes).toEqual([]);
    expect(edge.funnel('POST /reviews')!.dropped).toEqual({ 'sandbox-is-live': 1 });
  });

  it('is not mirrored at all when the plan names a live service as sandbox, or none', async () => {
    const monolith = await shop(100);
    const service = await shop(1);
    const live = { service: { name: 'reviews', namespace: 'shop', scheme: 'http' as const } };
    for (const sandbox of [live, undefined]) {
      const edge = await edgeWith(monolith, { reviews: service }, { sandbox });
      expect((await edge.write('/reviews', { stars: 5 })).status).toBe(201);
      await fetch(`${edge.url}/reviews/1`);
      await edge.accounted('GET /reviews/:id', 1);
      expect(edge.funnel('POST /reviews')).toBeUndefined();
      await rm(folder, { recursive: true, force: true });
    }
    expect(service.writes).toEqual([]);
  });
});

const fixture = (part: string) => join(import.meta.dirname, `../edge/fixtures/first.${part}.pem`);

describe('a monolith with a certificate of its own', () => {
  it('is asked by mirroring as the edge asks it', async () => {
    const [cert, key] = await Promise.all([
      readFile(fixture('cert'), 'utf8'),
      readFile(fixture('key'), 'utf8'),
    ]);
    const server = createSecureServer({ cert, key }, (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const monolith = await kept({
      url,
      close: async () => {
        server.close();
        server.closeAllConnections();
      },
    });
    const edge = await edgeWith(
      monolith,
      { reviews: await shop(1) },
      { noiseProbeBp: 10_000, sandbox: undefined },
      { monolithConnection: { tls: { ca: cert } } },
    );
    expect(await (await fetch(`${edge.url}/reviews/1`)).text()).toBe('{"ok":true}');
    await edge.accounted('GET /reviews/:id', 1);
    expect(edge.funnel('GET /reviews/:id')).toMatchObject({
      ...{ compared: 1, equal: 1, probes: 1, probesDiffering: 0 },
    });
  });
});

describe('a user of HTTP/2', () => {
  it('is mirrored as one of HTTP/1.1, reads and writes', async () => {
    const monolith = await shop(100);
    const service = await shop(1);
    const sandbox = await shop(7);
    const tls = { certFile: fixture('cert'), keyFile: fixture('key') };
    const edge = await edgeWith(monolith, { reviews: service, 'reviews-sandbox': sandbox }, {}, { tls });
    const client = connect(edge.url, { rejectUnauthorized: false });
    const ask = (headers: Record<string, string | string[]>, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const stream = client.request(headers);
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => resolve(Buffer.concat(chunks).toString()));
        stream.on('error', reject);
        stream.end(body);
      });
    const cookie = ['a=1', 'b=2'];
    expect(await ask({ ':path': '/reviews/1?a=1', cookie })).toBe('{"ok":true}');
    const posted = { ':method': 'POST', ':path': '/reviews', 'content-type': 'application/json', cookie };
    expect(JSON.parse(await ask(posted, '{"stars":5}'))).toMatchObject({ id: 100, stars: 5 });
    await edge.accounted('GET /reviews/:id', 1);
    await edge.accounted('POST /reviews', 1);
    client.destroy();
    expect(edge.funnel('GET /reviews/:id')).toMatchObject({ compared: 1, equal: 1, dropped: {} });
    expect(edge.funnel('POST /reviews')).toMatchObject({ compared: 1, equal: 1, dropped: {} });
    expect(sandbox.writes[0]).toMatchObject({
      line: 'POST /reviews {"stars":5}',
      headers: { host: new URL(edge.url).host, cookie: 'a=1; b=2' },
    });
    expect(service.seen).toEqual(['GET /reviews/1?a=1']);
  });
});
