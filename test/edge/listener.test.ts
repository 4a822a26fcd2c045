import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddressOf, proxyTrust } from '../../edge-proxy/client-address.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();

async function start(over = {}) {
  const monolith = await kept(origin('monolith'));
  const edge = await kept(edgeFor(monolith.url, over));
  const send = async (bytes: string) => {
    const client = await kept(rawClient(edge.url));
    client.send(bytes);
    return client;
  };
  return { monolith, edge, send };
}

describe('what Fastify would refuse or change', () => {
  it.each([
    '/%zz',
    '/%',
    '//double//slashes/',
    '/a/../b/./c',
    '/?',
    '/?a&&b=&=c&a',
    '/x?y?z#'.slice(0, -1),
    '/trailing/',
    '/semi;colon?x;y',
    `/${'long'.repeat(500)}`,
    '/caf%C3%A9/%2F%2f',
    '/%00',
    '*',
  ])('reaches the monolith as it was sent: %s', async (target) => {
    const { monolith, send } = await start();
    const method = target === '*' ? 'OPTIONS' : 'GET';
    const client = await send(`${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(monolith.seen).toEqual([`${method} ${target}`]);
  });

  it.each(['PROPFIND', 'MKCOL', 'REPORT', 'PURGE', 'M-SEARCH', 'TRACE', 'QUERY', 'LINK'])(
    'reaches the monolith with the method %s',
    async (method) => {
      const { monolith, send } = await start();
      const client = await send(`${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
      expect(monolith.seen).toEqual([`${method} /x`]);
    },
  );

  it('is not read: bodies that are not what they claim to be', async () => {
    const { send, monolith } = await start();
    const body = '{"__proto__":';
    const head = `POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json; nonsense\r\nContent-Length: ${body.length}`;
    const client = await send(`${head}\r\n\r\n${body}`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(monolith.seen).toEqual(['POST /x']);
  });
});

describe('requests that are none', () => {
  it.each([
    ['garbage', 'hello\r\n\r\n', 400],
    ['a broken header', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 505],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ])('are answered and closed: %s', async (_name, bytes, status) => {
    const { send, monolith } = await start();
    const client = await send(bytes);
    expect(await client.ended()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(monolith.seen).toEqual([]);
  });

  it('are answered 408 when their head does not come', async () => {
    const { send } = await start({ limits: { headersTimeoutMs: 100 } });
    const client = await send('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('leave nothing behind: clients that go in the middle of a request or an answer', async () => {
    const monolith = await kept(
      origin('monolith', (request, response) => {
        if (request.url === '/stream') response.write('a beginning');
        return true;
      }),
    );
    const edge = await kept(edgeFor(monolith.url));
    const leave = async (bytes: string, received: string) => {
      const client = await kept(rawClient(edge.url));
      client.send(bytes);
      if (received !== '') await client.received(received);
      else await until(() => edge.status().inFlight > 0, 'it arrives');
      await client.close();
    };
    for (let i = 0; i < 20; i += 1) {
      await leave('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n', 'a beginning');
      await leave('GET /never HTTP/1.1\r\nHost: a\r\n\r\n', '');
      await leave('POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf', '');
    }
    await until(() => edge.status().inFlight === 0, 'nothing is in flight');
    await until(
      async () => /^strangler_connections 0$/m.test(await (await fetch(`${edge.adminUrl}/metrics`)).text()),
      'no connection is left',
    );
  });

  it('do not disturb others: more connections than allowed are closed, the first ones go on', async () => {
    const { edge, send } = await start({ limits: { connections: 1 } });
    const first = await send('');
    const second = connect(Number(new URL(edge.url).port), '127.0.0.1');
    await new Promise((resolve) => second.on('close', resolve).on('error', () => {}));
    first.send('GET /still HTTP/1.1\r\nHost: a\r\n\r\n');
    await first.received('monolith GET /still');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_connections 1$/m);
    expect(metrics).toMatch(/^strangler_connections_refused_total 1$/m);
  });
});

describe('the address of a client', () => {
  const of = (peer: string, headers: Record<string, string>, trusted: string[]) => {
    const request = { socket: { remoteAddress: peer }, headers } as unknown as Parameters<
      typeof clientAddressOf
    >[0];
    return clientAddressOf(request, proxyTrust(trusted));
  };

  it('is that of the connection when nobody is trusted', () => {
    expect(of('192.0.2.1', { 'x-forwarded-for': '198.51.100.7' }, [])).toBe('192.0.2.1');
    expect(of('::ffff:192.0.2.1', {}, [])).toBe('192.0.2.1');
    expect(of('fe80::1%eth0', {}, ['private'])).toBe('fe80::1');
  });

  it('is the rightmost that is no trusted proxy, whatever a client wrote before', () => {
    const chain = { 'x-forwarded-for': '6.6.6.6, 198.51.100.7, 10.0.0.9' };
    expect(of('10.0.0.1', chain, ['10.0.0.0/8'])).toBe('198.51.100.7');
    expect(of('10.0.0.1', chain, ['10.0.0.1'])).toBe('10.0.0.9');
    expect(of('192.0.2.1', chain, ['10.0.0.0/8'])).toBe('192.0.2.1');
    expect(of('10.0.0.1', { 'x-forwarded-for': '10.0.0.2, 10.0.0.3' }, ['private'])).toBe('10.0.0.2');
    expect(
      of('10.0.0.1', { forwarded: 'for=6.6.6.6, for="[2001:db8::1]:443";proto=https' }, ['private']),
    ).toBe('2001:db8::1');
  });

  it('is never something that is no address', () => {
    for (const odd of [
      '',
      'unknown',
      '_hidden',
      '<script>',
      '1.2.3.4.5',
      'fe80::1%%%',
      ',,,',
      ' '.repeat(9_999),
    ]) {
      expect(of('10.0.0.1', { 'x-forwarded-for': odd }, ['private'])).toMatch(/^(10\.0\.0\.1|fe80::1)$/);
    }
    expect(of('10.0.0.1', { 'x-forwarded-for': '10.0.0.2,'.repeat(5_000) }, ['private'])).toBe('10.0.0.1');
  });

  it.each(['proxy.example', '10.0.0.0/33', '::1/129', '1.2.3.4/x', ''])(
    'is not believed of "%s"',
    (entry) => {
      expect(() => proxyTrust([entry])).toThrow(expect.objectContaining({ code: 'EDGE_TRUST_PROXY' }));
    },
  );
});
