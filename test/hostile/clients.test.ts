import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edge, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let origin: RawOrigin;
let edge: Edge;

beforeAll(async () => {
  origin = await startRawOrigin(answering(OK));
  edge = await startEdge({
    primary: origin.port,
    server: { headersTimeout: 300, connectionsCheckingInterval: 100 },
    timeouts: { idleMs: 300 },
  });
});
afterAll(async () => {
  await edge.close();
  await origin.close();
});

const H = 'Host: a\r\n';

/** Requests that two readers may understand differently. None of them may reach an origin. */
const REFUSED: readonly (readonly [string, number, string])[] = [
  ['CL.TE', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`],
  [
    'TE.CL',
    400,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n`,
  ],
  [
    'TE.TE, two fields',
    400,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  ],
  [
    'TE.TE, the same twice',
    400,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['an obscured coding', 501, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunked not last', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  [
    'a coding not understood',
    501,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a quoted coding', 501, `POST / HTTP/1.1\r\n${H}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  [
    'a vertical tab in the coding',
    400,
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a coding in HTTP/1.0', 400, `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['the same length twice', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
  ['a list of lengths', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 1, 1\r\n\r\na`],
  ['a signed length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: +1\r\n\r\na`],
  ['a negative length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: -1\r\n\r\na`],
  ['a hexadecimal length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: 0x1\r\n\r\na`],
  ['an endless length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: ${'9'.repeat(25)}\r\n\r\na`],
  ['an empty length', 400, `POST / HTTP/1.1\r\n${H}Content-Length: \r\n\r\na`],
  ['a folded field', 400, `GET / HTTP/1.1\r\n${H}X: 1\r\n folded\r\n\r\n`],
  ['a folded coding', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', 400, `POST / HTTP/1.1\r\n${H}Content-Length : 1\r\n\r\na`],
  ['a tab before the colon', 400, `POST / HTTP/1.1\r\n${H}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`],
  ['a bare LF after a field', 400, `GET / HTTP/1.1\r\n${H}X: 1\nY: 2\r\n\r\n`],
  ['a bare LF after the request line', 400, `GET / HTTP/1.1\n${H}\r\n`],
  ['a bare CR in a value', 400, `GET / HTTP/1.1\r\n${H}X: a\rY: b\r\n\r\n`],
  ['NUL in a value', 400, `GET / HTTP/1.1\r\n${H}X: a\0b\r\n\r\n`],
  ['NUL in a name', 400, `GET / HTTP/1.1\r\n${H}X\0: a\r\n\r\n`],
  ['a line without colon', 400, `GET / HTTP/1.1\r\n${H}nonsense\r\n\r\n`],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, `GET / HTTP/1.1\r\n${H}Host: b\r\n\r\n`],
  ['the same Host twice', 400, `GET / HTTP/1.1\r\n${H}${H}\r\n`],
  ['a Host with a path', 400, 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with user information', 400, 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'],
  ['a Host with a space', 400, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a target with another host than Host', 400, `GET http://b/ HTTP/1.1\r\n${H}\r\n`],
  ['a target of another scheme', 400, `GET ftp://a/ HTTP/1.1\r\n${H}\r\n`],
  ['a fragment in the target', 400, `GET /a#b HTTP/1.1\r\n${H}\r\n`],
  ['a target without slash', 400, `GET a HTTP/1.1\r\n${H}\r\n`],
  ['a space in the target', 400, `GET /a b HTTP/1.1\r\n${H}\r\n`],
  [
    'a length declared hop-by-hop',
    400,
    `POST / HTTP/1.1\r\n${H}Connection: content-length\r\nContent-Length: 1\r\n\r\na`,
  ],
  ['Host declared hop-by-hop', 400, `GET / HTTP/1.1\r\n${H}Connection: host\r\n\r\n`],
  ['an unknown expectation', 417, `GET / HTTP/1.1\r\n${H}Expect: the-moon\r\n\r\n`],
  ['HTTP/0.9', 505, 'GET /\r\n\r\n'],
  ['HTTP/3.0', 505, `GET / HTTP/3.0\r\n${H}\r\n`],
  ['an unknown method', 501, `FROBNICATE / HTTP/1.1\r\n${H}\r\n`],
  ['a lower-case method', 501, `get / HTTP/1.1\r\n${H}\r\n`],
  ['CONNECT', 405, `CONNECT a:443 HTTP/1.1\r\n${H}\r\n`],
  ['no HTTP at all', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a flood of fields', 431, `GET / HTTP/1.1\r\n${H}${'X: y\r\n'.repeat(1000)}\r\n`],
  ['a giant field', 431, `GET / HTTP/1.1\r\n${H}X: ${'y'.repeat(40_000)}\r\n\r\n`],
  ['a giant target', 431, `GET /${'y'.repeat(40_000)} HTTP/1.1\r\n${H}\r\n`],
];

describe('an ambiguous or oversized request is refused and never passed on', () => {
  it.each(REFUSED)('%s', async (_name, status, bytes) => {
    const seen = origin.connections.map(({ text }) => text).join('').length;
    const answer = readAnswer(await exchangeRaw(edge.port, bytes));
    expect(answer.status).toBe(status);
    expect(answer.rest.length).toBe(0);
    expect(answer.headers.map(([name]) => name)).toContain('X-Strangler-Error');
    expect(answer.body.toString()).not.toMatch(/\bat |node:|\.ts/);
    expect(origin.connections.map(({ text }) => text).join('').length).toBe(seen);
  });
});

/** A body that turns out bad after its head was fine: the origin may have got a part, but never an end. */
const BROKEN_BODIES: readonly (readonly [string, string])[] = [
  ['a chunk size without digits', '\r\nabc\r\n0\r\n\r\n'],
  ['a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size that overflows', `${'f'.repeat(17)}3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
  ['a chunk size ended by LF', '3\nabc\r\n0\r\n\r\n'],
  ['a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
  ['endless extensions', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
];

describe('a malformed chunked body ends the exchange', () => {
  it.each(BROKEN_BODIES)('%s', async (_name, body) => {
    const before = edge.results.length;
    const head = `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`;
    const bytes = await exchangeRaw(edge.port, head + body);
    if (bytes.length > 0) expect(readAnswer(bytes).status).toBeGreaterThanOrEqual(400);
    await edge.over(before + 1);
    expect(origin.connections.some(({ text }) => text.includes('SMUGGLED'))).toBe(false);
  });
});

describe('a slow client', () => {
  it('is answered 408 when its head does not come to an end', async () => {
    const client = await RawClient.connect(edge.port);
    client.send(`GET / HTTP/1.1\r\n${H}X: `);
    expect(readAnswer(await client.untilClosed()).status).toBe(408);
  });
});

describe('other clients', () => {
  it('are served while hostile ones come and go', async () => {
    const hostile = REFUSED.map(([, , bytes]) => exchangeRaw(edge.port, bytes));
    const good = Array.from({ length: 20 }, () =>
      exchangeRaw(edge.port, `GET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n`),
    );
    for (const bytes of await Promise.all(good)) expect(readAnswer(bytes).status).toBe(200);
    await Promise.all(hostile);
    expect(edge.forwarder.inFlight()).toBe(0);
  });

  it('get each pipelined request answered in order, and what follows a refused one is not read', async () => {
    const get = `GET / HTTP/1.1\r\n${H}\r\n`;
    const bytes = await exchangeRaw(edge.port, `${get}${get}GET /a#b HTTP/1.1\r\n${H}\r\n${get}`);
    const first = readAnswer(bytes);
    const second = readAnswer(first.rest);
    const third = readAnswer(second.rest);
    expect([first.status, second.status, third.status]).toEqual([200, 200, 400]);
    expect(third.rest.length).toBe(0);
  });
});
