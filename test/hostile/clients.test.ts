import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningEdge } from '../../edge-proxy/server.ts';
import { edgeFor, until } from '../edge/support/run.ts';
import { exchangeRaw, RawClient } from '../forward/support/raw-client.ts';
import { readAnswer } from '../forward/support/read-answer.ts';
import { CLIENT_CASES } from './client-cases.ts';
import { READINGS, readRequests } from './support/readers.ts';
import { type RecordingOrigin, startRecordingOrigin } from './support/recording-origin.ts';

let origin: RecordingOrigin;
let edge: RunningEdge;
let port: number;

beforeAll(async () => {
  origin = await startRecordingOrigin();
  edge = await edgeFor(`http://127.0.0.1:${origin.port}`, { limits: { headersTimeoutMs: 300 } });
  port = Number(new URL(edge.url).port);
});
afterAll(async () => {
  await edge.close();
  await origin.close();
});
beforeEach(() => origin.forget());

const H = 'Host: a\r\n';

describe('hostile bytes', () => {
  it.each(CLIENT_CASES)('$name', async ({ bytes, expected }) => {
    const received = await exchangeRaw(port, bytes);
    await until(() => edge.status().inFlight === 0, 'the exchange is over');
    const recorded = origin.recorded();
    if ('refused' in expected) {
      const answer = readAnswer(received);
      expect(answer.status).toBe(expected.refused);
      expect(answer.rest.length).toBe(0);
      expect(answer.headers.map(([name]) => name)).toContain('X-Strangler-Error');
      expect(answer.body.toString()).not.toMatch(/\bat |node:|\.ts/);
      expect(recorded).toEqual([]);
      return;
    }
    // Whatever reached the origin means the same to all who may read it.
    for (const text of recorded) {
      const [strict, ...others] = READINGS.map((reading) => readRequests(text, reading));
      for (const other of others) expect(other).toEqual(strict);
    }
    const read = recorded.map((text) => readRequests(text, READINGS[0]!));
    const requests = read.flatMap((each) => each.requests);
    if ('broken' in expected) {
      expect(requests).toEqual([]);
      if (received.length > 0) expect(readAnswer(received).status).toBeGreaterThanOrEqual(400);
      return;
    }
    expect(requests.map(({ line }) => line)).toEqual(expected.passed);
    expect(read.map(({ rest }) => rest).join('')).toBe('');
    for (const gone of expected.without ?? []) expect(recorded.join('')).not.toContain(gone);
    let rest: Buffer = received;
    for (const _ of expected.passed) {
      const answer = readAnswer(rest);
      expect(answer.status).toBe(200);
      rest = answer.rest;
    }
    expect(rest.length).toBe(0);
  });
});

describe('a slow client', () => {
  it('is answered 408 when its head does not come to an end, also if a byte comes now and then', async () => {
    const client = await RawClient.connect(port);
    client.send(`GET / HTTP/1.1\r\n${H}X: `);
    const drip = setInterval(() => client.send('y'), 20);
    const received = await client.untilClosed();
    clearInterval(drip);
    expect(readAnswer(received).status).toBe(408);
    expect(origin.recorded()).toEqual([]);
  });
});

describe('other clients', () => {
  it('are served while hostile ones come and go', async () => {
    const hostile = CLIENT_CASES.map(({ bytes }) => exchangeRaw(port, bytes));
    const good = Array.from({ length: 20 }, () =>
      exchangeRaw(port, `GET /good HTTP/1.1\r\n${H}Connection: close\r\n\r\n`),
    );
    for (const bytes of await Promise.all(good)) expect(readAnswer(bytes).status).toBe(200);
    await Promise.all(hostile);
    await until(() => edge.status().inFlight === 0, 'nothing is left');
  });

  it('get each pipelined request answered in order, and what follows a refused one is not read', async () => {
    const get = `GET / HTTP/1.1\r\n${H}\r\n`;
    const bytes = await exchangeRaw(port, `${get}${get}GET /a#b HTTP/1.1\r\n${H}\r\n${get}`);
    const first = readAnswer(bytes);
    const second = readAnswer(first.rest);
    const third = readAnswer(second.rest);
    expect([first.status, second.status, third.status]).toEqual([200, 200, 400]);
    expect(third.rest.length).toBe(0);
  });
});
