import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edge, startEdge } from './support/edge.ts';
import {
  type Origin,
  PYTHON,
  startExpressOrigin,
  startFastifyOrigin,
  startNodeOrigin,
  startPythonOrigin,
} from './support/origins.ts';
import { exchangeRaw } from './support/raw-client.ts';
import { endToEnd, type ReadAnswer, readAnswer } from './support/read-answer.ts';

/** One request as bytes. The connection closes after it, so that its end is seen. */
function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: shop.example', ...headers, 'Connection: close', '', body].join('\r\n');
}

const PLAIN: readonly (readonly [string, string])[] = [
  ['a plain GET', request('GET /')],
  ['percent-encoding as sent', request('GET /a%2Fb%2f%20%C3%A9%zz?q=%41')],
  ['double slashes', request('GET //a///b//')],
  ['dots', request('GET /a/./b/../c/..')],
  ['empty and repeated query parameters', request('GET /p?a=&a=1&&b&=c&a=2?')],
  ['a query alone', request('GET /?')],
  ['reserved characters', request("GET /p;v=1,2/(x)!*'$&+=:@~?[]{}|^`")],
  [
    'order, case and duplicates of fields',
    request('GET /', ['X-b: 1', 'x-A: 2', 'X-B: 3', 'ACCEPT: */*', 'X-b: 4']),
  ],
  ['non-ASCII bytes in values', request('GET /', ['X-Name: caf\xe9 \xff\xfe', 'X-Tab: a\tb'])],
  ['an empty value', request('GET /', ['X-Empty:', 'X-Space:   '])],
  ['several cookies', request('GET /', ['Cookie: a=1; b="2"', 'Cookie: c=3'])],
  ['a long value', request('GET /', [`X-Long: ${'v'.repeat(8000)}`])],
  [
    'conditions and ranges',
    request('GET /', ['If-None-Match: "x", W/"y"', 'Range: bytes=0-1,5-', 'If-Range: "x"']),
  ],
  ['compression offered', request('GET /', ['Accept-Encoding: gzip, br;q=0.5, *;q=0'])],
  ['OPTIONS', request('OPTIONS /x')],
  ['DELETE', request('DELETE /x')],
  ['DELETE with a body', request('DELETE /x', ['Content-Length: 3'], 'abc')],
  ['PUT', request('PUT /x', ['Content-Length: 5', 'Content-Type: text/plain'], 'hello')],
  [
    'PATCH chunked',
    request(
      'PATCH /x',
      ['Transfer-Encoding: chunked', 'Content-Type: a/b'],
      '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    ),
  ],
  ['POST without a body', request('POST /x', ['Content-Length: 0'])],
  ['POST of bytes', request('POST /x', ['Content-Length: 6', 'Content-Type: a/b'], '\x00\x01\xff\xfe\r\n')],
  ['GET with a body', request('GET /x', ['Content-Length: 4', 'Content-Type: a/b'], 'body')],
  [
    'a form',
    request('POST /x', ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 7'], 'a=%20&b'),
  ],
  ['broken JSON', request('POST /x', ['Content-Type: application/json', 'Content-Length: 5'], '{"a":')],
  ['PROPFIND', request('PROPFIND /dav', ['Depth: 1'])],
  ['PURGE', request('PURGE /x')],
  ['M-SEARCH', request('M-SEARCH /x')],
  ['REPORT', request('REPORT /x', ['Content-Length: 1', 'Content-Type: a/b'], 'r')],
];

/** What only node:http's origin does. */
const NODE_ONLY: readonly (readonly [string, string])[] = [
  ['HEAD', request('HEAD /large')],
  ['HEAD of a chunked answer', request('HEAD /chunks')],
  ['several Set-Cookie and mixed case', request('GET /cookies')],
  ['bytes in reason, values and body', request('GET /bytes')],
  ['bytes in the head of a chunked answer', request('GET /bytes-chunked')],
  ['204', request('GET /no-content')],
  ['304 with a length', request('GET /not-modified')],
  ['chunks and trailers', request('GET /chunks', ['TE: trailers'])],
  ['103 before the answer', request('GET /hints')],
  ['an absolute redirect', request('GET /redirect')],
  ['300 KB', request('GET /large')],
  ['200 KB in chunks', request('GET /large-chunked')],
  [
    'request trailers',
    request('POST /x', ['Transfer-Encoding: chunked', 'Trailer: X-Sum'], '3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n'),
  ],
  ['the asterisk', request('OPTIONS *')],
];

const PYTHON_CASES: readonly (readonly [string, string])[] = [
  ['a page', request('GET /page.html')],
  ['a listing', request('GET /')],
  ['HEAD', request('HEAD /page.html')],
  ['a name with a space', request('GET /with%20space.txt')],
  ['bytes', request('GET /data.bin')],
  ['not found', request('GET /missing')],
  ['a method it does not know', request('POST /page.html', ['Content-Length: 0'])],
  ['not modified', request('GET /page.html', ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'])],
];

const ADDED = /^(?:x-forwarded-(?:for|proto|host)|forwarded|via|traceparent)$/i;

/** The answer without what one hop adds or removes, and without what differs from second to second. */
function comparable(bytes: Buffer, method: string): unknown {
  const answer: ReadAnswer = readAnswer(bytes, method);
  const headers = endToEnd(answer.headers).filter(([name]) => name.toLowerCase() !== 'date');
  const informations = answer.informations.map(({ status, headers: own }) => ({
    status,
    headers: endToEnd(own),
  }));
  const { status, reason, trailers, complete } = answer;
  const body = told(answer.body);
  // The body tells what the origin saw, so its length and digest differ by what the edge adds.
  const kept =
    typeof body === 'string' ? headers : headers.filter(([name]) => !/^(?:content-length|etag)$/i.test(name));
  return { informations, status, reason, headers: kept, body, trailers, complete };
}

/** If the origin told what it saw: that, without what the edge adds to a request. */
function told(body: Buffer): unknown {
  const text = body.toString('latin1');
  if (!text.startsWith('{"method"')) return text;
  const seen = JSON.parse(text) as { headers: string[] };
  const headers: string[][] = [];
  for (let index = 0; index < seen.headers.length; index += 2) {
    const name = seen.headers[index] as string;
    if (ADDED.test(name) || /^(?:connection|te|transfer-encoding)$/i.test(name)) continue;
    headers.push([name, seen.headers[index + 1] as string]);
  }
  return { ...seen, headers };
}

async function compare(origin: Origin, edge: Edge, bytes: string): Promise<void> {
  const method = bytes.slice(0, bytes.indexOf(' '));
  const [direct, through] = await Promise.all([
    exchangeRaw(origin.port, bytes),
    exchangeRaw(edge.port, bytes),
  ]);
  expect(comparable(through, method)).toEqual(comparable(direct, method));
}

describe.each([
  ['node:http', startNodeOrigin, [...PLAIN, ...NODE_ONLY]],
  ['Fastify', startFastifyOrigin, PLAIN],
  ['Express', startExpressOrigin, PLAIN],
] as const)('in front of %s the edge is not noticed', (_name, start, cases) => {
  let origin: Origin;
  let edge: Edge;
  beforeAll(async () => {
    origin = await start();
    edge = await startEdge({ primary: origin.port });
  });
  afterAll(async () => {
    await edge.close();
    await origin.close();
  });
  it.each(cases)('%s', async (_case, bytes) => {
    await compare(origin, edge, bytes);
  });
});

describe.skipIf(PYTHON === undefined)("in front of Python's http.server the edge is not noticed", () => {
  let origin: Origin;
  let edge: Edge;
  beforeAll(async () => {
    origin = await startPythonOrigin();
    edge = await startEdge({ primary: origin.port });
  });
  afterAll(async () => {
    await edge.close();
    await origin.close();
  });
  it.each(PYTHON_CASES)('%s', async (_case, bytes) => {
    await compare(origin, edge, bytes);
  });
});
