import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningEdge } from '../../edge-proxy/server.ts';
import { edgeFor, until } from '../edge/support/run.ts';
import { exchangeRaw } from '../forward/support/raw-client.ts';
import { type RawOrigin, startRawOrigin } from '../forward/support/raw-origin.ts';
import { readAnswer } from '../forward/support/read-answer.ts';
import { misbehaving } from './support/misbehaving-origin.ts';
import { UPSTREAM_CASES } from './upstream-cases.ts';

let origin: RawOrigin;
let edge: RunningEdge;
let script = misbehaving(UPSTREAM_CASES[0]!);

beforeAll(async () => {
  origin = await startRawOrigin((connection) => script(connection));
  edge = await edgeFor(`http://127.0.0.1:${origin.port}`);
});
afterAll(async () => {
  await edge.close();
  await origin.close();
});

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('an answer of a hostile origin', () => {
  it.each(UPSTREAM_CASES)('$name', async (hostile) => {
    for (const { socket } of origin.connections.splice(0)) socket.destroy();
    script = misbehaving(hostile);
    const port = Number(new URL(edge.url).port);
    const received = await exchangeRaw(port, GET);
    const { expected } = hostile;
    expect(received.toString('latin1')).not.toMatch(/poison|evil/);
    if ('own' in expected) {
      const answer = readAnswer(received);
      expect(answer).toMatchObject({ status: expected.own, complete: true });
      expect(answer.headers.map(([name]) => name)).toContain('X-Strangler-Error');
      expect(answer.rest.length).toBe(0);
    } else if ('cut' in expected) {
      // Nothing at all is a cut as well: what came may have been thrown away with the connection.
      if (received.length > 0) expect(readAnswer(received).complete).toBe(false);
    } else {
      const answer = readAnswer(received);
      expect(answer).toMatchObject({ status: expected.passed, complete: true });
      expect(answer.body.toString()).toBe(expected.body);
      expect(answer.rest.length).toBe(0);
      for (const gone of expected.without ?? []) expect(received.toString('latin1')).not.toContain(gone);
    }
    // A connection that said too much is trusted with nothing more, and no exchange is left.
    await until(() => edge.status().inFlight === 0, 'the exchange is over');
    const again = await exchangeRaw(port, GET);
    expect(again.toString('latin1')).not.toMatch(/poison|evil/);
  });
});
