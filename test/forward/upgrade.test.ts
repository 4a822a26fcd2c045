import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { mayUpgrade } from '../../edge-proxy/forward/server-limits.ts';
import { type Edge, type EdgeOptions, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(
  script: (connection: OriginConnection) => unknown,
  options: Partial<EdgeOptions> = {},
): Promise<{ origin: RawOrigin; edge: Edge }> {
  const origin = await startRawOrigin(script);
  const edge = await startEdge({ primary: origin.port, ...options });
  closers.push(
    () => origin.close(),
    () => edge.close(),
  );
  return { origin, edge };
}

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

/** Switches, then says everything back until the other side ends. */
async function echo(connection: OriginConnection): Promise<void> {
  await connection.request();
  connection.send(`${SWITCH}hello`);
  connection.socket.on('data', (chunk: Buffer) => connection.send(chunk));
  connection.send(connection.text);
}

describe('an upgrade', () => {
  it('opens a tunnel for a WebSocket, both ways, binary and text, with its subprotocol', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat.v2' });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) =>
      socket.on('message', (data, binary) => socket.send(data, { binary })),
    );
    const edge = await startEdge({ primary: (server.address() as AddressInfo).port });
    closers.push(
      () => new Promise((resolve) => server.close(() => resolve())),
      () => edge.close(),
    );
    const client = new WebSocket(`ws://127.0.0.1:${edge.port}/chat?room=1`, ['chat.v1', 'chat.v2']);
    await new Promise((resolve) => client.once('open', resolve));
    expect(client.protocol).toBe('chat.v2');
    const large = Buffer.alloc(3_000_000, 'z');
    for (const message of [Buffer.from('text'), large]) {
      const reply = new Promise<Buffer>((resolve) =>
        client.once('message', (data) => resolve(data as Buffer)),
      );
      client.send(message);
      expect((await reply).equals(message)).toBe(true);
    }
    client.close(4000, 'bye');
    const code = await new Promise((resolve) => client.once('close', resolve));
    expect(code).toBe(4000);
    expect(await edge.over(1)).toMatchObject([{ status: 101, failure: undefined }]);
    expect(edge.forwarder.inFlight()).toBe(0);
  });

  it('is given up as soon as its client leaves, although the upstream has not answered', async () => {
    const asked = Promise.withResolvers<void>();
    const { origin, edge } = await start(async (connection) => {
      await connection.request();
      asked.resolve();
    });
    const client = await RawClient.connect(edge.port);
    client.send(UPGRADE);
    await asked.promise;
    client.socket.destroy();
    expect(await edge.over(1)).toMatchObject([{ failure: 'client-aborted' }]);
    await origin.drained();
    expect(edge.forwarder.inFlight()).toBe(0);
  });

  it('keeps what its client says before the answer, and says it in order', async () => {
    const said = Promise.withResolvers<string>();
    const switched = Promise.withResolvers<void>();
    const { edge } = await start(async (connection) => {
      await connection.request();
      await switched.promise;
      connection.send(SWITCH);
      await connection.until((text) => text.endsWith('third'));
      said.resolve(connection.text);
    });
    const client = await RawClient.connect(edge.port);
    client.send(`${UPGRADE}first,`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.send('second,');
    await new Promise((resolve) => setTimeout(resolve, 50));
    switched.resolve();
    await client.until((text) => text.includes('101'));
    client.send('third');
    expect((await said.promise).endsWith('first,second,third')).toBe(true);
    client.socket.destroy();
  });

  it('passes on what both sides say along with their heads, and half-closing', async () => {
    const { edge } = await start(echo);
    const client = await RawClient.connect(edge.port);
    client.send(`${UPGRADE}early`);
    await client.until((text) => text.endsWith('helloearly'));
    client.send('more');
    await client.until((text) => text.endsWith('more'));
    client.socket.end();
    await client.untilClosed();
    expect(await edge.over(1)).toMatchObject([{ status: 101, failure: undefined }]);
  });

  it('sends Upgrade and Connection on, and answers with both', async () => {
    const { edge, origin } = await start(async (connection) => {
      await connection.until((text) => text.includes('\r\n\r\n'));
      connection.send(SWITCH);
    });
    const client = await RawClient.connect(edge.port);
    client.send(UPGRADE);
    const text = await client.until((all) => all.endsWith('\r\n\r\n'));
    expect(text).toContain('Upgrade: websocket\r\nConnection: Upgrade\r\n');
    expect(origin.connections[0]?.text).toContain('Upgrade: websocket\r\nConnection: Upgrade\r\n');
    client.destroy();
  });

  it('that is refused gets the refusal, and no tunnel: what follows is not passed on', async () => {
    const { edge, origin } = await start(
      answering('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'),
    );
    const bytes = await exchangeRaw(edge.port, `${UPGRADE}GET /admin HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(readAnswer(bytes)).toMatchObject({ status: 426, complete: true });
    expect(readAnswer(bytes).rest.length).toBe(0);
    expect(origin.connections.every(({ text }) => !text.includes('/admin'))).toBe(true);
  });

  it('to HTTP itself is no upgrade: the request is answered as any other', async () => {
    const { edge, origin } = await start(async (connection) => {
      await connection.until((text) => text.includes('\r\n\r\n'));
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const bytes = await exchangeRaw(
      edge.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    );
    expect(readAnswer(bytes).status).toBe(200);
    expect(origin.connections[0]?.text).not.toMatch(/upgrade|http2-settings/i);
    expect(['websocket', 'h2c', 'H2C', 'h2c, websocket', 'TLS/1.2', 'HTTP/2.0'].map(mayUpgrade)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('with a body is refused', async () => {
    const { edge, origin } = await start(echo);
    const bytes = await exchangeRaw(edge.port, UPGRADE.replace('Sec-', 'Content-Length: 3\r\nSec-'));
    expect(readAnswer(bytes).status).toBe(400);
    expect(origin.connections).toHaveLength(0);
  });

  it('to an upstream that is not there is answered 502', async () => {
    const { edge, origin } = await start(echo);
    await origin.close();
    expect(readAnswer(await exchangeRaw(edge.port, UPGRADE)).status).toBe(502);
  });
});

describe('a tunnel', () => {
  it('closes on one side when the other breaks', async () => {
    const { edge, origin } = await start(echo);
    const client = await RawClient.connect(edge.port);
    client.send(UPGRADE);
    await client.until((text) => text.endsWith('hello'));
    origin.connections[0]?.reset();
    await client.untilClosed();
    const second = await RawClient.connect(edge.port);
    second.send(UPGRADE);
    await second.until((text) => text.endsWith('hello'));
    second.reset();
    await origin.drained();
    expect(await edge.over(2)).toMatchObject([{ failure: 'cut' }, { failure: 'cut' }]);
  });

  it('is read from the upstream only as fast as the client takes it', async () => {
    let written = 0;
    const { edge } = await start(async (connection) => {
      await connection.request();
      connection.send(SWITCH);
      const piece = Buffer.alloc(100_000);
      while (written < 200_000_000 && !connection.closed) {
        written += piece.length;
        if (!connection.socket.write(piece)) {
          await new Promise<void>((resolve) => {
            connection.socket.once('drain', resolve);
            connection.socket.once('close', () => resolve());
          });
        }
      }
    });
    const client = await RawClient.connect(edge.port);
    client.socket.pause();
    client.send(UPGRADE);
    let before = -1;
    while (written !== before || written === 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(40_000_000);
    client.destroy();
    await edge.over(1);
  });

  it('is closed when nothing moves for too long', async () => {
    const { edge, origin } = await start(echo, { limits: { tunnelIdleMs: 100 } });
    const client = await RawClient.connect(edge.port);
    client.send(UPGRADE);
    await client.until((text) => text.endsWith('hello'));
    await client.untilClosed();
    await origin.drained();
    expect(edge.results).toMatchObject([{ failure: 'timeout-idle' }]);
  });

  it('is in flight until it ends, and ends with the forwarder', async () => {
    const { edge } = await start(echo);
    const client = await RawClient.connect(edge.port);
    client.send(UPGRADE);
    await client.until((text) => text.endsWith('hello'));
    expect(edge.forwarder.inFlight()).toBe(1);
    await edge.forwarder.close(50);
    await client.untilClosed();
    expect(edge.forwarder.inFlight()).toBe(0);
  });
});
