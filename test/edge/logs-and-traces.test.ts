import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { ForwardResult } from '../../edge-proxy/forward/port.ts';
import { createAccessLog, redactUrl } from '../../edge-proxy/telemetry/access-log.ts';
import { isTargetFailure } from '../../edge-proxy/telemetry/target-failure.ts';
import { traceIdOf } from '../../edge-proxy/telemetry/tracing.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { reviews } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const result = (over: Partial<ForwardResult> = {}): ForwardResult => ({
  answeredBy: 'monolith',
  status: 200,
  failure: undefined,
  fellBack: false,
  retries: 0,
  requestBytes: 0,
  responseBytes: 0,
  answerLines: undefined,
  ...over,
});

describe('the access log', () => {
  it('tells what happened to a request, and nothing that is secret', async () => {
    const monolith = await kept(origin('monolith'));
    const lines: string[] = [];
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'shadow' }));
    const options = {
      store: store.asStore(),
      accessLog: true,
      log: { level: 'info', stream: { write: (line: string) => void lines.push(line) } },
    };
    const edge = await kept(edgeFor(monolith.url, options));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await (
      await fetch(`${edge.url}/reviews/1?token=hush&page=2`, {
        headers: {
          traceparent,
          'x-request-id': 'abc-1',
          cookie: 'session=hush',
          authorization: 'Bearer hush',
        },
      })
    ).text();
    await (await fetch(`${edge.url}/x`, { headers: { 'x-request-id': 'bad id\twith "quotes"' } })).text();
    const requests = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
    expect(requests[0]).toMatchObject({
      edge: edge.id,
      requestId: 'abc-1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      method: 'GET',
      url: '/reviews/1?token=*&page=*',
      client: '127.0.0.1',
      status: 200,
      answeredBy: 'monolith',
      capability: 'reviews',
      route: 'GET /reviews/:id',
      phase: 'shadow',
      reason: 'phase',
    });
    expect(requests[1].requestId).toMatch(/^[\w-]+-1$/);
    expect(requests[1]).not.toHaveProperty('capability');
    expect(lines.join('')).not.toContain('hush');
  });

  it('writes ordinary requests in full up to a rate, then one of many, and says for how many it stands', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
    const log = createAccessLog(logger, { fullPerSecond: 10, oneIn: 100 });
    const entry = {
      method: 'GET',
      url: '/',
      capability: undefined,
      route: undefined,
      phase: undefined,
      reason: 'unclaimed',
      clientAddress: '',
      traceId: undefined,
      requestId: '',
      ms: 1,
    };
    const offer = (now: number, over: Partial<ForwardResult> = {}, ms = 1) => {
      const weight = log.weigh(now, ms, result(over));
      if (weight > 0) log.write({ ...entry, ms, result: result(over) }, weight);
      return weight;
    };
    for (let i = 0; i < 1_010; i += 1) offer(5_000);
    expect(lines).toHaveLength(10 + 10);
    expect(lines[15]).toMatchObject({ standsFor: 100 });
    expect(log.stats()).toMatchObject({ written: 20, sampledOut: 990 });
    expect(offer(5_999)).toBe(0);
    expect(offer(6_000)).toBe(1);
    for (const unusual of [{ status: 500 }, { status: 0 }, { fellBack: true }])
      expect(offer(5_999, unusual)).toBe(1);
    expect(offer(5_999, {}, 1_001)).toBe(1);
    for (let i = 0; i < 500; i += 1) offer(9_000, { status: 503 });
    expect(offer(9_000, { status: 503 })).toBe(0);
  });

  it('hides values of a query in any form', () => {
    expect(redactUrl('/a?x=1&y=2&&z')).toBe('/a?x=*&y=*&&*');
    expect(redactUrl('/a?justatoken')).toBe('/a?*');
    expect(redactUrl('/a')).toBe('/a');
    expect(redactUrl('/a?')).toBe('/a?');
    expect(redactUrl('/a?x=1=2')).toBe('/a?x=*');
    expect(redactUrl(`/${'a'.repeat(5_000)}`).length).toBeLessThan(1_100);
  });
});

