export interface UpstreamCase {
  name: string;
  /** What the origin says to the request; then it closes, unless it `stays`. */
  bytes: string;
  afterwards: 'closes' | 'resets' | 'stays';
  /** What the client of the edge gets: an answer of the edge itself, a part that cannot be taken for all of it, or the answer. */
  expected: { own: number } | { cut: true } | { passed: number; body?: string; without?: readonly string[] };
  /** Where the edge passes on what nginx and HAProxy both refuse: why that is right. */
  laxer?: string;
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const INJECTED = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

function each(
  afterwards: UpstreamCase['afterwards'],
  expected: UpstreamCase['expected'],
  cases: [string, string][],
): UpstreamCase[] {
  return cases.map(([name, bytes]) => ({ name, bytes, afterwards, expected }));
}

/** Answers of an origin that is broken, or in somebody else's hands. */
export const UPSTREAM_CASES: readonly UpstreamCase[] = [
  ...each('stays', { own: 502 }, [
    ['no HTTP', 'hello\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['lower-case http', 'http/1.1 200 OK\r\n\r\n'],
    ['an empty line before the status', `\r\n${OK}Content-Length: 2\r\n\r\nok`],
    ['two spaces in the status line', 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a status of letters', 'HTTP/1.1 two OK\r\nContent-Length: 2\r\n\r\nok'],
    ['an answer split by LF', `${OK}X: a\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok`],
    ['an answer split by CR', `${OK}X: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok`],
    ['an answer split in its reason', 'HTTP/1.1 200 OK\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok'],
    ['bare LF only', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['NUL in a value', `${OK}X: a\0b\r\nContent-Length: 2\r\n\r\nok`],
    ['NUL in a name', `${OK}X\0: a\r\nContent-Length: 2\r\n\r\nok`],
    ['a space before the colon', `${OK}Content-Length : 2\r\n\r\nok`],
    ['a field without a name', `${OK}: a\r\nContent-Length: 2\r\n\r\nok`],
    ['a line without colon', `${OK}nonsense\r\nContent-Length: 2\r\n\r\nok`],
    ['a folded field', `${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`],
    ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`],
    ['the same length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
    ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`],
    ['a signed length', `${OK}Content-Length: +2\r\n\r\nok`],
    ['a negative length', `${OK}Content-Length: -2\r\n\r\nok`],
    ['a hexadecimal length', `${OK}Content-Length: 0x2\r\n\r\nok`],
    ['a length that overflows', `${OK}Content-Length: ${'9'.repeat(25)}\r\n\r\nok`],
    ['length and coding', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two codings', `${OK}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding that nobody asked for', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['an obscured coding', `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['101 nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
    ['a giant head', `${OK}X: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['a head of endless fields', `${OK}${'X: a\r\n'.repeat(20_000)}`],
    ['endless interim answers', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)],
    ['endless early hints', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(500)],
  ]),
  ...each('closes', { own: 502 }, [
    ['nothing, and the end', ''],
    ['half a status line', 'HTTP/1.1 2'],
    ['half a head', `${OK}Content-Le`],
    ['an interim answer alone', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ]),
  ...each('resets', { own: 502 }, [['nothing, and a reset', '']]),
  ...each('closes', { cut: true }, [
    ['too little of a fixed body', `${OK}Content-Length: 10\r\n\r\nhello`],
    ['no last chunk', `${CHUNKED}5\r\nhello\r\n`],
    ['half a chunk', `${CHUNKED}9\r\nhello`],
    ['half of the trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX: 1\r\n`],
  ]),
  ...each('stays', { cut: true }, [
    ['a chunk size without digits', `${CHUNKED}5\r\nhello\r\nzz\r\n`],
    ['a negative chunk size', `${CHUNKED}-5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with 0x', `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size that overflows', `${CHUNKED}${'f'.repeat(20)}\r\nhello\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `${CHUNKED}2\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size ended by LF', `${CHUNKED}5\nhello\r\n0\r\n\r\n`],
    ['endless chunk extensions', `${CHUNKED}5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
    ['an answer split in its trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX: a\nSet-Cookie: evil=1\r\n\r\n`],
    ['endless trailers', `${CHUNKED}5\r\nhello\r\n0\r\n${'X: a\r\n'.repeat(20_000)}`],
  ]),
  ...each('stays', { passed: 200, body: 'ok' }, [
    ['more than the length says', `${OK}Content-Length: 2\r\n\r\nokay`],
    ['another answer behind', `${OK}Content-Length: 2\r\n\r\nok${INJECTED}`],
    ['another answer behind the last chunk', `${CHUNKED}2\r\nok\r\n0\r\n\r\n${INJECTED}`],
    ['a chunk extension', `${CHUNKED}2;a=b\r\nok\r\n0\r\n\r\n`],
    ['no reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'],
  ]),
  ...each('stays', { passed: 204, body: '' }, [
    ['a body behind 204', `HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison`],
  ]),
  ...each('stays', { passed: 304, body: '' }, [
    ['a body behind 304', `HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison`],
  ]),
  {
    name: 'fields in trailers that frame or set cookies',
    bytes: `${CHUNKED}2\r\nok\r\n0\r\nSet-Cookie: evil=1\r\nContent-Length: 9\r\nX-Sum: 9\r\n\r\n`,
    afterwards: 'stays',
    expected: { passed: 200, body: 'ok', without: ['evil', 'Content-Length'] },
  },
  {
    name: 'hop-by-hop fields, and what Connection names',
    bytes: `${OK}Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nContent-Length: 2\r\n\r\nok`,
    afterwards: 'stays',
    expected: { passed: 200, body: 'ok', without: ['X-Hop', 'timeout=5', 'Proxy-Connection'] },
  },
];
