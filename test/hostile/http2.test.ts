import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningEdge } from '../../edge-proxy/server.ts';
import { edgeFor, until } from '../edge/support/run.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  framesOf,
  literals,
  PREFACE,
} from './support/http2-frames.ts';
import { READINGS, readRequests } from './support/readers.ts';
import { type RecordingOrigin, startRecordingOrigin } from './support/recording-origin.ts';

const fixture = (name: string) => join(import.meta.dirname, '../edge/fixtures', `${name}.pem`);
let origin: RecordingOrigin;
let edge: RunningEdge;
let port: number;

beforeAll(async () => {
  origin = await startRecordingOrigin();
  edge = await edgeFor(`http://127.0.0.1:${origin.port}`, {
    limits: { keepAliveMs: 1_000 },
    forward: { limits: { requestIdleMs: 200 } },
    tls: { certFile: fixture('first.cert'), keyFile: fixture('first.key') },
  });
  port = Number(new URL(edge.url).port);
});
afterAll(async () => {
  await edge.close();
  await origin.close();
});
beforeEach(() => origin.forget());

interface Raw {
  socket: TLSSocket;
  received(): Buffer;
  closed: Promise<void>;
  isClosed(): boolean;
}

async function raw(): Promise<Raw> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const chunks: Buffer[] = [];
  let gone = false;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      gone = true;
      resolve();
    }),
  );
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]));
  return { socket, received: () => Buffer.concat(chunks), closed, isClosed: () => gone };
}

/** The status that another client gets meanwhile. */
async function askedByAnother(): Promise<number | undefined> {
  const session = connectHttp2(edge.url, { rejectUnauthorized: false });
  session.on('error', () => {});
  const stream = session.request({ ':path': '/good' });
  stream.on('error', () => {});
  const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
  session.destroy();
  return headers[':status'] as number | undefined;
}

const PSEUDO: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/hostile'],
];
const replaced = (name: string, value: string): [string, string][] =>
  PSEUDO.map(([key, old]) => [key, key === name ? value : old]);
const CRLF = '\r\n';

/** Requests that must not become others on their way to a server of HTTP/1.1. */
const SMUGGLING: [string, [string, string][], string][] = [
  [
    'H2.TE',
    [...PSEUDO, ['transfer-encoding', 'chunked']],
    `0${CRLF}${CRLF}GET /smuggled HTTP/1.1${CRLF}${CRLF}`,
  ],
  ['H2.CL, too short', [...PSEUDO, ['content-length', '0']], 'GET /smuggled HTTP/1.1'],
  ['H2.CL, too long', [...PSEUDO, ['content-length', '100']], 'short'],
  ['two lengths', [...PSEUDO, ['content-length', '5'], ['content-length', '6']], 'short'],
  ['a list of lengths', [...PSEUDO, ['content-length', '5, 5']], 'short'],
  ['a line end in a value', [...PSEUDO, ['x', `a${CRLF}Transfer-Encoding: chunked`]], ''],
  ['a bare LF in a value', [...PSEUDO, ['x', 'a\nX-Evil: 1']], ''],
  ['NUL in a value', [...PSEUDO, ['x', 'a\0b']], ''],
  ['a line end in a name', [...PSEUDO, [`x: 1${CRLF}x-evil`, '1']], ''],
  ['a colon in a name', [...PSEUDO, ['x: y', '1']], ''],
  ['a space in a name', [...PSEUDO, ['transfer-encoding ', 'chunked']], ''],
  ['an upper-case name', [...PSEUDO, ['X-Evil', '1']], ''],
  ['an empty name', [...PSEUDO, ['', '1']], ''],
  ['a line end in the method', replaced(':method', `GET / HTTP/1.1${CRLF}Host: evil${CRLF}X: `), ''],
  ['a space in the method', replaced(':method', 'GET /evil HTTP/1.1'), ''],
  ['a line end in the path', replaced(':path', `/ HTTP/1.1${CRLF}Host: evil${CRLF}X: `), ''],
  ['a space in the path', replaced(':path', '/a HTTP/1.1'), ''],
  ['a path without slash', replaced(':path', 'evil'), ''],
  ['a fragment in the path', replaced(':path', '/a#evil'), ''],
  ['an empty path', replaced(':path', ''), ''],
  ['a line end in the authority', replaced(':authority', `a${CRLF}X-Evil: 1`), ''],
  ['user information in the authority', replaced(':authority', 'evil@a'), ''],
  ['another host than the authority', [...PSEUDO, ['host', 'evil']], ''],
  ['two paths', [...PSEUDO, [':path', '/evil']], ''],
  ['a pseudo-field behind others', [['x', '1'], ...PSEUDO], ''],
  ['an unknown pseudo-field', [...PSEUDO, [':evil', '1']], ''],
  ['fields of a connection', [...PSEUDO, ['connection', 'close'], ['keep-alive', 'timeout=1']], ''],
  ['an upgrade', [...PSEUDO, ['upgrade', 'websocket'], ['connection', 'upgrade']], ''],
];

