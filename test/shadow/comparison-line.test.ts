import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ComparisonDesk,
  type ComparisonJob,
  type FromDesk,
  type ToDesk,
} from '../../edge-proxy/shadow/comparison-desk.ts';
import { ComparisonLine } from '../../edge-proxy/shadow/comparison-line.ts';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import { compiledRoute } from './compiled-route.ts';

const { plan } = compiledRoute();
const answer = (body: string): CapturedAnswer => ({
  ...{ status: 200, rawHeaders: ['Content-Type', 'application/json'], body: Buffer.from(body) },
  ...{ bodyHash: undefined, bodyBytes: body.length, headMs: 1, totalMs: 2 },
});
const job = (left = '{"a":1}', right = '{"a":1}'): ComparisonJob => ({
  ...{ epoch: 1, serviceVersion: '1.0', routeId: 'GET /items/:id', method: 'GET', url: '/items/1' },
  ...{ time: '2026-01-01T00:00:00.000Z', traceId: undefined, sandboxed: false, requestBody: undefined },
  ...{ probe: undefined, left: answer(left), right: answer(right) },
});

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** The other end of a line: what came over it, and a way to answer. */
function otherEnd() {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const came: ToDesk[] = [];
  port2.on('message', (messages: ToDesk[]) => came.push(...messages));
  return {
    port: port1,
    came,
    tell: (...replies: FromDesk[]) => port2.postMessage(replies),
    hangUp: () => port2.close(),
    until: (count: number) => expect.poll(() => came.length).toBe(count),
  };
}

describe('the line to the thread that compares', () => {
  it('asks and tells what it hears, the plan once', async () => {
    const line = new ComparisonLine();
    const desk = otherEnd();
    line.connect(desk.port);
    const first = line.compare(3, plan, job(), true);
    const second = line.compare(5, plan, job(), true);
    await desk.until(3);
    expect(desk.came.map(({ type }) => type)).toEqual(['plan', 'compare', 'compare']);
    desk.tell({ id: 5, suspicious: true }, { id: 3, suspicious: false });
    expect([await first, await second]).toEqual([false, true]);
  });

  it('loses what was under way when the other end is gone, and what is asked afterwards', async () => {
    const line = new ComparisonLine();
    const desk = otherEnd();
    line.connect(desk.port);
    const asked = line.compare(1, plan, job(), true);
    await desk.until(2);
    desk.hangUp();
    expect(await asked).toBeUndefined();
    expect(await line.compare(1, plan, job(), true)).toBeUndefined();
    expect(await line.confirm(1, undefined)).toBeUndefined();
  });

  it('goes on over another one, which is told the plan anew, and hears no late word of the last', async () => {
    const line = new ComparisonLine();
    const [last, next] = [otherEnd(), otherEnd()];
    line.connect(last.port);
    const lost = line.compare(1, plan, job(), true);
    await last.until(2);
    last.tell({ id: 1, suspicious: true });
    line.connect(next.port);
    expect(await lost).toBeUndefined();
    const asked = line.compare(1, plan, job(), true);
    await next.until(2);
    expect(next.came.map(({ type }) => type)).toEqual(['plan', 'compare']);
    next.tell({ id: 1, suspicious: false });
    expect(await asked).toBe(false);
  });
});

describe('the desk', () => {
  it('files nothing of what waited to be confirmed once nobody is left who would confirm it', () => {
    const desk = new ComparisonDesk({ edge: 'edge-1', now: () => 0 });
    desk.handle({ type: 'plan', key: 1, plan });
    const ask = (id: number) =>
      desk.handle({ type: 'compare', id, planKey: 1, job: job('{"a":1}', '{"a":2}') });
    expect(ask(1)).toEqual({ id: 1, suspicious: true });
    desk.forgetWaiting();
    desk.handle({ type: 'confirm', id: 1, again: answer('{"a":1}') });
    ask(2);
    expect(desk.handle({ type: 'confirm', id: 2, again: answer('{"a":1}') })).toEqual({
      id: 2,
      suspicious: false,
    });
    const [delta] = desk.drain();
    expect(delta?.funnel['GET /items/:id']).toMatchObject({ compared: 1, dropped: {} });
  });
});
