/** What the edge does with a case. */
export type Expected =
  /** Answered with this status and closed; not a byte of it reaches an origin. */
  | { refused: number }
  /** Its head was fine: the origin may get a beginning, never a whole request. */
  | { broken: true }
  /** Passed on: the origin gets exactly these requests (`METHOD target`), and every reader reads the same. */
  | { passed: readonly string[]; without?: readonly string[] };

export interface ClientCase {
  name: string;
  bytes: string;
  expected: Expected;
  /** Where the edge takes what nginx and HAProxy both refuse: why that is right. */
  laxer?: string;
}

const H = 'Host: a\r\n';
const END = 'Connection: close\r\n\r\n';
/** What an attacker wants a second reader to see. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\n${H}${fields}\r\n${body}`;
const chunked = (body: string, more = ''): string =>
  `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n${more}${END}${body}`;
const get = (fields: string): string => `GET / HTTP/1.1\r\n${H}${fields}${END}`;

const refused = (status: number, ...cases: [string, string][]): ClientCase[] =>
  cases.map(([name, bytes]) => ({ name, bytes, expected: { refused: status } }));
const broken = (...cases: [string, string][]): ClientCase[] =>
  cases.map(([name, body]) => ({ name, bytes: chunked(body), expected: { broken: true } }));
const passed = (name: string, bytes: string, requests: string[], without: string[] = []): ClientCase => ({
  name,
  bytes,
  expected: { passed: requests, without },
});

const FRAMING: ClientCase[] = [
  ...refused(
    400,
    ['CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG')],
    [
      'CL.TE with a whole request behind',
      post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '8\r\nSMUGGLED\r\n0\r\n\r\n')],
    [
      'TE.0: coding and length of nothing',
      post('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['TE.TE, two fields', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')],
    [
      'TE.TE, the same twice',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['TE.TE, chunked twice in a list', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
    [
      'TE.TE, the first nonsense',
      post('Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['chunked not last', post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
    ['a vertical tab in the coding', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
    ['a tab behind the coding', post('Transfer-Encoding: chunked\t\r\n', '0\r\n\r\n')],
    ['a coding behind NUL', post('Transfer-Encoding: chunked\0\r\n', '0\r\n\r\n')],
    ['a coding in HTTP/1.0', `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a folded coding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
    ['a coding whose name has a space', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
    [
      'a coding behind a line that begins with a space',
      post('X: y\r\n Transfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['a coding behind a bare CR', post('X: y\rTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['a coding behind a bare LF', post('X: y\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['two lengths', post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab')],
    [
      'two lengths, the first nothing',
      post(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
    ],
    ['the same length twice', post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a')],
    ['a list of lengths', post('Content-Length: 1, 1\r\n', 'a')],
    ['a signed length', post('Content-Length: +1\r\n', 'a')],
    ['a negative length', post('Content-Length: -1\r\n', 'a')],
    ['a hexadecimal length', post('Content-Length: 0x1\r\n', 'a')],
    ['a length with an exponent', post('Content-Length: 1e1\r\n', '0123456789')],
    ['a length with an underscore', post('Content-Length: 1_0\r\n', '0123456789')],
    ['a length with a space in it', post('Content-Length: 1 0\r\n', '0123456789')],
    ['a length with a point', post('Content-Length: 1.0\r\n', 'a')],
    ['a length of other digits', post('Content-Length: \xb9\r\n', 'a')],
    ['a length that overflows 64 bits', post(`Content-Length: ${'9'.repeat(25)}\r\n`, 'a')],
    ['a length of 2^64 + 1', post('Content-Length: 18446744073709551617\r\n', 'a')],
    ['an empty length', post('Content-Length: \r\n', 'a')],
    ['a length declared hop-by-hop', post('Connection: content-length\r\nContent-Length: 1\r\n', 'a')],
    [
      'a coding declared hop-by-hop',
      post('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
  ),
  ...refused(
    501,
    ['an obscured coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
    ['a coding not understood', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    ['identity', post('Transfer-Encoding: identity\r\n', '')],
    ['a quoted coding', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n')],
    ['a coding with a parameter', post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n')],
  ),
  passed('a coding in capitals', post('Transfer-Encoding: CHUNKED\r\nConnection: close\r\n', '0\r\n\r\n'), [
    'POST /',
  ]),
  passed(
    'a coding with white space behind',
    post('Transfer-Encoding: chunked  \r\nConnection: close\r\n', '0\r\n\r\n'),
    ['POST /'],
  ),
  passed('leading zeros of a length', post('Content-Length: 003\r\nConnection: close\r\n', 'abc'), [
    'POST /',
  ]),
  passed(
    'a body that looks like a request',
    post(`Content-Length: ${SMUGGLED.length}\r\nConnection: close\r\n`, SMUGGLED),
    ['POST /'],
  ),
  passed('a request behind the last one', `${get('')}${SMUGGLED}`, ['GET /']),
  passed(
    'a look-alike of a length',
    post('Content_Length: 9\r\nContent-Length: 1\r\nConnection: close\r\n', 'a'),
    ['POST /'],
  ),
];

const LINES: ClientCase[] = [
  ...refused(
    400,
    ['a folded field', get('X: 1\r\n folded\r\n')],
    ['a folded first field', `GET / HTTP/1.1\r\n Host: a\r\n${END}`],
    ['a space before the colon', post('Content-Length : 1\r\n', 'a')],
    ['a tab before the colon', post('Transfer-Encoding\t: chunked\r\n', '0\r\n\r\n')],
    ['a field without a name', get(': x\r\n')],
    ['a space in a name', get('X Y: 1\r\n')],
    ['a bare LF after a field', get('X: 1\nY: 2\r\n')],
    ['a bare LF after the request line', `GET / HTTP/1.1\n${H}\r\n`],
    ['bare LF everywhere', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a head that ends with a bare LF', `GET / HTTP/1.1\r\n${H}\n`],
    ['a bare CR in a value', get('X: a\rY: b\r\n')],
    ['a bare CR at the end of a line', get('X: a\r\r\n')],
    ['NUL in a value', get('X: a\0b\r\n')],
    ['NUL in a name', get('X\0: a\r\n')],
    ['DEL in a value', get('X: a\x7fb\r\n')],
    ['a line without colon', get('nonsense\r\n')],
    ['a space before the request', ` GET / HTTP/1.1\r\n${H}\r\n`],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${H}\r\n`],
    ['a tab for a space', `GET\t/ HTTP/1.1\r\n${H}\r\n`],
    ['a space behind the version', `GET / HTTP/1.1 \r\n${H}\r\n`],
    ['lower-case http', `GET / http/1.1\r\n${H}\r\n`],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ),
  ...refused(
    505,
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['HTTP/2.0 in a request line', `GET / HTTP/2.0\r\n${H}\r\n`],
    ['HTTP/2.0 with an upgrade', `GET / HTTP/2.0\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['HTTP/3.0', `GET / HTTP/3.0\r\n${H}\r\n`],
  ),
  passed('empty lines before the request', `\r\n\r\n${get('')}`, ['GET /']),
];

const ADDRESS: ClientCase[] = [
  ...refused(
    400,
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${H}Host: b\r\n\r\n`],
    ['the same Host twice', `GET / HTTP/1.1\r\n${H}${H}\r\n`],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host with user information', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'],
    ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['a Host with a list', 'GET / HTTP/1.1\r\nHost: a,b:1:2\r\n\r\n'],
    ['Host declared hop-by-hop', `GET / HTTP/1.1\r\n${H}Connection: host\r\n\r\n`],
    ['a target with another host than Host', `GET http://b/ HTTP/1.1\r\n${H}\r\n`],
    ['a target of another scheme', `GET ftp://a/ HTTP/1.1\r\n${H}\r\n`],
    ['a target with user information', `GET http://x@a/ HTTP/1.1\r\n${H}\r\n`],
    ['a fragment in the target', `GET /a#b HTTP/1.1\r\n${H}\r\n`],
    ['a target without slash', `GET a HTTP/1.1\r\n${H}\r\n`],
    ['NUL in the target', `GET /\0 HTTP/1.1\r\n${H}\r\n`],
    ['a byte beyond ASCII in the target', `GET /\xe9 HTTP/1.1\r\n${H}\r\n`],
  ),
  passed('an absolute target of the same host', `GET http://a/x HTTP/1.1\r\n${H}${END}`, ['GET /x']),
  passed('HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', ['GET /']),
  passed('dots that climb', `GET /../../etc/passwd HTTP/1.1\r\n${H}${END}`, ['GET /../../etc/passwd']),
];

const FLOODS: ClientCase[] = refused(
  431,
  ['a flood of fields', get('X: y\r\n'.repeat(1000))],
  ['a flood of large fields', get(`X: ${'y'.repeat(1000)}\r\n`.repeat(100))],
  ['a giant field', get(`X: ${'y'.repeat(40_000)}\r\n`)],
  ['a giant name', get(`${'y'.repeat(40_000)}: x\r\n`)],
  ['a giant target', `GET /${'y'.repeat(40_000)} HTTP/1.1\r\n${H}\r\n`],
);

const MEANING: ClientCase[] = [
  ...refused(
    417,
    ['an unknown expectation', get('Expect: the-moon\r\n')],
    ['a list of expectations', get('Expect: 100-continue, x\r\n')],
  ),
  ...refused(405, ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${H}\r\n`]),
  passed(
    'forged forwarding headers',
    get(
      'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nx-forwarded_host: evil\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-Prefix: /evil\r\n',
    ),
    ['GET /'],
    ['6.6.6.6', 'evil'],
  ),
  passed(
    'the headers of the edge declared hop-by-hop',
    get('Connection: x-forwarded-for, x-forwarded-proto, forwarded, via, traceparent, close\r\n').replace(
      END,
      '\r\n',
    ),
    ['GET /'],
  ),
  passed(
    'hop-by-hop headers',
    get('Keep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\n'),
    ['GET /'],
    ['timeout=9', 'h2c', 'gzip', 'Proxy-Connection'],
  ),
  passed(
    'fields in trailers that frame, address or vouch',
    chunked(
      '3\r\nabc\r\n0\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\nAuthorization: evil\r\nX-Sum: 9\r\n\r\n',
    ),
    ['POST /'],
    ['evil', '6.6.6.6'],
  ),
];

const BODIES: ClientCase[] = [
  ...broken(
    ['a chunk size without digits', '\r\nabc\r\n0\r\n\r\n'],
    ['a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'],
    ['a signed chunk size', '+3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with a space before', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with a space behind', '3 \r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that overflows', `${'f'.repeat(17)}3\r\nabc\r\n0\r\n\r\n`],
    ['a chunk size of 2^64 + 3', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
    ['a chunk without its line end', '3\r\nabc0\r\n\r\n'],
    ['a chunk whose data end with a bare LF', '3\r\nabc\n0\r\n\r\n'],
    ['a chunk size ended by LF', '3\nabc\r\n0\r\n\r\n'],
    ['a chunk size ended by CR', '3\rabc\r\n0\r\n\r\n'],
    ['a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
    ['a bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
    ['endless extensions', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
    ['a folded trailer', '3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n'],
    ['a trailer with a space before the colon', '3\r\nabc\r\n0\r\nX : 1\r\n\r\n'],
    ['a length in trailers', '3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n'],
    ['a coding in trailers', '3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a trailer ended by LF', '3\r\nabc\r\n0\r\nX: 1\n\r\n'],
    ['a flood of trailers', `3\r\nabc\r\n0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(100)}\r\n`],
    ['a last chunk ended by LF', '3\r\nabc\r\n0\n\r\n'],
  ),
  passed('a chunk extension', chunked('3;a=b\r\nabc\r\n0;c\r\n\r\n'), ['POST /'], ['a=b']),
  passed('leading zeros of a chunk size', chunked('0003\r\nabc\r\n00\r\n\r\n'), ['POST /']),
  passed('capital digits of a chunk size', chunked('A\r\n0123456789\r\n0\r\n\r\n'), ['POST /']),
  passed('a request behind the last chunk', chunked(`0\r\n\r\n${SMUGGLED}`), ['POST /']),
];

/** Requests that two readers may understand differently, or that cost more than they should. Each connection ends with its last one. */
export const CLIENT_CASES: readonly ClientCase[] = [
  ...FRAMING,
  ...LINES,
  ...ADDRESS,
  ...FLOODS,
  ...MEANING,
  ...BODIES,
];
