import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import { createServer as createSecureOrigin } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createForwarder } from '../../edge-proxy/forward/index.ts';
import type { ForwardJob, ForwardResult, Upstream } from '../../edge-proxy/forward/port.ts';
import { monolithUpstream } from '../../edge-proxy/forward/upstreams.ts';
import { startEdge } from './support/edge.ts';
import { exchangeRaw } from './support/raw-client.ts';
import { answering, type OriginConnection, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Answer {
  informations: IncomingHttpHeaders[];
  headers: IncomingHttpHeaders;
  body: string;
  trailers: IncomingHttpHeaders | undefined;
  /** Code of the reset, 0 for a clean end. */
  code: number;
}

async function startHttp2Edge(script: (connection: OriginConnection) => unknown): Promise<{
  session: ClientHttp2Session;
  results: ForwardResult[];
  seen: () => string;
  inFlight: () => number;
}> {
  const origin = await startRawOrigin(script);
  const forwarder = createForwarder();
  const primary: Upstream = monolithUpstream({ url: `http://127.0.0.1:${origin.port}` });
  const results: ForwardResult[] = [];
  const server = createHttp2Server((request, response) => {
    forwarder.forward({
      request: request as unknown as ForwardJob['request'],
      response: response as unknown as ForwardJob['response'],
      primary,
      fallback: undefined,
      timeouts: { connectMs: 1000, headersMs: 2000, idleMs: 2000, totalMs: 0 },
      clientAddress: '127.0.0.1',
      answerHeaders: () => [],
      capture: undefined,
      observer: { attempt: () => {}, done: (result) => results.push(result) },
    });
  });
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  closers.push(
    () => origin.close(),
    () => forwarder.close(100),
    () => new Promise((resolve) => server.close(resolve)),
    async () => session.destroy(),
  );
  return {
    session,
    results,
    seen: () => origin.connections.map(({ text }) => text).join(''),
    inFlight: () => forwarder.inFlight(),
  };
}

function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answer: Answer = { informations: [], headers: {}, body: '', trailers: undefined, code: 0 };
  stream.setEncoding('latin1');
  stream.on('headers', (information) => answer.informations.push(information));
  stream.on('response', (received) => {
    answer.headers = received;
  });
  stream.on('trailers', (trailers) => {
    answer.trailers = trailers;
  });
  stream.on('data', (chunk: string) => {
    answer.body += chunk;
  });
  stream.on('error', () => {});
  return new Promise((resolve) =>
    stream.on('close', () => {
      answer.code = stream.rstCode;
      resolve(answer);
    }),
  );
}

const OK =
  'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Upper: CASE\r\nSet-Cookie: b=2\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok';

describe('a client of HTTP/2', () => {
  it('is answered by an upstream of HTTP/1.1', async () => {
    const { session, results } = await startHttp2Edge(answering(OK));
    const answer = await ask(session, { ':path': '/a//b?c=%2F', cookie: 'x=1' });
    expect(answer).toMatchObject({ body: 'ok', code: 0 });
    expect(answer.headers).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-upper': 'CASE' });
    expect(answer.headers.connection).toBeUndefined();
    expect(results).toMatchObject([{ status: 200, failure: undefined, responseBytes: 2 }]);
  });

  it('keeps target, authority and body', async () => {
    const { session, seen } = await startHttp2Edge(async (connection) => {
      await connection.until((text) => text.endsWith('0\r\n\r\n'));
      connection.send(OK);
    });
    await ask(session, { ':method': 'POST', ':path': '/x?y', ':authority': 'shop.example' }, 'hello');
    expect(seen()).toContain('POST /x?y HTTP/1.1\r\n');
    expect(seen()).toContain('host: shop.example\r\n');
    expect(seen()).toContain('Transfer-Encoding: chunked\r\n');
    expect(seen()).toContain('5\r\nhello\r\n0\r\n\r\n');
  });

  it('gets large bodies, interim answers and trailers', async () => {
    const large = 'x'.repeat(500_000);
    const { session } = await startHttp2Edge(
      answering(
        `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\nX-Sum: 9\r\n\r\n`,
      ),
    );
    const answer = await ask(session, { ':path': '/' });
    expect(answer.body.length).toBe(large.length);
    expect(answer.informations).toMatchObject([{ ':status': 103, link: '</a>' }]);
    expect(answer.trailers).toMatchObject({ 'x-sum': '9' });
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 200],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', 304],
    ['GET', 'nonsense\r\n\r\n', 502],
    ['GET', 'HTTP/1.1 777 Odd\r\nContent-Length: 0\r\n\r\n', 502],
  ])('%s answered by %j', async (method, bytes, status) => {
    const { session } = await startHttp2Edge(answering(bytes));
    const answer = await ask(session, { ':method': method, ':path': '/' });
    expect(answer).toMatchObject({ code: 0, headers: { ':status': status } });
  });

  it('is told by a reset that an answer is cut', async () => {
    const { session } = await startHttp2Edge(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      setTimeout(() => connection.end(), 30);
    });
    expect((await ask(session, { ':path': '/' })).code).not.toBe(0);
  });

  it('that resets its streams as fast as it can leaves nothing behind', async () => {
    const { session, inFlight, results } = await startHttp2Edge(async (connection) => {
      for (;;) {
        await connection.request();
        setTimeout(() => connection.send(OK), 20);
      }
    });
    await new Promise((resolve) => session.once('connect', resolve));
    for (let index = 0; index < 200; index += 1) {
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => {});
      stream.close(8);
    }
    session.destroy();
    while (inFlight() > 0) await new Promise(setImmediate);
    expect(results.every(({ failure }) => failure === undefined || failure === 'client-aborted')).toBe(true);
  });
});

const OPENSSL = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!OPENSSL)('an upstream with TLS', () => {
  it('is reached when its certificate is trusted, and 502 otherwise', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'forward-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    spawnSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject]);
    const cert = readFileSync(certFile, 'utf8');
    const body = Buffer.alloc(300_000, 'tls!');
    const origin = createSecureOrigin({ key: readFileSync(keyFile), cert }, (_request, response) =>
      response.end(body),
    );
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${(origin.address() as AddressInfo).port}`;
    const lookup: NonNullable<Parameters<typeof monolithUpstream>[0]['lookup']> = (
      _host,
      options,
      callback,
    ) =>
      options.all === true
        ? callback(null, [{ address: '127.0.0.1', family: 4 }])
        : callback(null, '127.0.0.1', 4);
    const trusting = await startEdge({ primary: monolithUpstream({ url, lookup, tls: { ca: cert } }) });
    const wary = await startEdge({ primary: monolithUpstream({ url, lookup }) });
    closers.push(
      async () => rmSync(folder, { recursive: true, force: true }),
      () => new Promise((resolve) => origin.close(resolve)),
      () => trusting.close(),
      () => wary.close(),
    );
    const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    for (let round = 0; round < 3; round += 1) {
      const answer = readAnswer(await exchangeRaw(trusting.port, get));
      expect(answer.status).toBe(200);
      expect(answer.body.equals(body)).toBe(true);
    }
    expect(readAnswer(await exchangeRaw(wary.port, get)).status).toBe(502);
  });
});
