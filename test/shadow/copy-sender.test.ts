import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CopySender } from '../../edge-proxy/shadow/copy-sender.ts';
import { copyText } from '../../edge-proxy/shadow/copy-text.ts';
import type { MirrorClientOptions } from '../../edge-proxy/shadow/mirror-client.ts';
import { ByteBudget } from '../../edge-proxy/shadow/queue.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Connections as they come, without a word of HTTP. */
async function serveRaw(connected: (socket: Socket) => void) {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    connected(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, connections: () => connections };
}

function sender(more: Partial<MirrorClientOptions> = {}): CopySender {
  const options = { connectionsPerOrigin: 4, budget: new ByteBudget(10_000_000), ...more };
  const copies = new CopySender(options, () => performance.now());
  closing.push(() => copies.close());
  return copies;
}

const call = (origin: string, url = '/items/1') => ({
  origin,
  method: 'GET',
  url,
  headers: ['Host', 'shop.example', 'Accept', '*/*'],
  maxBodyBytes: 1_000_000,
  timeoutMs: 20_000,
});

describe('the sender of copies', () => {
  it('tells the answer as it came, small bodies and large ones', async () => {
    const origin = await serve((request, response) => {
      response.writeHead(200, [
        'X-Host',
        request.headers.host ?? '',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ]);
      response.end('x'.repeat(Number(request.url?.slice(1))));
    });
    const copies = sender();
    for (const bytes of [11, 200_000]) {
      const answer = await copies.send(call(origin, `/${bytes}`), 20_000);
      expect(answer).toMatchObject({ status: 200, bodyBytes: bytes });
      if (typeof answer === 'string' || 'failure' in answer) throw new Error('no answer');
      expect(Buffer.from(answer.body ?? []).toString()).toBe('x'.repeat(bytes));
      expect(answer.rawHeaders.slice(0, 6)).toEqual([
        'X-Host',
        'shop.example',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ]);
    }
  });

  it('tells what failed as an answer too', async () => {
    expect(await sender().send(call('http://127.0.0.1:1'), 20_000)).toMatchObject({ failure: 'connect' });
  });

  it('ends what is on its way when told to stop', async () => {
    const copies = sender();
    const asked = Promise.withResolvers<void>();
    const origin = await serve(() => asked.resolve());
    const sent = copies.send(call(origin), 20_000);
    await asked.promise;
    copies.stop();
    expect(await sent).toHaveProperty('failure');
  });

  it('sends nothing that waited for a connection when told to stop', async () => {
    const copies = sender();
    const full = Promise.withResolvers<void>();
    let asked = 0;
    const origin = await serve(() => {
      asked += 1;
      if (asked === 4) full.resolve();
    });
    const sent = Array.from({ length: 8 }, () => copies.send(call(origin), 20_000));
    await full.promise;
    copies.stop();
    for (const answer of await Promise.all(sent)) expect(answer).toHaveProperty('failure', 'other');
    expect(asked).toBe(4);
  });

  it('takes no answer for one that only says that it will come', async () => {
    const origin = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(203, ['X-Real', 'yes']);
      response.end('body');
    });
    expect(await sender().send(call(origin), 20_000)).toMatchObject({
      status: 203,
      rawHeaders: expect.arrayContaining(['X-Real', 'yes']),
      bodyBytes: 4,
    });
  });

  it('ends what takes longer than its time limit, wherever it is stuck, and tells it as such', async () => {
    const stuck = await serve((_request, response) => {
      response.writeHead(200);
      response.write('half');
    });
    const silent = await serve(() => undefined);
    const copies = sender();
    for (const origin of [stuck, silent])
      expect(await copies.send({ ...call(origin), timeoutMs: 50 }, 20_000)).toMatchObject({
        failure: 'timeout',
      });
  });

  it('tells an answer that was cut, and one that is no HTTP', async () => {
    const cut = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    });
    const other = await serve((request) => request.socket.end('no http at all\r\n\r\n'));
    const copies = sender();
    expect(await copies.send(call(cut), 20_000)).toMatchObject({ failure: 'cut' });
    expect(await copies.send(call(other), 20_000)).toMatchObject({ failure: 'malformed' });
  });

  it('keeps connections to a bound, and gives up copies for which none comes free in time', async () => {
    let open = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const full = Promise.withResolvers<void>();
    const origin = await serve((_request, response) => {
      open += 1;
      most = Math.max(most, open);
      answers.push(() => {
        open -= 1;
        response.end('ok');
      });
      if (answers.length === 4) full.resolve();
    });
    const copies = sender();
    const first = Array.from({ length: 4 }, () => copies.send(call(origin), 20_000));
    await full.promise;
    const late = copies.send(call(origin), -1);
    const waiting = copies.send(call(origin), 20_000);
    await copies.send(call('http://127.0.0.1:1'), 20_000);
    for (const answer of answers.splice(0)) answer();
    expect(await late).toBe('expired');
    for (const answer of await Promise.all(first))
      expect(answer).toMatchObject({ status: 200, bodyBytes: 2 });
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.();
    expect(await waiting).toMatchObject({ status: 200 });
    expect(most).toBe(4);
  });

  it.each([
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['delimited by closing', 'HTTP/1.1 200 OK\r\n\r\nabc', 'abc'],
    ['of a length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc', 'abc'],
    ['that may not be', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ])('takes a body %s for what it is', async (_how, bytes, body) => {
    const { origin } = await serveRaw((socket) => socket.once('data', () => socket.end(bytes)));
    const answer = await sender().send(call(origin), 20_000);
    if (typeof answer === 'string' || 'failure' in answer) throw new Error(JSON.stringify(answer));
    expect(Buffer.from(answer.body ?? []).toString()).toBe(body);
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc'],
    ['a folded header', 'X-A: 1\r\n b\r\n\r\n'],
  ])(
    'finds the failure in %s that users would see, for the edge refuses it of a service',
    async (_what, rest) => {
      const { origin } = await serveRaw((socket) =>
        socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)),
      );
      expect(await sender().send(call(origin), 20_000)).toMatchObject({ failure: 'malformed' });
    },
  );

  describe('on a kept connection that the other side has just given up', () => {
    /** Answers the first request of each connection, and hangs up on the second without a word. */
    const fickle = () =>
      serveRaw((socket) => {
        let asked = 0;
        socket.on('data', () => {
          asked += 1;
          if (asked === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.destroy();
        });
      });

    it('sends a read again, as that says nothing of the service', async () => {
      const { origin, connections } = await fickle();
      const copies = sender();
      for (let i = 0; i < 3; i += 1)
        expect(await copies.send(call(origin), 20_000)).toMatchObject({ status: 200 });
      expect(connections()).toBe(3);
    });

    it('never sends a write again that may have been seen', async () => {
      const { origin, connections } = await fickle();
      const copies = sender();
      const write = { ...call(origin), method: 'POST', body: Buffer.from('{}') };
      expect(await copies.send(write, 20_000)).toMatchObject({ status: 200 });
      expect(await copies.send(write, 20_000)).toMatchObject({ failure: 'cut' });
      expect(connections()).toBe(1);
    });
  });

  it('trusts the certificate authorities that it was given for an origin, and no others', async () => {
    const read = (part: string) =>
      readFileSync(join(import.meta.dirname, `../edge/fixtures/first.${part}.pem`), 'utf8');
    const [key, cert] = [read('key'), read('cert')];
    const server = createTlsServer({ key, cert }, (_request, response) => void response.end('secure'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trusting = sender({ tls: { [origin]: { ca: cert, servername: 'localhost' } } });
    expect(await trusting.send(call(origin), 20_000)).toMatchObject({ status: 200, bodyBytes: 6 });
    expect(await sender().send(call(origin), 20_000)).toMatchObject({ failure: 'connect' });
  });

  it('sends nothing that could be read as another line', async () => {
    const { origin, connections } = await serveRaw(() => undefined);
    const copies = sender();
    for (const hostile of [
      { headers: ['X-A', '1\r\nX-B: 2'] },
      { headers: ['X-A', 'č'] },
      { headers: ['X-A: 1\r\nX-B', '2'] },
      { url: '/items HTTP/1.1\r\nX-A: 1' },
      { method: 'GET / HTTP/1.1\r\nX-A:' },
    ])
      expect(await copies.send({ ...call(origin), ...hostile }, 20_000)).toMatchObject({ failure: 'other' });
    expect(connections()).toBe(0);
  });
});

describe('the head of a copy', () => {
  it('has the lines that it was made of, or is refused', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (pairs) => {
        const headers = pairs.flat();
        const made = copyText({ ...call('http://shop.example'), headers });
        if (typeof made !== 'string') return;
        const lines = Buffer.from(made, 'latin1').toString('latin1').split('\r\n');
        expect(lines.slice(1, 1 + pairs.length)).toEqual(pairs.map(([name, value]) => `${name}: ${value}`));
        expect(lines.slice(1 + pairs.length)).toEqual(
          pairs.some(([name]) => name.toLowerCase() === 'host') ? ['', ''] : ['Host: shop.example', '', ''],
        );
      }),
    );
  });

  it('tells the length of a body, also of one that is missing where one belongs', () => {
    const of = (changes: object) =>
      copyText({ ...call('http://shop.example'), headers: ['Host', 'a'], ...changes });
    expect(of({ method: 'PUT', body: Buffer.from('abc') })).toContain('Content-Length: 3\r\n');
    expect(of({ method: 'POST' })).toContain('Content-Length: 0\r\n');
    expect(of({ method: 'DELETE' })).not.toContain('Content-Length');
  });
});
