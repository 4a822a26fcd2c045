import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { compileRules } from '../../migration-plans/compare/rules.ts';
import { answer, compareText, PLAIN, planOf, ROUTE, rule, told, withRules } from './support.ts';

const body = '{"a":1}';
const headers = (...raw: string[]) => answer(body, { headers: raw });

describe('status and failures', () => {
  it('tells another status, and not what follows from it', () => {
    const comparison = compareAnswers(
      answer('{"a":1}'),
      answer('oops', { status: 500, type: 'text/plain' }),
      PLAIN,
    );
    expect(told(comparison)).toEqual(['status status 200→500']);
    expect(
      told(compareAnswers(answer('{"a":1}', { status: 400 }), answer('{"a":2}', { status: 404 }), PLAIN)),
    ).toHaveLength(2);
  });

  it('never calls a failure equal, not even to a failure', () => {
    const failed = { failure: 'timeout' as const, message: 'after 5 s', totalMs: 5000 };
    expect(told(compareAnswers(answer(body), failed, PLAIN))).toEqual(['failure answer 200→timeout']);
    expect(compareAnswers(failed, failed, PLAIN).equal).toBe(false);
  });
});

describe('headers', () => {
  it.each([
    ['letter case of names', ['Vary', 'Accept'], ['VARY', 'accept']],
    [
      'order of directives',
      ['Cache-Control', 'private, max-age=0'],
      ['cache-control', 'max-age=0,  private'],
    ],
    [
      'order of policies',
      ['Content-Security-Policy', "default-src 'self'; img-src *"],
      ['content-security-policy', "img-src *; default-src 'self';"],
    ],
    ['validators of two servers', ['ETag', '"abc"'], ['ETag', '"xyz"']],
    [
      'attributes of cookies',
      ['Set-Cookie', 'theme=dark; Path=/; HttpOnly; SameSite=Lax'],
      ['set-cookie', 'theme=dark; httponly; samesite=lax; path=/'],
    ],
    [
      'sessions of two servers',
      ['Set-Cookie', 'sid=0123456789abcdef0123456789abcdef; Path=/'],
      ['Set-Cookie', 'sid=fedcba9876543210fedcba9876543210; Path=/'],
    ],
    [
      'order of cookies',
      ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ['Set-Cookie', 'b=2', 'Set-Cookie', 'a=1'],
    ],
    [
      'machines',
      ['Server', 'nginx', 'Date', 'Mon, 01 Jan 2029 00:00:00 GMT', 'X-Powered-By', 'x'],
      ['Via', '1.1 x'],
    ],
  ])('are equal in spite of %s', (_name, left, right) => {
    expect(told(compareAnswers(headers(...left), headers(...right), PLAIN))).toEqual([]);
  });

  it.each([
    ['a header in addition', [], ['X-Debug', '1'], 'header-extra header:x-debug absent→present'],
    ['a missing header', ['X-Total-Count', '7'], [], 'header-missing header:x-total-count present→absent'],
    ['another value', ['Location', '/a'], ['Location', '/b'], 'header-value header:location path→path'],
    [
      'a value of another format',
      ['X-Total-Count', '7'],
      ['X-Total-Count', 'undefined'],
      'format header:x-total-count digits→nonsense',
    ],
    [
      'another directive',
      ['Cache-Control', 'private'],
      ['Cache-Control', 'public'],
      'header-value header:cache-control text→text',
    ],
    ['a weak validator', ['ETag', '"a"'], ['ETag', 'W/"a"'], 'header-value header:etag text→text'],
    [
      'a cookie that is missing',
      ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ['Set-Cookie', 'a=1'],
      'header-missing header:set-cookie.b present→absent',
    ],
    [
      'a cookie that scripts can read',
      ['Set-Cookie', 'sid=1; HttpOnly'],
      ['Set-Cookie', 'sid=1'],
      'header-missing header:set-cookie.sid;httponly present→absent',
    ],
    [
      'a cookie of another path',
      ['Set-Cookie', 'sid=1; Path=/'],
      ['Set-Cookie', 'sid=1; Path=/x'],
      'header-value header:set-cookie.sid;path path→path',
    ],
    [
      'a session that became a word',
      ['Set-Cookie', 'sid=0123456789abcdef0123456789abcdef'],
      ['Set-Cookie', 'sid=undefined'],
      'format header:set-cookie.sid hex32→nonsense',
    ],
  ])('differ: %s', (_name, left, right, expected) => {
    expect(told(compareAnswers(headers(...left), headers(...right), PLAIN))).toEqual([expected]);
  });

  it('are only those that the plan names', () => {
    const plan = planOf({ compare: { headers: ['Server'], rules: [] } });
    const context = { method: 'GET', rules: compileRules(plan, new Date()).forRoute(ROUTE) };
    const left = headers('Server', 'a', 'X-Debug', '1');
    expect(told(compareAnswers(left, headers('Server', 'b'), context))).toEqual([
      'header-value header:server text→text',
    ]);
  });

  it('follow rules', () => {
    const ignore = rule({ header: 'X-Request-Id' }, { kind: 'ignore' });
    const sid = rule({ header: 'set-cookie.sid' }, { kind: 'ignore' });
    const comparison = compareAnswers(
      headers('X-Request-Id', 'a', 'Set-Cookie', 'sid=1', 'Set-Cookie', 'b=1'),
      headers('Set-Cookie', 'b=2'),
      withRules(ignore, sid),
    );
    expect(told(comparison)).toEqual(['header-value header:set-cookie.b digits→digits']);
    expect(comparison.hidden).toEqual({ [ignore.id]: 1, [sid.id]: 1 });
  });
});

