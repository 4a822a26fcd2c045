import { createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { registerGeneralPath } from '../../edge-proxy/forward/general-path.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Seen {
  headers: IncomingHttpHeaders;
  body: string;
}

async function start(
  options: { takes?: boolean; silent?: boolean } = {},
): Promise<{ url: string; seen: Seen[]; stop(): Promise<void> }> {
  const seen: Seen[] = [];
  const origin = createServer();
  origin.on('stream', (stream, headers) => {
    let body = '';
    stream.setEncoding('latin1');
    stream.on('error', () => {});
    stream.on('data', (chunk: string) => {
      body += chunk;
    });
    stream.on('end', () => {
      seen.push({ headers, body });
      if (options.silent === true) return;
      stream.respond({ ':status': 201, 'set-cookie': ['a=1', 'b=2'], location: 'http://internal/x' });
      stream.end(`h2 ${body}`);
    });
  });
  const sessions = new Set<{ destroy(): void }>();
  origin.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const app = Fastify({ logger: false });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('elsewhere'));
  await registerGeneralPath(app, {
    upstream: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    headersMs: 300,
    peerTrusted: () => false,
    answerHeaders: (_request, answered) => ['X-Strangler-Target', answered ? 'monolith' : 'edge'],
    takes: () => options.takes ?? true,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const stop = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => origin.close(resolve));
  };
  closers.push(stop, () => app.close());
  return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, seen, stop };
}

describe('an upstream that only speaks HTTP/2', () => {
  it('answers through @fastify/http-proxy, with host, target, body and forwarding headers', async () => {
    const { url, seen } = await start();
    const response = await fetch(`${url}/a%2Fb?x=&x=1`, {
      method: 'POST',
      body: 'hello',
      headers: { 'content-type': 'text/plain', 'x-forwarded-for': '1.2.3.4' },
    });
    expect(await response.text()).toBe('h2 hello');
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('location')).toBe('http://internal/x');
    expect(response.headers.get('x-strangler-target')).toBe('monolith');
    expect(seen[0]?.headers).toMatchObject({
      ':path': '/a%2Fb?x=&x=1',
      ':authority': new URL(url).host,
      'x-forwarded-for': '127.0.0.1',
      via: '1.1 strangler',
    });
    expect(seen[0]?.headers.traceparent).toMatch(/^00-/);
  });

  it('that is gone is answered 502, that is silent 504, without a stack', async () => {
    const silent = await start({ silent: true });
    const late = await fetch(silent.url);
    expect([late.status, late.headers.get('x-strangler-error')]).toEqual([504, 'upstream-headers-timeout']);
    expect(await late.text()).toBe('504 Gateway Timeout (upstream-headers-timeout)\n');
    const gone = await start();
    await gone.stop();
    expect((await fetch(gone.url)).status).toBe(502);
  });

  it('gets only what is meant for it', async () => {
    const { url, seen } = await start({ takes: false });
    expect(await (await fetch(url)).text()).toBe('elsewhere');
    expect(seen).toHaveLength(0);
  });
});
