import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../cli/edge/setup.ts';
import { DEFAULT_FORWARD_LIMITS } from '../../edge-proxy/forward/options.ts';
import { EDGE_LIMITS } from '../../edge-proxy/options.ts';
import { normaliseProject } from '../../migration-plans/project/normalise.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();

describe('more requests at a time than the edge may answer', () => {
  async function start(inFlight: number) {
    const waiting: { end(text: string): void }[] = [];
    const monolith = await kept(
      origin('monolith', (request, response) => request.url === '/slow' && waiting.push(response) > 0),
    );
    const edge = await kept(edgeFor(monolith.url, { limits: { inFlight } }));
    const send = async (bytes: string) => {
      const client = await kept(rawClient(edge.url));
      client.send(bytes);
      return client;
    };
    return { waiting, monolith, edge, send };
  }
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

  it('are answered 503 with Retry-After, reach nobody, and are counted; the connection can be used again', async () => {
    const { waiting, monolith, edge, send } = await start(1);
    const first = await send(get('/slow'));
    await until(() => waiting.length === 1, 'the first is being answered');
    const second = await send(get('/second'));
    const refused = await second.received('(overload)');
    expect(refused).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(refused).toContain('Retry-After: 1\r\n');
    expect(refused).toContain('X-Strangler-Error: overload\r\n');
    expect(refused).toContain('x-strangler-target: edge\r\n');
    expect(monolith.seen).toEqual(['GET /slow']);
    waiting[0]!.end('late');
    await first.received('late');
    second.send(get('/again'));
    await second.received('monolith GET /again');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_requests_shed_total 1$/m);
    expect(metrics).toMatch(/^strangler_requests_in_flight_limit 1$/m);
  });

  it('end their connection when a body would follow, so that it is never read as a request', async () => {
    const { waiting, monolith, send } = await start(1);
    await send(get('/slow'));
    await until(() => waiting.length === 1, 'the first is being answered');
    const smuggled = get('/smuggled');
    const client = await send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    const text = await client.ended();
    expect(text.split('HTTP/1.1 ')).toHaveLength(2);
    expect(text).toContain('Connection: close\r\n');
    expect(monolith.seen).toEqual(['GET /slow']);
  });

  it('are not tunnels: those last as long as their users like', async () => {
    const { waiting, send } = await start(1);
    const upgrade = get('/chat', 'Connection: Upgrade\r\nUpgrade: echo\r\n');
    const tunnel = await send(upgrade);
    await tunnel.received('monolith\n');
    const other = await send(get('/other'));
    await other.received('monolith GET /other');
    await send(get('/slow'));
    await until(() => waiting.length === 1, 'one is being answered');
    const refused = await send(upgrade);
    expect(await refused.ended()).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1\r\n/s);
    tunnel.send('still');
    await tunnel.received('still');
  });
});

describe('a body that stops coming', () => {
  it('is answered 408 and closed, although the route sets no limit, and is nobody else’s failure', async () => {
    const monolith = await kept(origin('monolith', () => true));
    const edge = await kept(edgeFor(monolith.url, { forward: { limits: { requestIdleMs: 100 } } }));
    const client = await kept(rawClient(edge.url));
    client.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    const text = await client.ended();
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('X-Strangler-Error: request-idle-timeout\r\n');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_upstream_attempts_total\{[^}]*outcome="client-timeout"[^}]*\} 1$/m);
  });

  it('that comes slowly but steadily is let be', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await kept(edgeFor(monolith.url, { forward: { limits: { requestIdleMs: 400 } } }));
    const client = await kept(rawClient(edge.url));
    client.send('POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8\r\n\r\n');
    for (const piece of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it('the limits of strangler.yaml reach the edge', () => {
  const edge = normaliseProject({ monolith: { url: 'http://a' } } as never, '/').edge;
  const { limits, forward } = settingsOf({ edge });
  expect(limits?.inFlight).toBe(EDGE_LIMITS.inFlight);
  expect(forward?.limits?.requestIdleMs).toBe(DEFAULT_FORWARD_LIMITS.requestIdleMs);
});