describe('content type', () => {
  const typed = (type: string) => answer(body, { type });
  it.each([
    ['application/json', 'Application/JSON; charset=UTF-8'],
    ['text/html; charset=utf-8', 'text/html;charset="UTF-8"'],
  ])('%s is the same as %s', (left, right) => {
    expect(compareAnswers(typed(left), typed(right), PLAIN).equal).toBe(true);
  });

  it('tells another type, and the contents only if they are written alike', () => {
    expect(told(compareAnswers(typed('application/json'), typed('text/html'), PLAIN))).toEqual([
      'media-type header:content-type application/json→text/html',
    ]);
    expect(
      told(
        compareAnswers(
          answer('{"a":1}', { type: 'application/json' }),
          answer('{"a":"1"}', { type: 'application/problem+json' }),
          PLAIN,
        ),
      ),
    ).toEqual([
      'media-type header:content-type application/json→application/problem+json',
      'type $.a number→string',
    ]);
    expect(
      told(compareAnswers(typed('text/html; charset=utf-8'), typed('text/html; charset=latin1'), PLAIN)),
    ).toEqual(['header-value header:content-type parameters']);
  });
});

describe('bodies', () => {
  const encoded = (encoding: string, bytes: Uint8Array) =>
    answer(bytes, { headers: ['Content-Encoding', encoding] });
  const encodings: [string, (text: string) => Uint8Array][] = [
    ['gzip', (text) => zlib.gzipSync(text, { level: 1 })],
    ['br', (text) => zlib.brotliCompressSync(text)],
    ['deflate', (text) => zlib.deflateSync(text)],
    ['deflate', (text) => zlib.deflateRawSync(text)],
    ['zstd', (text) => zlib.zstdCompressSync(text)],
    ['gzip, br', (text) => zlib.brotliCompressSync(zlib.gzipSync(text))],
    ['identity', (text) => Buffer.from(text)],
  ];

  it.each(encodings)('are compared decoded: %s', (name, encode) => {
    expect(told(compareAnswers(answer(body), encoded(name, encode(' {"a": 1}')), PLAIN))).toEqual([]);
    expect(told(compareAnswers(answer(body), encoded(name, encode('{"a":2}')), PLAIN))).toEqual([
      'value $.a integer→integer',
    ]);
  });

  it('are not decompressed without bound', () => {
    const bomb = zlib.gzipSync(Buffer.alloc(40 * 1024 * 1024));
    const comparison = compareAnswers(answer(body), encoded('gzip', bomb), PLAIN);
    expect(told(comparison)).toEqual(['unparsable body decodable→not']);
    expect(comparison.notices.join()).toContain('larger than');
    const other = zlib.gzipSync(Buffer.alloc(40 * 1024 * 1024, 1));
    expect(compareAnswers(encoded('gzip', bomb), encoded('gzip', other), PLAIN).equal).toBe(false);
  });

  it('that are not what their encoding says are a difference', () => {
    expect(told(compareAnswers(answer(body), encoded('gzip', Buffer.from(body)), PLAIN))).toEqual([
      'unparsable body decodable→not',
    ]);
    expect(told(compareAnswers(answer(body), encoded('rot13', Buffer.from(body)), PLAIN))).toEqual([
      'unparsable body decodable→not',
    ]);
  });

  it('beyond the limit are compared by hash', () => {
    const large = (hash: string | undefined, bytes: number) => ({
      ...answer(body),
      body: undefined,
      bodyHash: hash,
      bodyBytes: bytes,
    });
    expect(compareAnswers(large('ab', 9), large('ab', 9), PLAIN).equal).toBe(true);
    expect(compareAnswers(large('ab', 9), large('cd', 9), PLAIN).equal).toBe(false);
    expect(compareAnswers(large('ab', 9), large('ab', 8), PLAIN).equal).toBe(false);
    expect(compareAnswers(large(undefined, 9), large(undefined, 9), PLAIN).equal).toBe(false);
    const whole = answer(body);
    const hash = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
    expect(compareAnswers(whole, large(hash, whole.bodyBytes), PLAIN).equal).toBe(true);
  });

  it('of HEAD are not compared', () => {
    expect(compareAnswers(answer(body), answer(''), { method: 'HEAD' }).equal).toBe(true);
    expect(compareAnswers(answer(body), answer('', { type: 'text/html' }), { method: 'HEAD' }).equal).toBe(
      false,
    );
  });

  it('of bytes are compared by bytes', () => {
    expect(told(compareText('ab', 'ac', 'image/png'))).toEqual(['bytes body same length']);
    expect(told(compareText('ab', 'acd', ''))).toEqual(['bytes body other length']);
  });

  it('of text are compared by lines, whatever ends them', () => {
    expect(compareText('a\nb\n', 'a\r\nb', 'text/plain').equal).toBe(true);
    expect(told(compareText('a\nb\nc', 'a\nx\nb\nc', 'text/plain'))).toEqual(['extra text absent→line']);
    expect(told(compareText('a\nb', 'b\na', 'text/plain'))).toEqual(['order text lines']);
    expect(compareText('a  b', 'a b', 'text/plain').equal).toBe(false);
  });

  it('that are not text in their charset are a difference', () => {
    const latin = answer(Buffer.from([0x22, 0xe9, 0x22]));
    expect(told(compareAnswers(answer('"é"'), latin, PLAIN))).toEqual(['unparsable body text→not text']);
    const declared = answer(Buffer.from([0xe9]), { type: 'text/plain; charset=iso-8859-1' });
    expect(told(compareAnswers(answer('é', { type: 'text/plain; charset=utf-8' }), declared, PLAIN))).toEqual(
      ['header-value header:content-type parameters'],
    );
  });

  it('of CSV are compared by row and column', () => {
    const csv = 'text/csv';
    expect(compareText('id,name\n1,"a ""b"""\n', '"id","name"\r\n1,"a ""b"""', csv).equal).toBe(true);
    expect(told(compareText('id,price\n1,2.50\n2,3.00\n', 'id,price\n1,2.5\n2,3.00\n', csv))).toEqual([
      'format csv:.rows[*].price decimal.2→decimal.1',
    ]);
    expect(told(compareText('id,n\n1,a\n2,b\n', 'n,id\na,1\nb,2\n', csv))).toEqual([
      'order csv:.header list',
    ]);
    expect(told(compareText('id,n\n1,a\n2,b\n', 'id,n\n1,a\n', csv))).toEqual(['length csv:.rows shorter']);
    expect(compareText('id,n\n1,a\n', 'id,n\n1,a,b\n', csv).equal).toBe(false);
    expect(told(compareText('id,n\n1,"a"\n', 'id,n\n1,"a\n', csv))).toEqual(['unparsable body CSV→not CSV']);
    const rules = withRules(rule({ json: '$.rows[*].n' }, { kind: 'ignore' }));
    expect(compareText('id,n\n1,a\n', 'id,n\n1,b\n', csv, rules).equal).toBe(true);
  });

  it('of JSON lines are compared as a list', () => {
    expect(told(compareText('{"a":1}\n{"a":2}\n', '{"a":1}\n{"a":"2"}', 'application/x-ndjson'))).toEqual([
      'type $[*].a number→string',
    ]);
  });
});
