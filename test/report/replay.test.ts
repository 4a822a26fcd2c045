import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { replay } from '../../cli/report/replay/replay.ts';
import { planOf, ROUTE } from '../compare/support.ts';
import { clusterOf } from './clusters.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(status: number, body: unknown): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const TYPE = clusterOf(ROUTE, { kind: 'type', path: '$.a', shape: 'number→string' });

async function outcome(
  monolith: { url: string },
  service: { url: string },
  cluster = TYPE,
): Promise<{ outcome: string; why: string }> {
  const [result, ...others] = await replay([cluster], {
    plan: planOf(),
    origins: { monolith: monolith.url, service: service.url },
    now: new Date('2026-01-01'),
    signal: new AbortController().signal,
  });
  expect(others).toEqual([]);
  return { outcome: result!.outcome, why: result!.why };
}

it('says fixed when the difference is gone, and asks both sides the same, telling the service that nobody waits', async () => {
  const monolith = await serve(200, { a: 1 });
  const service = await serve(200, { a: 1 });
  expect(await outcome(monolith, service)).toEqual({ outcome: 'fixed', why: 'the answers agree' });
  expect(service.seen[0]!.url).toBe('/things/1');
  expect(service.seen[0]!.headers.host).toBe(monolith.seen[0]!.headers.host);
  expect(service.seen[0]!.headers['x-strangler-shadow']).toBe('1');
  expect(monolith.seen[0]!.headers['x-strangler-shadow']).toBeUndefined();
});

it('says still different, also when it differs in another way by now', async () => {
  const monolith = await serve(200, { a: 1 });
  expect(await outcome(monolith, await serve(200, { a: '1' }))).toEqual({
    outcome: 'still different',
    why: '1 ↔ "1"',
  });
  expect(await outcome(monolith, await serve(200, {}))).toMatchObject({
    outcome: 'still different',
    why: expect.stringContaining('in another way: missing'),
  });
  expect(await outcome(monolith, await serve(500, { a: 1 }))).toEqual({
    outcome: 'still different',
    why: 'now in status: 200→500',
  });
});

it('claims nothing where the example no longer shows what it was about', async () => {
  const login = await serve(401, { error: 'log in' });
  expect(await outcome(login, login)).toMatchObject({ outcome: 'cannot tell' });
  const other = await serve(200, { b: 1 });
  expect(await outcome(other, other)).toEqual({
    outcome: 'cannot tell',
    why: "the monolith's answer no longer holds it",
  });
  const gone = { url: 'http://127.0.0.1:1' };
  expect(await outcome(other, gone)).toMatchObject({ outcome: 'cannot tell' });
});

it.each([
  ['POST', '/things/1', 'may change data'],
  ['GET', '/things/«email»', 'redacted'],
  ['GET', `/things/${'x'.repeat(500)}`, 'too long'],
  ['GET', 'http://evil.example/', 'not one that can be sent'],
  ['GET', '//evil.example/', 'not one that can be sent'],
  ['GET', '/a\r\nx: y', 'not one that can be sent'],
])('sends no %s %j', async (method, url, why) => {
  const side = await serve(200, { a: 1 });
  const cluster = { ...TYPE, examples: [{ ...TYPE.examples[0]!, method, url }] };
  expect(await outcome(side, side, cluster)).toEqual({
    outcome: 'not sent',
    why: expect.stringContaining(why),
  });
  expect(side.seen).toEqual([]);
});