describe('a request of HTTP/2 that could become another one in HTTP/1.1', () => {
  it.each(SMUGGLING)('is refused, or loses what is wrong with it: %s', async (_name, fields, body) => {
    const client = await raw();
    const last = body === '' ? END_STREAM : 0;
    client.socket.write(frame(FRAME.headers, END_HEADERS | last, 1, literals(fields)));
    if (body !== '') client.socket.write(frame(FRAME.data, END_STREAM, 1, Buffer.from(body)));
    await until(() => {
      const types = framesOf(client.received()).filter(({ stream }) => stream === 1);
      const over = types.some(({ type }) => type === FRAME.headers || type === FRAME.reset);
      return over || client.isClosed();
    }, 'it is answered, reset or closed');
    await until(() => edge.status().inFlight === 0, 'it is over');
    client.socket.destroy();
    // A beginning may have gone out before the body turned out wrong; fields that are none are left out, as RFC 9113 allows.
    for (const text of origin.recorded()) {
      expect(text).not.toMatch(/smuggled|evil|^x:/im);
      const [strict, ...others] = READINGS.map((reading) => readRequests(text, reading));
      for (const other of others) expect(other).toEqual(strict);
      expect(strict?.requests.length).toBeLessThanOrEqual(1);
      for (const { line, body: got } of strict!.requests)
        expect([line, got]).toEqual(['POST /hostile', body]);
    }
    expect(await askedByAnother()).toBe(200);
  });
});

/** What costs the sender little and the receiver much. Each is sent until the edge has had enough, or all of it is out. */
const FLOODS: [string, () => Buffer][] = [
  [
    'rapid reset (CVE-2023-44487)',
    () =>
      Buffer.concat(
        Array.from({ length: 3_000 }, (_, index) => [
          frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * index + 1, literals(PSEUDO)),
          frame(FRAME.reset, 0, 2 * index + 1, Buffer.from([0, 0, 0, 8])),
        ]).flat(),
      ),
  ],
  [
    'streams that the edge itself must reset (CVE-2025-8671)',
    () =>
      Buffer.concat(
        Array.from({ length: 3_000 }, (_, index) => [
          frame(FRAME.headers, END_HEADERS, 2 * index + 1, literals(PSEUDO)),
          frame(FRAME.windowUpdate, 0, 2 * index + 1, Buffer.alloc(4)),
        ]).flat(),
      ),
  ],
  [
    'endless continuation (CVE-2024-27316)',
    () =>
      Buffer.concat([
        frame(FRAME.headers, END_STREAM, 1, literals(PSEUDO)),
        ...Array.from({ length: 2_000 }, () =>
          frame(FRAME.continuation, 0, 1, literals([['x', 'y'.repeat(1_000)]])),
        ),
      ]),
  ],
  [
    'empty continuation',
    () =>
      Buffer.concat([
        frame(FRAME.headers, END_STREAM, 1, literals(PSEUDO)),
        ...Array.from({ length: 20_000 }, () => frame(FRAME.continuation, 0, 1)),
      ]),
  ],
  ['settings', () => Buffer.concat(Array.from({ length: 20_000 }, () => frame(FRAME.settings, 0, 0)))],
  [
    'pings',
    () => Buffer.concat(Array.from({ length: 20_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))),
  ],
  [
    'a giant field list',
    () => {
      const fields = literals([
        ...PSEUDO,
        ...Array.from({ length: 60 }, () => ['x', 'y'.repeat(250)] as [string, string]),
      ]);
      return Buffer.concat(
        Array.from({ length: 200 }, (_, index) =>
          frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * index + 1, fields),
        ),
      );
    },
  ],
];

describe('a slow client of HTTP/2', () => {
  it('that stops in the middle of a body is answered 408, and its stream is closed', async () => {
    const session = connectHttp2(edge.url, { rejectUnauthorized: false });
    session.on('error', () => {});
    const stream = session.request({ ':method': 'POST', ':path': '/slow', 'content-length': '10' });
    stream.on('error', () => {});
    stream.resume();
    stream.write('half');
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
    expect(headers[':status']).toBe(408);
    await closed;
    session.destroy();
  });

  it('that asks for nothing is let go after a while, also one that never spoke', async () => {
    const silent = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    silent.on('error', () => {}).resume();
    const asked = connectHttp2(edge.url, { rejectUnauthorized: false });
    asked.request({ ':path': '/' }).resume();
    await Promise.all([silent, asked].map((each) => new Promise((resolve) => each.once('close', resolve))));
  });
});

describe('a flood of HTTP/2 frames', () => {
  it.each(FLOODS)('hurts nobody else and leaves nothing: %s', async (_name, bytes) => {
    const client = await raw();
    client.socket.write(bytes());
    expect(await askedByAnother()).toBe(200);
    client.socket.destroy();
    await client.closed;
    await until(() => edge.status().inFlight === 0, 'nothing of it is left');
    await until(
      async () => /^strangler_connections 0$/m.test(await (await fetch(`${edge.adminUrl}/metrics`)).text()),
      'no connection is left',
    );
  });

  it('that cannot end well ends the connection', async () => {
    for (const [name, bytes] of FLOODS.slice(0, 3)) {
      const client = await raw();
      client.socket.write(bytes());
      await client.closed;
      expect(await askedByAnother(), name).toBe(200);
    }
  });
});
