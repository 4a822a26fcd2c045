import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_FORWARDING_HEADERS,
  forwardingLines,
  ownHops,
  type Peer,
} from '../../edge-proxy/forward/forwarding-headers.ts';
import { http1Headers } from '../../edge-proxy/forward/http2-request.ts';
import { type RequestHead, readRequestHead } from '../../edge-proxy/forward/request-head.ts';
import { rewriteLines } from '../../edge-proxy/forward/rewrite.ts';
import { isTraceparent, newTraceparent } from '../../edge-proxy/forward/trace-context.ts';

function read(headers: readonly string[], target = '/'): RequestHead {
  const head = readRequestHead(target, 1, ['Host', 'shop.example', ...headers]);
  if ('code' in head) throw new Error(head.code);
  return head;
}

const STRANGER: Peer = { address: '192.0.2.7', encrypted: false, trusted: false };
const PROXY: Peer = { address: '10.0.0.1', encrypted: true, trusted: true };
const lines = (head: RequestHead, peer: Peer): string[] =>
  forwardingLines(head, peer, DEFAULT_FORWARDING_HEADERS).split('\r\n').slice(0, -1);

describe('the head that is sent on', () => {
  it('keeps order, case, duplicates and values of what is end to end', () => {
    expect(read(['X-b', '1', 'x-B', '2', 'ACCEPT', '', 'Cookie', 'a=1']).lines).toBe(
      'Host: shop.example\r\nX-b: 1\r\nx-B: 2\r\nACCEPT: \r\nCookie: a=1\r\n',
    );
  });

  it('keeps any field that no rule is about, whatever its name', () => {
    const name = fc
      .stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/)
      .filter(
        (value) =>
          !/^(?:te|via|host|expect|upgrade|forwarded|connection|keep-alive|traceparent|content-length|http2-settings|proxy-connection|transfer-encoding|x-forwarded-.*)$/i.test(
            value,
          ),
      );
    const field = fc.tuple(name, fc.stringMatching(/^[!-~]{0,10}$/));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const expected = fields.map(([key, value]) => `${key}: ${value}\r\n`).join('');
        expect(read(fields.flat()).lines).toBe(`Host: shop.example\r\n${expected}`);
      }),
    );
  });

  it('loses what belongs to one hop, and what Connection names', () => {
    const head = read([
      ...['Connection', 'keep-alive, X-Hop'],
      ...['X-Hop', '1'],
      ...['Keep-Alive', 'timeout=5'],
      ...['Proxy-Connection', 'keep-alive'],
      ...['TE', 'gzip, trailers'],
      ...['Upgrade', 'h2c'],
      ...['X-End', '2'],
    ]);
    expect(head.lines).toBe('Host: shop.example\r\nX-End: 2\r\n');
    expect(head).toMatchObject({ acceptsTrailers: true, upgrade: undefined });
  });

  it('turns the absolute form into the origin form when it names the same host', () => {
    expect(read([], 'http://SHOP.example/a//b?x').target).toBe('/a//b?x');
    expect(read([], 'http://shop.example').target).toBe('/');
    expect(read([], 'http://shop.example?a=1').target).toBe('/?a=1');
  });

  it('cannot be given a line of its own by any value that Node lets through', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\t\x20-\x7e]{0,40}$/), (value) => {
        const head = readRequestHead('/', 1, [
          'Host',
          'a',
          'X-Forwarded-For',
          value,
          'Via',
          value,
          'Forwarded',
          value,
        ]);
        if ('code' in head) return;
        for (const peer of [STRANGER, PROXY]) {
          for (const line of lines(head, peer))
            expect(line).toMatch(/^(?:X-Forwarded-(?:For|Proto|Host)|Forwarded|Via): /);
        }
      }),
    );
  });
});

