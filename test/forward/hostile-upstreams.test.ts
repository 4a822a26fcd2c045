import { afterEach, describe, expect, it } from 'vitest';
import { type Edge, type EdgeOptions, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { type ReadAnswer, readAnswer } from './support/read-answer.ts';

let origin: RawOrigin;
let edge: Edge;

async function start(
  script: (connection: OriginConnection) => unknown,
  options: Partial<EdgeOptions> = {},
): Promise<void> {
  origin = await startRawOrigin(script);
  edge = await startEdge({ primary: origin.port, ...options });
}

afterEach(async () => {
  await edge.close();
  await origin.close();
});

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

async function get(): Promise<ReadAnswer> {
  return readAnswer(await exchangeRaw(edge.port, GET));
}

function code(answer: ReadAnswer): string | undefined {
  return answer.headers.find(([name]) => name === 'X-Strangler-Error')?.[1];
}

it('an answer that is malformed in its head becomes 502 and its connection is closed', async () => {
  await start(answering('HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: evil=1\r\n\r\n'));
  const answer = await get();
  expect([answer.status, code(answer)]).toEqual([502, 'upstream-malformed']);
  await origin.drained();
  expect(edge.results).toMatchObject([{ status: 502, failure: 'malformed', answeredBy: undefined }]);
});

describe('an answer that goes wrong in its body is never taken for a whole one', () => {
  const cut: readonly (readonly [string, string, 'end' | 'reset'])[] = [
    ['too little of a fixed body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', 'end'],
    ['a reset in a fixed body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', 'reset'],
    ['no last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'end'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello', 'end'],
    [
      'half of the trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n',
      'end',
    ],
  ];
  it.each(cut)('%s', async (_name, bytes, how) => {
    await start(async (connection) => {
      await connection.request();
      connection.send(bytes);
      if (how === 'end') connection.end();
      else setTimeout(() => connection.reset(), 20);
    });
    const answer = await get();
    expect(answer).toMatchObject({ status: 200, complete: false });
    expect('hello'.startsWith(answer.body.toString())).toBe(true);
    await edge.over(1);
    expect(edge.results).toMatchObject([{ status: 200, failure: 'cut', answeredBy: 'monolith' }]);
  });

  it('a malformed chunk in the middle', async () => {
    await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      setTimeout(() => connection.send('zz\r\n'), 30);
    });
    expect(await get()).toMatchObject({ status: 200, complete: false });
    await origin.drained();
  });

  it('a malformed chunk that comes with its head', async () => {
    await start(answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n'));
    const bytes = await exchangeRaw(edge.port, GET);
    if (bytes.length > 0) expect(readAnswer(bytes).complete).toBe(false);
    await origin.drained();
  });

  it('a reset in a body that ends with the connection', async () => {
    await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\n\r\nhello');
      setTimeout(() => connection.reset(), 20);
    });
    expect(await get()).toMatchObject({ status: 200, complete: false });
  });
});

describe('bytes beyond an answer', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

  it.each([
    ['with the answer', (connection: OriginConnection) => connection.send(OK + POISON)],
    [
      'later, on the idle connection',
      (connection: OriginConnection) => {
        connection.send(OK);
        setTimeout(() => connection.send(POISON), 20);
      },
    ],
    [
      'behind an answer without body',
      (connection: OriginConnection) => connection.send(`HTTP/1.1 204 No Content\r\n\r\n${POISON}`),
    ],
  ])('%s poison no other request', async (_name, answer) => {
    await start(async (connection) => {
      for (;;) {
        await connection.request();
        answer(connection);
      }
    });
    for (let round = 0; round < 3; round += 1) {
      const { body, status } = await get();
      expect([200, 204]).toContain(status);
      expect(body.toString()).not.toContain('poison');
      if (origin.open() > 0) await origin.drained();
    }
    expect(origin.connections).toHaveLength(3);
  });

  it('after the answer to HEAD are no body of it', async () => {
    await start(answering('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'));
    const head = 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const bytes = await exchangeRaw(edge.port, head);
    expect(readAnswer(bytes, 'HEAD').rest.toString()).toBe('');
    await origin.drained();
  });
});

describe('an upstream that is slow or gone', () => {
  it('closes before it answers: 502', async () => {
    await start(async (connection) => {
      await connection.request();
      connection.end();
    });
    const answer = await get();
    expect([answer.status, code(answer)]).toEqual([502, 'upstream-cut']);
  });

  it('closes within its head: 502', async () => {
    await start(async (connection) => {
      await connection.request();
      connection.end('HTTP/1.1 200 OK\r\nContent-');
    });
    expect((await get()).status).toBe(502);
  });

  it('is not there: 502', async () => {
    await start(() => {});
    await origin.close();
    const answer = await get();
    expect([answer.status, code(answer)]).toEqual([502, 'upstream-unreachable']);
  });

  it('says nothing: 504, and its connection is closed', async () => {
    await start((connection) => connection.request(), { timeouts: { headersMs: 100 } });
    const answer = await get();
    expect([answer.status, code(answer)]).toEqual([504, 'upstream-headers-timeout']);
    await origin.drained();
  });

  it('says it octet by octet, for too long: 504', async () => {
    await start(
      async (connection) => {
        await connection.request();
        const timer = setInterval(() => connection.send('H'), 10);
        await connection.untilClosed();
        clearInterval(timer);
      },
      { timeouts: { headersMs: 100 } },
    );
    // Garbage is known as such long before; slow or wrong, it is no answer.
    expect((await get()).status).toBeGreaterThanOrEqual(502);
    await origin.drained();
  });

  it('stalls half-way: the answer is cut, and both connections are closed', async () => {
    await start(
      async (connection) => {
        await connection.request();
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
      },
      { timeouts: { idleMs: 100 } },
    );
    expect(await get()).toMatchObject({ status: 200, complete: false });
    await origin.drained();
    expect(edge.results).toMatchObject([{ failure: 'timeout-idle' }]);
  });

  it('goes on without end: cut at the limit of the whole exchange', async () => {
    await start(
      async (connection) => {
        await connection.request();
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const timer = setInterval(() => connection.send('1\r\nx\r\n'), 10);
        await connection.untilClosed();
        clearInterval(timer);
      },
      { timeouts: { totalMs: 200 } },
    );
    expect(await get()).toMatchObject({ status: 200, complete: false });
    expect(edge.results).toMatchObject([{ failure: 'timeout-total' }]);
    await origin.drained();
  });
});

describe('a client that leaves', () => {
  it('before the answer: the upstream connection is closed at once', async () => {
    await start((connection) => connection.request());
    const client = await RawClient.connect(edge.port);
    client.send(GET);
    await edge.server.listening;
    while (origin.connections.length === 0) await new Promise(setImmediate);
    client.reset();
    await origin.drained();
    expect(await edge.over(1)).toMatchObject([{ failure: 'client-aborted', status: 0 }]);
  });

  it('within the answer: the upstream stops being read', async () => {
    await start(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      const piece = Buffer.alloc(65_536);
      while (!connection.closed) {
        if (!connection.socket.write(piece)) {
          await new Promise<void>((resolve) => {
            connection.socket.once('drain', resolve);
            connection.socket.once('close', () => resolve());
          });
        }
      }
    });
    const client = await RawClient.connect(edge.port);
    client.send(GET);
    await client.until((text) => text.length > 100_000);
    client.destroy();
    await origin.drained();
    expect(await edge.over(1)).toMatchObject([{ failure: 'client-aborted', status: 200 }]);
  });
});
