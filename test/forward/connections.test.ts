import { describe, expect, it } from 'vitest';
import { SYSTEM_WHEEL_CLOCK, TimerWheel } from '../../edge-proxy/forward/timer-wheel.ts';
import { exchangeRaw, RawClient } from './support/raw-client.ts';
import { answering, type OriginConnection } from './support/raw-origin.ts';
import { readAnswer } from './support/read-answer.ts';
import { ask, dead, edge, origin, says, send, service } from './support/recovery.ts';

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

  it('ends one request alone when something throws while that is sent', async () => {
    const upstream = await origin(answering(says('ok')));
    const defects: unknown[] = [];
    const defect = new Error('a tracer that fails');
    const through = await edge({
      primary: upstream.port,
      onDefect: (error) => defects.push(error),
      job: ({ request, observer }) => {
        if (request.headers['x-trace'] === undefined) return {};
        const attemptStarts = (): never => {
          throw defect;
        };
        return { observer: { ...observer, attemptStarts } };
      },
    });
    for (const method of ['GET', 'POST']) {
      await ask(through, send('GET'));
      const cut = await exchangeRaw(through.port, send(method).replace('Host: a', 'Host: a\r\nX-Trace: 1'));
      expect(cut.length).toBe(0);
      expect(await ask(through, send('GET'))).toEqual({ status: 200, body: 'ok' });
    }
    expect(defects).toEqual([defect, defect]);
    expect(through.forwarder.inFlight()).toBe(0);
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