describe('the forwarding headers', () => {
  const forged = [
    ...['X-Forwarded-For', '1.2.3.4'],
    ...['X-Forwarded-Proto', 'https'],
    ...['X-Forwarded-Host', 'evil.example'],
    ...['X-Forwarded-Port', '444'],
    ...['Forwarded', 'for=1.2.3.4'],
  ];

  it('say what the edge saw, and nothing that a stranger said', () => {
    expect(lines(read(forged), STRANGER)).toEqual([
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: shop.example',
      'Forwarded: for=192.0.2.7;host=shop.example;proto=http',
      'Via: 1.1 strangler',
    ]);
  });

  it('add to what a trusted proxy said', () => {
    expect(lines(read(forged), PROXY)).toEqual([
      'X-Forwarded-For: 1.2.3.4, 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Port: 444',
      'Forwarded: for=1.2.3.4, for=10.0.0.1;host=shop.example;proto=https',
      'Via: 1.1 strangler',
    ]);
  });

  it('write addresses as RFC 7239 asks', () => {
    const head = readRequestHead('/', 1, ['Host', 'a:8080']) as RequestHead;
    const of = (address: string): string | undefined =>
      lines(head, { ...STRANGER, address }).find((line) => line.startsWith('Forwarded'));
    expect(of('2001:db8::1')).toBe('Forwarded: for="[2001:db8::1]";host="a:8080";proto=http');
    expect(of('::ffff:192.0.2.1')).toBe('Forwarded: for=192.0.2.1;host="a:8080";proto=http');
  });

  it('can be switched off, and then those of a trusted proxy pass as they came', () => {
    const off = { xForwarded: false, forwarded: false, via: undefined, viaInAnswers: false };
    expect(forwardingLines(read(forged), STRANGER, off)).toBe('');
    expect(forwardingLines(read(forged), PROXY, off).split('\r\n')).toEqual([
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Port: 444',
      'Forwarded: for=1.2.3.4',
      '',
    ]);
  });

  it('count how often a request came through here', () => {
    expect(ownHops('1.1 strangler, 1.0 other, 1.1 strangler (x)', 'strangler')).toBe(2);
  });
});

describe('the trace', () => {
  const VALID = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('is passed on when it is valid, and begun anew otherwise', () => {
    expect(read(['traceparent', VALID, 'tracestate', 'a=1'])).toMatchObject({ traceparent: VALID });
    for (const invalid of [
      'x',
      VALID.toUpperCase(),
      VALID.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
      VALID.replace('b7ad6b7169203331', '0'.repeat(16)),
      `${VALID}-more`,
      VALID.replace('00-', 'ff-'),
    ]) {
      const head = read(['traceparent', invalid, 'tracestate', 'a=1', 'X', '1']);
      expect(head.traceparent).toBeUndefined();
      expect(head.lines).toBe('Host: shop.example\r\nX: 1\r\n');
    }
    expect(read(['traceparent', VALID, 'traceparent', VALID]).traceparent).toBeUndefined();
    expect(isTraceparent(`01${VALID.slice(2)}-more`)).toBe(true);
  });

  it('made here is valid and never the same', () => {
    const made = Array.from({ length: 1000 }, newTraceparent);
    expect(made.every(isTraceparent)).toBe(true);
    expect(new Set(made).size).toBe(1000);
  });
});

describe('the fields of an HTTP/2 request', () => {
  it('become those of HTTP/1.1', () => {
    const raw = [
      ':method',
      'GET',
      ':path',
      '/',
      ':scheme',
      'https',
      ':authority',
      'a',
      'cookie',
      'x=1',
      'accept',
      '*/*',
      'cookie',
      'y=2',
    ];
    expect(http1Headers(raw, false)).toEqual(['host', 'a', 'accept', '*/*', 'cookie', 'x=1; y=2']);
    expect(http1Headers([':authority', 'a'], true)).toEqual(['host', 'a', 'transfer-encoding', 'chunked']);
    expect(http1Headers([':authority', 'a', 'content-length', '3'], true)).toEqual([
      'host',
      'a',
      'content-length',
      '3',
    ]);
    expect(http1Headers([':authority', 'a', 'host', 'a'], false)).toEqual(['host', 'a']);
    // Two different names: the reader refuses two hosts.
    expect(http1Headers([':authority', 'a', 'host', 'b'], false)).toEqual(['host', 'a', 'host', 'b']);
  });
});

describe('rewriting for a monolith that only knows its internal name', () => {
  const rewrite = { internal: ['internal:3000', 'internal'] };
  const rewritten = (line: string): string =>
    rewriteLines(`${line}\r\n`, rewrite, 'https://shop.example').slice(0, -2);

  it.each([
    [
      'Location: http://internal:3000/a?b=http://internal:3000/',
      'Location: https://shop.example/a?b=http://internal:3000/',
    ],
    ['LOCATION:http://INTERNAL', 'LOCATION:https://shop.example'],
    ['Location: //internal:3000/a', 'Location: https://shop.example/a'],
    ['Location: /a', 'Location: /a'],
    ['Location: http://internal:3001/a', 'Location: http://internal:3001/a'],
    ['Location: http://internal.evil.example/', 'Location: http://internal.evil.example/'],
    ['Content-Location: http://internal/x', 'Content-Location: https://shop.example/x'],
    ['Set-Cookie: a=1; Domain=.internal; Path=/', 'Set-Cookie: a=1; Path=/'],
    [
      'Set-Cookie: a=domain=internal; domain=other.example',
      'Set-Cookie: a=domain=internal; domain=other.example',
    ],
    ['X-Location: http://internal/', 'X-Location: http://internal/'],
  ])('%s', (line, expected) => {
    expect(rewritten(line)).toBe(expected);
  });
});
