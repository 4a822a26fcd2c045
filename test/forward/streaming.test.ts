import { afterEach, describe, expect, it } from 'vitest';
import { type Edge, type EdgeOptions, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { type OriginConnection, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

let origin: RawOrigin;
let edge: Edge;

async function start(
  script: (connection: OriginConnection) => unknown,
  options: Partial<EdgeOptions> = {},
): Promise<RawClient> {
  origin = await startRawOrigin(script);
  edge = await startEdge({ primary: origin.port, ...options });
  return RawClient.connect(edge.port);
}

afterEach(async () => {
  await edge.close();
  await origin.close();
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const H = 'Host: a\r\n';

describe('an answer that comes in pieces', () => {
  it('reaches the client event by event, before the next one exists', async () => {
    let next: () => void = () => {};
    const client = await start(async (connection) => {
      await connection.request();
      connection.send(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
        connection.send(`${event.length.toString(16)}\r\n${event}\r\n`);
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
      connection.send('0\r\n\r\n');
    });
    client.send(`GET /events HTTP/1.1\r\n${H}\r\n`);
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      await client.until((text) => text.includes(event));
      next();
    }
    await client.until((text) => text.endsWith('0\r\n\r\n'));
    expect(readAnswer(client.bytes, 'GET', false).body.toString()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    client.destroy();
  });

  it('shows its head before there is a body', async () => {
    const client = await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nX-Head: 1\r\nContent-Length: 5\r\n\r\n');
    });
    client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await client.until((text) => text.includes('X-Head: 1') && text.endsWith('\r\n\r\n'));
    client.destroy();
  });

  it('becomes chunked for a client of HTTP/1.1 when only closing ends it, and stays so for HTTP/1.0', async () => {
    const script = async (connection: OriginConnection): Promise<void> => {
      await connection.request();
      connection.end('HTTP/1.0 200 OK\r\n\r\nuntil the end');
    };
    const client = await start(script);
    client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await client.until((text) => text.endsWith('0\r\n\r\n'));
    expect(readAnswer(client.bytes, 'GET', false).body.toString()).toBe('until the end');
    const old = readAnswer(await exchangeRaw(edge.port, 'GET / HTTP/1.0\r\n\r\n'));
    expect(old.headers.some(([name]) => name === 'Transfer-Encoding')).toBe(false);
    expect(old.body.toString()).toBe('until the end');
    client.destroy();
  });

  it('keeps an HTTP/1.0 client connected that asks for it, when the length is known', async () => {
    const client = await start(async (connection) => {
      for (;;) {
        await connection.request();
        connection.send(OK);
      }
    });
    const get = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    client.send(get);
    await client.until((text) => text.endsWith('ok'));
    client.send(get);
    await client.until((text) => text.split('\r\n\r\nok').length === 3);
    expect(client.closed).toBe(false);
    client.destroy();
  });

  it('is read from the upstream only as fast as the client takes it', async () => {
    let written = 0;
    const client = await start(
      async (connection) => {
        await connection.request();
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n');
        const piece = Buffer.alloc(100_000);
        while (written < 200_000_000 && !connection.closed) {
          written += piece.length;
          if (!connection.socket.write(piece)) {
            await new Promise<void>((resolve) => connection.socket.once('drain', resolve));
          }
        }
      },
      { timeouts: { idleMs: 0 } },
    );
    client.socket.pause();
    client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
    // What the systems between take, and then nothing: two looks without progress.
    let before = -1;
    while (written !== before || written === 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(40_000_000);
    client.socket.resume();
    let received = 0;
    client.socket.removeAllListeners('data');
    await new Promise<void>((resolve) => {
      client.socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received >= 200_000_000) resolve();
      });
    });
    client.destroy();
  });
});

describe('a body that is sent to the upstream', () => {
  it('arrives there while the client still sends', async () => {
    const seen: string[] = [];
    const client = await start(async (connection) => {
      await connection.request();
      for (const part of ['one', 'two', 'three']) {
        await connection.until((text) => text.includes(part));
        seen.push(part);
      }
      connection.send(OK);
    });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 11\r\n\r\n`);
    for (const [index, part] of ['one', 'two', 'three'].entries()) {
      client.send(part);
      while (seen.length <= index) await new Promise(setImmediate);
    }
    await client.until((text) => text.endsWith('ok'));
    client.destroy();
  });

  it('is read from the client only as fast as the upstream takes it', async () => {
    let sent = 0;
    const client = await start(async (connection) => {
      await connection.request();
      connection.socket.pause();
    });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 200000000\r\n\r\n`);
    const piece = Buffer.alloc(100_000);
    const pump = (): void => {
      while (sent < 200_000_000) {
        sent += piece.length;
        if (!client.socket.write(piece)) {
          client.socket.once('drain', pump);
          return;
        }
      }
    };
    pump();
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(40_000_000);
    client.destroy();
  });

  it('keeps its chunks’ content and its trailers', async () => {
    const client = await start(async (connection) => {
      await connection.until((text) => text.includes('\r\n0\r\n'));
      connection.send(
        `HTTP/1.1 200 OK\r\nContent-Length: ${connection.text.length}\r\n\r\n${connection.text}`,
      );
    });
    client.send(
      `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
    );
    const text = await client.until((all) => all.includes('X-Sum: 1'));
    expect(text).toContain('Transfer-Encoding: chunked\r\n');
    expect(text).toContain('\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n');
    expect(text).not.toContain('x=y');
    client.destroy();
  });

  it('that stalls is answered 408, and the upstream is let go', async () => {
    const client = await start((connection) => connection.request(), { timeouts: { idleMs: 100 } });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`);
    expect(readAnswer(await client.untilClosed()).status).toBe(408);
    await origin.drained();
  });

  it('that is declared too large is refused before the upstream hears of it', async () => {
    const client = await start((connection) => connection.request(), { limits: { maxRequestBytes: 10 } });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 11\r\n\r\n`);
    expect(readAnswer(await client.untilClosed()).status).toBe(413);
    expect(origin.connections).toHaveLength(0);
  });

  it('that turns out too large is refused, and the upstream does not get an end of it', async () => {
    const client = await start((connection) => connection.request(), { limits: { maxRequestBytes: 10 } });
    client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n`);
    await origin.connections[0]?.until((text) => text.includes('12345678'));
    client.send('8\r\n12345678\r\n0\r\n\r\n');
    expect(readAnswer(await client.untilClosed()).status).toBe(413);
    await origin.drained();
    expect(origin.connections[0]?.text).not.toContain('0\r\n\r\n');
  });

  it('that breaks off leaves no half request behind', async () => {
    const client = await start((connection) => connection.request());
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`);
    while (origin.connections.length === 0) await new Promise(setImmediate);
    client.destroy();
    await origin.drained();
    expect(await edge.over(1)).toMatchObject([{ failure: 'client-aborted' }]);
  });
});

describe('100-continue', () => {
  it('is the upstream’s to say', async () => {
    const client = await start(async (connection) => {
      const head = await connection.request();
      expect(head).toContain('Expect: 100-continue');
      connection.send('HTTP/1.1 100 Continue\r\n\r\n');
      await connection.until((text) => text.includes('hello'));
      connection.send(OK);
    });
    client.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('hello');
    await client.until((text) => text.endsWith('ok'));
    client.destroy();
  });

  it('is not said when the upstream refuses', async () => {
    const client = await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
    });
    client.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    const text = await client.until((all) => all.includes('\r\n\r\n'));
    expect(text.startsWith('HTTP/1.1 413')).toBe(true);
    client.destroy();
  });
});

describe('an early answer to an unfinished upload', () => {
  it('reaches the client although the upstream closes at once', async () => {
    const client = await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig');
      connection.end();
    });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 100000000\r\n\r\n`);
    const piece = Buffer.alloc(65_536);
    const timer = setInterval(() => client.socket.write(piece), 5);
    const text = await client.until((all) => all.endsWith('big'));
    clearInterval(timer);
    expect(text.startsWith('HTTP/1.1 413 Content Too Large\r\n')).toBe(true);
    expect(text).toContain('Connection: close\r\n');
    client.destroy();
  });

  it('reaches it also when the upstream resets while it is written to', async () => {
    const client = await start(async (connection) => {
      await connection.request();
      connection.socket.pause();
      connection.socket.end(
        'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
        () => setTimeout(() => connection.socket.destroy(), 30),
      );
    });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 100000000\r\n\r\n`);
    const piece = Buffer.alloc(65_536);
    const timer = setInterval(() => client.socket.write(piece), 2);
    await client.until((all) => all.endsWith('no'));
    clearInterval(timer);
    client.destroy();
  });

  it('ends the connection once the client has had the time to read it', async () => {
    const client = await start(
      async (connection) => {
        await connection.request();
        connection.send(OK);
      },
      { limits: { lingerMs: 100 } },
    );
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`);
    expect(readAnswer(await client.untilClosed())).toMatchObject({ status: 200, complete: true });
    await origin.drained();
    expect(await edge.over(1)).toMatchObject([{ failure: undefined, status: 200 }]);
  });

  it('lets the client finish what it sends, and closes without a reset', async () => {
    const client = await start(
      async (connection) => {
        await connection.request();
        connection.send(OK);
      },
      { limits: { lingerMs: 20_000 } },
    );
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 500000\r\n\r\n`);
    await client.until((text) => text.endsWith('ok'));
    for (let sent = 0; sent < 500_000; sent += 50_000) {
      expect(client.closed).toBe(false);
      client.send(Buffer.alloc(50_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.untilClosed();
    expect(client.error).toBeUndefined();
  });

  it('leaves the upstream connection to nobody else', async () => {
    const client = await start(async (connection) => {
      for (;;) {
        await connection.request();
        connection.send(OK);
      }
    });
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`);
    await client.until((text) => text.endsWith('ok'));
    await exchangeRaw(edge.port, `GET /next HTTP/1.1\r\n${H}Connection: close\r\n\r\n`);
    expect(origin.connections).toHaveLength(2);
    client.destroy();
  });

  it('does not wait for an upload without end', async () => {
    const client = await start(
      async (connection) => {
        await connection.request();
        connection.send(OK);
      },
      { limits: { lingerMs: 60_000, lingerBytes: 100_000 } },
    );
    client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`);
    await client.until((text) => text.includes('ok'));
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const timer = setInterval(() => client.socket.write(piece), 5);
    await client.untilClosed();
    clearInterval(timer);
  });
});
