import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callerOf, isLoopback } from '../../cli/carve/gates/callers.ts';
import { exchange } from '../../cli/carve/gates/exchange.ts';
import { runTrials } from '../../cli/carve/gates/record.ts';
import type { TrialRequest } from '../../cli/carve/gates/requests.ts';
import { RunningValues } from '../../cli/carve/gates/running-values.ts';

const request = (more: Partial<TrialRequest> = {}): TrialRequest => ({
  name: 'a row: 1',
  method: 'POST',
  url: '/tokens',
  headers: { 'content-type': 'application/json' },
  body: null,
  ...more,
});
const signal = new AbortController().signal;
const answered = (body: unknown, status = 200) => ({
  status,
  rawHeaders: [],
  body: Buffer.from(JSON.stringify(body)),
  bodyHash: undefined,
  bodyBytes: 0,
  headMs: 1,
  totalMs: 1,
});

describe('the address that a request comes from', () => {
  it('is the same each time, and another one for another request or person', () => {
    const one = callerOf(request());
    expect(callerOf(request())).toBe(one);
    expect(one).toMatch(/^127\.\d+\.\d+\.\d+$/);
    const others = [
      request({ as: 'admin' }),
      request({ method: 'PUT' }),
      request({ url: '/other' }),
      request({ name: 'a row: 2' }),
    ].map(callerOf);
    expect(new Set([one, ...others]).size).toBe(5);
  });

  it('is never one that a host can’t have', () => {
    for (let n = 0; n < 2000; n++) {
      const [, second, , last] = callerOf(request({ url: `/${n}` }))
        .split('.')
        .map(Number);
      expect(second).toBeGreaterThan(0);
      expect(last).toBeGreaterThan(0);
      expect(last).toBeLessThan(255);
    }
  });

  it('is chosen on the loopback only', () => {
    expect(isLoopback('http://127.0.0.1:3000')).toBe(true);
    expect(isLoopback('http://localhost:3000')).toBe(true);
    expect(isLoopback('https://shop.example.com')).toBe(false);
  });
});

describe('against a server', () => {
  let server: Server;
  let origin: string;
  let tokens = 0;
  const seen: { from: string | undefined; body: string }[] = [];
  beforeEach(async () => {
    seen.length = 0;
    tokens = 0;
    server = createServer((incoming, outgoing) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      incoming.on('end', () => {
        seen.push({ from: incoming.socket.remoteAddress, body });
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify({ refresh: { token: `renewed-token-number-${tokens++}` } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.runIf(process.platform === 'linux')('each request comes from its address', async () => {
    const [first, second] = [request(), request({ url: '/other' })];
    await exchange(origin, first, signal);
    await exchange(origin, second, signal);
    expect(seen.map(({ from }) => from)).toEqual([callerOf(first), callerOf(second)]);
  });

  it('each side carries on with the token that it gave itself', async () => {
    const made = 'first-token-of-all-0';
    const asks = (name: string): TrialRequest =>
      request({ name, as: 'user', body: JSON.stringify({ refreshToken: made }) });
    await runTrials(
      { monolith: origin, again: origin, service: origin },
      [asks('one'), asks('two')],
      { onProgress: () => undefined, signal },
      [{ name: 'user', known: { 'tokens.refresh.token': made } }],
    );
    expect(seen.slice(0, 3).every(({ body }) => body.includes(made))).toBe(true);
    const later = seen.slice(3).map(({ body }) => JSON.parse(body).refreshToken);
    expect(later.toSorted()).toEqual([0, 1, 2].map((n) => `renewed-token-number-${n}`));
  });
});

describe('a value that is good once', () => {
  const made = 'first-token-of-all-0';
  const known = { 'tokens.refresh.token': made, email: 'carve.user@example.com' };
  const spends = request({ as: 'user', body: JSON.stringify({ refreshToken: made }) });

  it('is the new one after it was spent', () => {
    const values = new RunningValues([{ name: 'user', known }]);
    values.hear(spends, answered({ refresh: { token: 'second-token-of-all' } }));
    expect(values.current(spends).body).toBe('{"refreshToken":"second-token-of-all"}');
    values.hear(spends, answered({ refresh: { token: 'third-token-of-all-0' } }));
    expect(values.current(spends).body).toBe('{"refreshToken":"third-token-of-all-0"}');
  });

  it('stays after a refusal, after what did not spend it, and for others', () => {
    const values = new RunningValues([
      { name: 'user', known },
      { name: 'admin', known },
    ]);
    values.hear(spends, answered({ refresh: { token: 'second-token-of-all' } }, 401));
    values.hear(request({ as: 'user', body: '{}' }), answered({ refresh: { token: 'second-token-of-all' } }));
    expect(values.current(spends)).toBe(spends);
    values.hear(spends, answered({ refresh: { token: 'second-token-of-all' } }));
    const other = request({ as: 'admin', body: spends.body });
    expect(values.current(other)).toBe(other);
    expect(values.current(request({ body: spends.body })).body).toBe(spends.body);
  });
});
