import { describe, expect, it } from 'vitest';
import { TimerWheel } from '../../edge-proxy/forward/timer-wheel.ts';
import { monolithUpstream } from '../../edge-proxy/forward/upstreams.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';
import { ask, dead, edge, origin, says, send, service } from './support/recovery.ts';

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

  it('also when the time limit of the failed attempt runs out before the monolith is asked', async () => {
    const monolith = await origin(answering(says('monolith')));
    const failed = await origin(async (connection) => {
      await connection.request();
      connection.end();
    });
    const clock = { now: 1_000, tick: () => {} };
    const wheel = new TimerWheel({
      now: () => clock.now,
      every(_ms, tick) {
        clock.tick = tick;
        return () => {};
      },
    });
    const upstream = service(failed.port);
    const through = await edge({
      primary: upstream,
      fallback: monolithUpstream({ url: `http://127.0.0.1:${monolith.port}` }),
      timeouts: { headersMs: 150 },
      wheel,
    });
    // The first one leaves a kept connection to the monolith, which then waits for the end of the turn.
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'monolith' });
    upstream.finished = () => {
      process.nextTick(() => {
        clock.now += 200;
        clock.tick();
      });
    };
    expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'monolith' });
    expect(new Set(through.attempts.map(({ target, failure }) => `${target} ${failure}`))).toEqual(
      new Set(['service cut', 'monolith undefined']),
    );
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
