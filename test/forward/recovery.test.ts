import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../edge-proxy/discovery/port.ts';
import type { Upstream } from '../../edge-proxy/forward/port.ts';
import { SYSTEM_WHEEL_CLOCK, TimerWheel } from '../../edge-proxy/forward/timer-wheel.ts';
import { monolithUpstream } from '../../edge-proxy/forward/upstreams.ts';
import { type Edge, type EdgeOptions, startEdge } from './support/edge.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection, type RawOrigin, startRawOrigin } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function origin(script: (connection: OriginConnection) => unknown): Promise<RawOrigin> {
  const started = await startRawOrigin(script);
  closers.push(() => started.close());
  return started;
}

async function edge(options: EdgeOptions): Promise<Edge> {
  const started = await startEdge(options);
  closers.push(() => started.close());
  return started;
}

const says = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const send = (method: string, body = ''): string =>
  `${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
const dead = 9;

/** A service that takes these ports in turn. */
function service(...ports: number[]): Upstream & { outcomes: string[] } {
  const endpoints = ports.map(
    (port): Endpoint => ({
      id: `i-${port}`,
      host: '127.0.0.1',
      port,
      secure: false,
      version: undefined,
      healthy: true,
    }),
  );
  let next = 0;
  const outcomes: string[] = [];
  return {
    name: 'service',
    target: 'service',
    connect: { lookup: undefined, tls: undefined },
    outcomes,
    available: () => endpoints.length > 0,
    pick: (_now, avoid) => {
      const others = endpoints.filter(({ id }) => id !== avoid?.id);
      const from = others.length > 0 ? others : endpoints;
      return from[next++ % from.length];
    },
    started: () => {},
    finished: (_endpoint, outcome) => outcomes.push(outcome),
  };
}

async function ask(through: Edge, bytes: string): Promise<{ status: number; body: string }> {
  const { status, body } = readAnswer(await exchangeRaw(through.port, bytes), bytes.split(' ')[0]);
  return { status, body: body.toString() };
}

describe('fallback: the monolith answers within the same request', () => {
  const failing: readonly (readonly [string, (connection: OriginConnection) => unknown])[] = [
    ['502', answering(says('bad', '502 Bad Gateway'))],
    ['503', answering(says('busy', '503 Service Unavailable'))],
    ['504', answering(says('late', '504 Gateway Timeout'))],
    ['a large 503', answering(says('b'.repeat(100_000), '503 Service Unavailable'))],
    ['a malformed answer', answering('nonsense\r\n\r\n')],
    ['no answer in time', (connection) => connection.request()],
    [
      'a closed connection',
      async (connection) => {
        await connection.request();
        connection.end();
      },
    ],
  ];
  it.each(failing)('after %s', async (_name, script) => {
    const monolith = await origin(answering(says('monolith')));
    const failed = await origin(script);
    const upstream = service(failed.port);
    const through = await edge({
      primary: upstream,
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
      timeouts: { headersMs: 150 },
    });
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'monolith' });
    const [result] = await through.over(1);
    expect(result).toMatchObject({ answeredBy: 'monolith', fellBack: true, failure: undefined, status: 200 });
    expect(through.attempts.at(0)?.target).toBe('service');
    expect(upstream.outcomes.every((outcome) => outcome !== 'ok')).toBe(true);
  });

  it('when nobody listens, and when no instance is known', async () => {
    const monolith = await origin(answering(says('monolith')));
    for (const upstream of [service(dead), service()]) {
      const through = await edge({
        primary: upstream,
        fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
      });
      expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'monolith' });
    }
  });

  it('not after 500: that is an answer', async () => {
    const monolith = await origin(answering(says('monolith')));
    const failed = await origin(answering(says('broken', '500 Internal Server Error')));
    const through = await edge({
      primary: service(failed.port),
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
    });
    expect(await ask(through, send('GET'))).toEqual({ status: 500, body: 'broken' });
  });

  it('not once the answer has begun', async () => {
    const monolith = await origin(answering(says('monolith')));
    const failed = await origin(async (connection) => {
      await connection.request();
      connection.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    const through = await edge({
      primary: service(failed.port),
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
    });
    const answer = readAnswer(await exchangeRaw(through.port, send('GET')));
    expect(answer.complete).toBe(false);
    expect(monolith.connections).toHaveLength(0);
  });

  it('passes the monolith answer on when both fail: its own', async () => {
    const failed = await origin(answering(says('busy', '503 Service Unavailable')));
    const monolith = await origin(answering(says('also', '503 Service Unavailable')));
    const through = await edge({
      primary: service(failed.port),
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
    });
    expect(await ask(through, send('GET'))).toEqual({ status: 503, body: 'also' });
  });
});

describe('a write', () => {
  it('that the service answered with 503 is not given to the monolith', async () => {
    const monolith = await origin(answering(says('monolith')));
    const failed = await origin(async (connection) => {
      await connection.until((text) => text.endsWith('abc'));
      connection.send(says('busy', '503 Service Unavailable'));
    });
    const through = await edge({
      primary: service(failed.port),
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
    });
    expect(await ask(through, send('POST', 'abc'))).toEqual({ status: 503, body: 'busy' });
    expect(monolith.connections).toHaveLength(0);
  });

  it('is given to the monolith when no instance took the connection', async () => {
    const monolith = await origin(answering(says('monolith')));
    const through = await edge({
      primary: service(dead),
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
    });
    expect(await ask(through, send('POST', 'abc'))).toEqual({ status: 200, body: 'monolith' });
  });

  it('is not sent again when it may have been delivered', async () => {
    let requests = 0;
    const failed = await origin(async (connection) => {
      await connection.request();
      requests += 1;
      connection.end();
    });
    const through = await edge({ primary: service(failed.port, failed.port) });
    expect((await ask(through, send('POST', 'abc'))).status).toBe(502);
    expect(requests).toBe(1);
  });

  it('goes to another instance when the first refuses the connection', async () => {
    const good = await origin(answering(says('good')));
    const through = await edge({ primary: service(dead, good.port) });
    expect(await ask(through, send('POST', 'abc'))).toEqual({ status: 200, body: 'good' });
    expect(await through.over(1)).toMatchObject([{ retries: 1 }]);
  });

  it('declared by the plan is not repeated, whatever its method', async () => {
    let requests = 0;
    const failed = await origin(async (connection) => {
      await connection.request();
      requests += 1;
      connection.end();
    });
    const through = await edge({
      primary: service(failed.port, failed.port),
      job: () => ({ effect: 'write' }),
    });
    expect((await ask(through, send('GET'))).status).toBe(502);
    expect(requests).toBe(1);
  });
});

describe('a client that stalls', () => {
  it('within its upload is told so: the service is not blamed, and nobody else is asked', async () => {
    const monolith = await origin(answering(says('monolith')));
    const waiting = await origin((connection) => connection.request());
    const upstream = service(waiting.port);
    const through = await edge({
      primary: upstream,
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
      timeouts: { idleMs: 100 },
    });
    const client = await RawClient.connect(through.port);
    client.send('PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    expect(readAnswer(await client.untilClosed()).status).toBe(408);
    expect(upstream.outcomes).toEqual(['cancelled']);
    expect(monolith.connections).toHaveLength(0);
    await waiting.drained();
  });

  it('while it should take its answer is let go, and the service is not blamed', async () => {
    const generous = await origin(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      connection.send(Buffer.alloc(100_000_000));
    });
    const upstream = service(generous.port);
    const through = await edge({ primary: upstream, timeouts: { idleMs: 200 } });
    const client = await RawClient.connect(through.port);
    client.socket.pause();
    client.send(send('GET'));
    expect(await through.over(1)).toMatchObject([{ failure: 'client-timeout', status: 200 }]);
    expect(upstream.outcomes).toEqual(['cancelled']);
    client.destroy();
  });

  it('because the upstream owes it 100-continue waits for the upstream, whose fault it is', async () => {
    const silent = await origin((connection) => connection.request());
    const upstream = service(silent.port);
    const through = await edge({ primary: upstream, timeouts: { headersMs: 100, idleMs: 50 } });
    const client = await RawClient.connect(through.port);
    client.send('POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    expect(readAnswer(await client.untilClosed()).status).toBe(504);
    expect(upstream.outcomes).toEqual(['timeout']);
  });
});

describe('retries', () => {
  it('of a read go to another instance once', async () => {
    const failed = await origin(async (connection) => {
      await connection.request();
      connection.end();
    });
    const good = await origin(answering(says('good')));
    const through = await edge({ primary: service(failed.port, good.port) });
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'good' });
    expect(through.attempts.map(({ failure }) => failure)).toEqual(['cut', undefined]);
  });

  it('send the body of an idempotent request again', async () => {
    const failed = await origin(async (connection) => {
      await connection.until((text) => text.endsWith('abc'));
      connection.end();
    });
    const good = await origin(async (connection) => {
      await connection.until((text) => text.endsWith('abc'));
      connection.send(says('good'));
    });
    const through = await edge({ primary: service(failed.port, good.port) });
    expect(await ask(through, send('PUT', 'abc'))).toEqual({ status: 200, body: 'good' });
  });

  it('do not send a body again that is larger than what is kept', async () => {
    const failed = await origin(async (connection) => {
      await connection.until((text) => text.endsWith('end'));
      connection.end();
    });
    const good = await origin(answering(says('good')));
    const through = await edge({ primary: service(failed.port, good.port), limits: { replayBytes: 1000 } });
    expect((await ask(through, send('PUT', `${'x'.repeat(5000)}end`))).status).toBe(502);
  });

  it('stay within the budget when everything fails', async () => {
    const first: OriginConnection[] = [];
    let repeated = 0;
    const failed = await origin(async (connection) => {
      await connection.request();
      if (first.length < 50) {
        first.push(connection);
        // All are in flight when all fail.
        if (first.length === 50) for (const one of first) one.end();
        return;
      }
      repeated += 1;
      setTimeout(() => connection.end(), 300);
    });
    const through = await edge({ primary: service(failed.port) });
    await Promise.all(Array.from({ length: 50 }, () => ask(through, send('GET'))));
    // A fifth of those in flight.
    expect(repeated).toBeGreaterThanOrEqual(3);
    expect(repeated).toBeLessThanOrEqual(12);
  });

  it('go to another instance than the one that failed, when there is one', async () => {
    const failed = await origin(async (connection) => {
      await connection.request();
      connection.end();
    });
    const good = await origin(answering(says('good')));
    const through = await edge({ primary: service(failed.port, failed.port, good.port) });
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'good' });
    expect(through.attempts.map(({ endpoint }) => endpoint)).toEqual([`i-${failed.port}`, `i-${good.port}`]);
  });
});

describe('a kept connection that the upstream gives up', () => {
  /** Answers the first request of each connection, closes at the second. */
  const once = (body: string) => async (connection: OriginConnection) => {
    await connection.request();
    connection.send(says(body));
    await connection.request();
    connection.reset();
  };
  const keep = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';

  it('is replaced for a read without the client noticing', async () => {
    const upstream = await origin(once('ok'));
    const through = await edge({ primary: upstream.port });
    for (let round = 0; round < 5; round += 1) {
      expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'ok' });
    }
    // Each second request met a connection that was just being given up.
    expect(through.results.every(({ failure }) => failure === undefined)).toBe(true);
    expect(upstream.connections.length).toBe(5);
  });

  it('is noticed at once when it closes while idle', async () => {
    const upstream = await origin(async (connection) => {
      await connection.request();
      connection.send(says('ok'));
      setTimeout(() => connection.end(), 10);
    });
    const through = await edge({ primary: upstream.port });
    await ask(through, send('GET'));
    await upstream.drained();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ask(through, send('POST', 'abc'))).toEqual({ status: 200, body: 'ok' });
    expect(through.attempts.every(({ failure }) => failure === undefined)).toBe(true);
  });

  it('is looked at before a write, so that one which the upstream has just closed loses none', async () => {
    for (const close of ['reset', 'end'] as const) {
      const upstream = await origin(answering(says('ok')));
      let requests = 0;
      const through = await edge({
        primary: upstream.port,
        job: () => {
          requests += 1;
          // The edge is in the middle of a turn: it cannot have heard of this yet.
          if (requests === 2) upstream.connections[0]?.[close]();
          return {};
        },
      });
      await ask(through, send('GET'));
      expect(await ask(through, send('POST', 'abc'))).toEqual({ status: 200, body: 'ok' });
      expect(through.attempts.every(({ failure }) => failure === undefined)).toBe(true);
      expect(upstream.connections).toHaveLength(2);
    }
  });

  it('is not trusted with a write when it has been idle for long', async () => {
    const upstream = await origin(answering(says('ok')));
    const through = await edge({ primary: upstream.port, limits: { writeReuseMs: 0 } });
    await ask(through, send('GET'));
    await new Promise((resolve) => setTimeout(resolve, 120));
    await ask(through, send('POST', 'abc'));
    expect(upstream.connections).toHaveLength(2);
    await ask(through, send('GET'));
    expect(upstream.connections).toHaveLength(2);
  });

  it('is closed by the edge before the upstream says it will', async () => {
    const upstream = await origin(
      answering('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'),
    );
    const through = await edge({ primary: upstream.port, limits: { idleMarginMs: 900 } });
    const client = await RawClient.connect(through.port);
    client.send(keep);
    await client.until((text) => text.endsWith('ok'));
    await upstream.drained();
    client.destroy();
  });
});

describe('the pool of connections', () => {
  it('lets requests wait in order, refuses what finds no place, and says when to come again', async () => {
    const waiting: OriginConnection[] = [];
    const upstream = await origin(async (connection) => {
      for (;;) {
        await connection.request();
        waiting.push(connection);
      }
    });
    const through = await edge({ primary: upstream.port, limits: { maxSockets: 1, maxQueue: 1 } });
    const first = ask(through, send('GET'));
    while (waiting.length === 0) await new Promise(setImmediate);
    const second = ask(through, send('GET'));
    while (through.forwarder.inFlight() < 2) await new Promise(setImmediate);
    const third = readAnswer(await exchangeRaw(through.port, send('GET')));
    expect(third.status).toBe(503);
    expect(third.headers).toContainEqual(['Retry-After', '1']);
    expect(third.headers).toContainEqual(['X-Strangler-Error', 'overload']);
    waiting[0]?.send(says('first'));
    expect((await first).body).toBe('first');
    while (waiting.length === 1) await new Promise(setImmediate);
    waiting[1]?.send(says('second'));
    expect((await second).body).toBe('second');
    expect(upstream.connections).toHaveLength(1);
  });

  it('does not let a request wait for longer than the limit', async () => {
    const upstream = await origin((connection) => connection.request());
    const through = await edge({ primary: upstream.port, limits: { maxSockets: 1, queueMs: 100 } });
    const first = await RawClient.connect(through.port);
    first.send(send('GET'));
    while (upstream.connections.length === 0) await new Promise(setImmediate);
    expect((await ask(through, send('GET'))).status).toBe(503);
    first.destroy();
  });

  it('is forgotten when its instance is gone, and made anew should it come back', async () => {
    const upstream = await origin(answering(says('here')));
    let ahead = 0;
    const clock = { ...SYSTEM_WHEEL_CLOCK, now: () => performance.now() + ahead };
    const through = await edge({
      primary: service(upstream.port, dead, dead + 1, dead + 2),
      limits: { retries: 0 },
      wheel: new TimerWheel(clock),
    });
    for (const status of [200, 502, 502]) expect((await ask(through, send('GET'))).status).toBe(status);
    expect(through.forwarder.pools()).toBe(3);
    ahead += 61_000;
    await upstream.drained();
    expect((await ask(through, send('GET'))).status).toBe(502);
    expect(through.forwarder.pools()).toBe(1);
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'here' });
    expect(through.forwarder.pools()).toBe(2);
  });

  it('serves whoever waits when a connection breaks', async () => {
    const upstream = await origin(async (connection) => {
      await connection.request();
      if (upstream.connections.length === 1) setTimeout(() => connection.reset(), 50);
      else connection.send(says('served'));
    });
    const through = await edge({ primary: upstream.port, limits: { maxSockets: 1 } });
    const broken = ask(through, send('POST', 'a'));
    while (upstream.connections.length === 0) await new Promise(setImmediate);
    const waiting = ask(through, send('POST', 'b'));
    expect((await broken).status).toBe(502);
    expect(await waiting).toEqual({ status: 200, body: 'served' });
  });
});