describe('the failure of a target', () => {
  it('is what the target did, not what the client did', () => {
    const failures: Partial<ForwardResult>[] = [
      { status: 500 },
      { status: 503, failure: 'no-endpoint' },
      { status: 502, failure: 'connect' },
      { status: 200, failure: 'cut' },
      { fellBack: true },
    ];
    for (const each of failures) expect(isTargetFailure(result(each)), JSON.stringify(each)).toBe(true);
    const others: Partial<ForwardResult>[] = [
      {},
      { status: 404 },
      { status: 0, failure: 'client-aborted' },
      { status: 400, failure: 'bad-request' },
    ];
    for (const each of others) expect(isTargetFailure(result(each)), JSON.stringify(each)).toBe(false);
  });
});

describe('the id of a trace', () => {
  it("is read from W3C's header, else from Amazon's", () => {
    const w3c = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const amazon = 'Self=1-x;Root=1-67891233-abcdef012345678912345678;Sampled=1';
    expect(traceIdOf(w3c, amazon)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(traceIdOf(undefined, amazon)).toBe('67891233abcdef012345678912345678');
    expect(traceIdOf('garbage', undefined)).toBeUndefined();
    expect(traceIdOf(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined)).toBeUndefined();
    expect(traceIdOf(w3c.replace(/^00/, 'ff'), undefined)).toBeUndefined();
  });
});

describe('spans', () => {
  it('are sent for the request and each attempt, and the upstream is told of its own', async () => {
    const traceparents: string[] = [];
    const note = (request: { headers: NodeJS.Dict<string | string[]> }) => {
      traceparents.push(String(request.headers.traceparent));
      return false;
    };
    const monolith = await kept(origin('monolith', note));
    const service = await kept(
      origin('service', (request, response) => {
        note(request);
        response.writeHead(503).end();
        return true;
      }),
    );
    const collected: Buffer[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        collected.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    await kept({ close: () => new Promise((resolve) => collector.close(resolve)) });
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const store = new MemoryStore();
    store.publish(reviews(1, { phase: 'cutover', weightBp: 10_000, owner: 'service' }));
    const options = { store: store.asStore(), traces: { endpoint } };
    const edge = await edgeFor(monolith.url, options, { 'default/reviews': service.url });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const parent = 'b7ad6b7169203331';
    await (
      await fetch(`${edge.url}/reviews/1`, { headers: { traceparent: `00-${traceId}-${parent}-01` } })
    ).text();
    await edge.drain();
    // Each attempt has a span of its own in the client's trace, and none of them is the client's.
    expect(traceparents.length).toBeGreaterThanOrEqual(2);
    expect(traceparents.every((each) => each.startsWith(`00-${traceId}-`) && each.endsWith('-01'))).toBe(
      true,
    );
    expect(new Set(traceparents).size).toBe(traceparents.length);
    expect(traceparents.join()).not.toContain(parent);
    const sent = Buffer.concat(collected);
    for (const text of [
      'GET GET /reviews/:id',
      'GET service',
      'GET monolith',
      'strangler.fell_back',
      edge.id,
    ]) {
      expect(sent.includes(text), text).toBe(true);
    }
    for (const each of traceparents)
      expect(sent.includes(Buffer.from(each.split('-')[2]!, 'hex'))).toBe(true);
  });

  it('are not made without a collector: the client decides what the upstream hears', async () => {
    const heard: string[] = [];
    const monolith = await kept(
      origin('monolith', ({ headers }) => {
        heard.push(`${headers.traceparent} ${headers['x-amzn-trace-id']}`);
        return false;
      }),
    );
    const edge = await kept(edgeFor(monolith.url));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const amazon = 'Root=1-67891233-abcdef012345678912345678';
    await (await fetch(edge.url, { headers: { traceparent, 'x-amzn-trace-id': amazon } })).text();
    expect(heard).toEqual([`${traceparent} ${amazon}`]);
  });
});

describe('a collector that is away', () => {
  it('delays nothing', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await edgeFor(monolith.url, { traces: { endpoint: 'http://127.0.0.1:1' } });
    expect((await fetch(edge.url)).status).toBe(200);
    const outcome = await edge.drain(1_000);
    expect(outcome.ms).toBeLessThan(2_500);
    await until(() => edge.status().stage === 'closed', 'closed');
  });
});
