import { afterEach, describe, expect, it } from 'vitest';
import type { ForwardJob } from '../../edge-proxy/forward/port.ts';
import type { ShadowCapture } from '../../edge-proxy/shadow/port.ts';
import { type Edge, type EdgeOptions, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

let origin: RawOrigin;
let edge: Edge;
afterEach(async () => {
  await edge.close();
  await origin.close();
});

async function start(
  script: (connection: OriginConnection) => unknown,
  options: Partial<EdgeOptions> = {},
): Promise<void> {
  origin = await startRawOrigin(script);
  edge = await startEdge({ primary: origin.port, ...options });
}

class Capture implements ShadowCapture {
  events: string[] = [];
  chunks: Uint8Array[] = [];
  head(status: number, headerLines: string): void {
    this.events.push(`head ${status} ${headerLines}`);
  }
  whole(body: string): void {
    this.chunks.push(Buffer.from(body, 'latin1'));
  }
  chunk(data: Uint8Array): void {
    this.chunks.push(data);
  }
  end(): void {
    this.events.push('end');
  }
  abort(reason: string): void {
    this.events.push(`abort ${reason}`);
  }
  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('what is captured for the shadow', () => {
  it('is the answer of the monolith, byte for byte, also when its buffers are used again', async () => {
    const captures: Capture[] = [];
    const bodies = ['a', 'b', 'c'].map((letter) => Buffer.alloc(700_000, `${letter}0123456789`));
    let served = 0;
    await start(
      async (connection) => {
        for (;;) {
          await connection.request();
          const body = bodies[served++ % 3] as Buffer;
          connection.send(
            `HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: x\r\nContent-Length: ${body.length}\r\n\r\n`,
          );
          connection.send(body);
        }
      },
      {
        job: () => {
          const capture = new Capture();
          captures.push(capture);
          return { capture, answerHeaders: () => ['X-Edge', '1'] };
        },
      },
    );
    for (const body of bodies) {
      const answer = readAnswer(await exchangeRaw(edge.port, GET));
      expect(answer.body.equals(body)).toBe(true);
    }
    for (const [index, capture] of captures.entries()) {
      expect(capture.events).toEqual(['head 200 X-A: 1\r\nContent-Length: 700000\r\n', 'end']);
      expect(capture.body.equals(bodies[index] as Buffer)).toBe(true);
    }
  });

  it('is given up when the client leaves or the monolith fails', async () => {
    const capture = new Capture();
    await start((connection) => connection.request(), { job: () => ({ capture }) });
    const client = await RawClient.connect(edge.port);
    client.send(GET);
    while (origin.connections.length === 0) await new Promise(setImmediate);
    client.reset();
    await edge.over(1);
    expect(capture.events).toEqual(['abort client-aborted']);
    await edge.close();
    const failed = new Capture();
    edge = await startEdge({
      primary: origin.port,
      job: () => ({ capture: failed }),
      timeouts: { headersMs: 60 },
    });
    await exchangeRaw(edge.port, GET);
    expect(failed.events).toEqual(['abort monolith-failed']);
  });
});

describe('the observer', () => {
  it('is told once how each request ended, and of each attempt', async () => {
    await start(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';
    for (let round = 0; round < 3; round += 1) await exchangeRaw(edge.port, post);
    await edge.over(3);
    expect(edge.results).toHaveLength(3);
    expect(edge.results[0]).toEqual({
      answeredBy: 'monolith',
      status: 200,
      failure: undefined,
      fellBack: false,
      retries: 0,
      requestBytes: 5,
      responseBytes: 2,
      answerLines: 'Content-Length: 2\r\n',
    });
    expect(edge.attempts).toHaveLength(3);
  });

  it('names the trace of each attempt while tracing is on', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const heads: string[] = [];
    const script = async (connection: OriginConnection): Promise<void> => {
      heads.push(await connection.request());
      connection.send('HTTP/1.1 204 No Content\r\n\r\n');
    };
    await start(script, {
      job: (job: ForwardJob) => ({ observer: { ...job.observer, attemptStarts: () => trace } }),
    });
    await exchangeRaw(edge.port, GET);
    expect(heads).toEqual([expect.stringContaining(`\r\ntraceparent: ${trace}\r\n`)]);
  });

  it.each([
    [false, '127.0.0.1'],
    [true, '1.2.3.4, 127.0.0.1'],
  ])('believes a peer about other hops only when it is trusted: %s', async (peerTrusted, expected) => {
    const heads: string[] = [];
    const script = async (connection: OriginConnection): Promise<void> => {
      heads.push(await connection.request());
      connection.send('HTTP/1.1 204 No Content\r\n\r\n');
    };
    await start(script, { job: () => ({ peerTrusted }) });
    await exchangeRaw(edge.port, GET.replace('Host', 'X-Forwarded-For: 1.2.3.4\r\nHost'));
    expect(heads[0]).toContain(`\r\nX-Forwarded-For: ${expected}\r\n`);
  });

  it('adds the answer headers that depend on who answered', async () => {
    await start(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), {
      job: () => ({ answerHeaders: (by, status) => ['X-Who', String(by), 'X-Status', String(status)] }),
    });
    const good = readAnswer(await exchangeRaw(edge.port, GET));
    expect(good.headers).toContainEqual(['X-Who', 'monolith']);
    await origin.close();
    const bad = readAnswer(await exchangeRaw(edge.port, GET));
    expect(bad.headers).toContainEqual(['X-Who', 'undefined']);
    expect(bad.headers).toContainEqual(['X-Status', '502']);
  });
});

describe('closing the forwarder', () => {
  it('lets what is in flight finish, and leaves no connection', async () => {
    let answer: (() => void) | undefined;
    await start(async (connection) => {
      await connection.request();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const asked = exchangeRaw(edge.port, GET);
    while (answer === undefined) await new Promise(setImmediate);
    const closed = edge.forwarder.close(10_000);
    answer();
    expect(readAnswer(await asked).body.toString()).toBe('ok');
    await closed;
    await origin.drained();
  });

  it('ends what does not finish in time', async () => {
    await start((connection) => connection.request());
    const client = await RawClient.connect(edge.port);
    client.send(GET);
    while (edge.forwarder.inFlight() === 0) await new Promise(setImmediate);
    await edge.forwarder.close(50);
    await client.untilClosed();
    await origin.drained();
    expect(edge.results).toHaveLength(1);
  });
});

describe('after thousands of exchanges of every kind', () => {
  it('nothing is left: no exchange, no timer, no connection beyond the idle ones', async () => {
    const scripts: ((connection: OriginConnection) => unknown)[] = [
      answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
      answering('nonsense\r\n\r\n'),
      async (connection) => {
        await connection.request();
        connection.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      },
      async (connection) => {
        await connection.request();
        connection.reset();
      },
      (connection) => connection.reset(),
      async (connection) => {
        await connection.request();
        connection.end('HTTP/1.0 200 OK\r\n\r\nclosing');
      },
    ];
    let turn = 0;
    await start((connection) => scripts[turn++ % scripts.length]?.(connection), {
      timeouts: { headersMs: 1000, idleMs: 1000 },
    });
    const requests = [
      GET,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    ];
    const total = 2000;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < total) {
        const index = next++;
        const client = await RawClient.connect(edge.port);
        client.send(requests[index % requests.length] as string);
        if (index % 10 === 9) client.reset();
        await client.untilClosed();
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    while (edge.forwarder.inFlight() > 0) await new Promise(setImmediate);
    await edge.forwarder.close(1000);
    for (const connection of origin.connections) await connection.untilClosed();
    expect(origin.open()).toBe(0);
    expect(edge.results.filter(({ status }) => status === 500)).toHaveLength(0);
  });
});
