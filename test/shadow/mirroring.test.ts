import { describe, expect, it } from 'vitest';
import { DEFAULT_FORWARDING_HEADERS } from '../../edge-proxy/forward/forwarding-headers.ts';
import type { MirrorCall } from '../../edge-proxy/shadow/mirror-client.ts';
import type { SentCopy } from '../../edge-proxy/shadow/mirror-thread.ts';
import { type MirroringParts, mirror } from '../../edge-proxy/shadow/mirroring.ts';
import type { CapturedAnswer, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { compiledRoute } from './compiled-route.ts';

const ANSWER: CapturedAnswer = {
  ...{ status: 200, rawHeaders: [], body: Buffer.from('{}'), bodyHash: undefined, bodyBytes: 2 },
  ...{ headMs: 1, totalMs: 2 },
};
const FAILED: ShadowAnswer = { failure: 'connect', message: 'ECONNREFUSED', totalMs: 1 };

const copyOf = (changes: Partial<SentCopy> = {}): SentCopy => ({
  ...{ id: 7, planKey: 1, origin: 'http://service', method: 'GET', url: '/items/1?a=1' },
  rawHeaders: ['Host', 'shop.example', 'Authorization', 'Bearer user'],
  peer: { address: '192.0.2.1', encrypted: false, trusted: false },
  ...{ body: undefined, sandboxed: false, probe: 'none', mayWaitMs: 900, routeId: 'GET /items/:id' },
  ...{ epoch: 3, serviceVersion: '1.0', at: 0, traceId: undefined },
  left: {
    ...{ status: 200, body: Buffer.from('{}'), bodyHash: undefined, bodyBytes: 2, headMs: 1, totalMs: 2 },
    headerLines: 'Content-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n',
  },
  ...changes,
});

const PLAN = compiledRoute({
  shadow: {
    headers: { monolith: { 'x-probe': '1' }, service: { authorization: null } },
    sandbox: {
      service: { name: 'box', namespace: undefined, scheme: 'http' },
      headers: { authorization: 'Bearer box' },
    },
  },
}).plan;

/** What was asked, in its order, and the answers that a test has for it. */
function parts(changes: Partial<MirroringParts> = {}) {
  const asked: string[] = [];
  const calls: { call: MirrorCall; mayWaitMs: number }[] = [];
  const made: MirroringParts = {
    monolithUrl: 'http://monolith',
    forwarding: DEFAULT_FORWARDING_HEADERS,
    async send(call, mayWaitMs) {
      asked.push(call.origin);
      calls.push({ call, mayWaitMs });
      return ANSWER;
    },
    compare: async () => false,
    confirm: async () => false,
    mayConfirm: () => true,
    stopped: () => false,
    ...changes,
  };
  return { made, asked, calls };
}

describe('mirroring one request', () => {
  it('sends it as the user did but for what the plan changes, and has the answers compared', async () => {
    const compared: unknown[] = [];
    const { made, calls } = parts({
      compare: async (...job) => {
        compared.push(job);
        return false;
      },
    });
    expect(await mirror(copyOf(), PLAN, made)).toBe('compared');
    const [sent] = calls;
    expect(sent).toMatchObject({
      call: { origin: 'http://service', method: 'GET', url: '/items/1?a=1' },
      mayWaitMs: 900,
    });
    expect(sent?.call.headers).not.toContain('Authorization');
    expect(sent?.call.headers.slice(-2)).toEqual(['x-strangler-shadow', '1']);
    expect(compared).toMatchObject([
      [
        7,
        PLAN,
        {
          left: {
            rawHeaders: ['Content-Type', 'application/json', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
          },
          right: ANSWER,
          probe: undefined,
          time: '1970-01-01T00:00:00.000Z',
        },
        false,
      ],
    ]);
  });

  it('adds the forwarding headers that the edge adds, and no others', async () => {
    const { made, calls } = parts();
    await mirror(copyOf(), PLAN, made);
    const none = { xForwarded: false, forwarded: false, via: undefined, viaInAnswers: false };
    await mirror(copyOf(), PLAN, { ...made, forwarding: none });
    const names = calls.map(({ call }) => call.headers.filter((_, at) => at % 2 === 0));
    expect(names[0]).toEqual(expect.arrayContaining(['X-Forwarded-For', 'Forwarded']));
    expect(names[1]).toEqual(['Host', 'x-strangler-shadow']);
  });

  it('sends a noise probe beside it, before or after as it is told', async () => {
    const first = parts();
    await mirror(copyOf({ probe: 'first' }), PLAN, first.made);
    const last = parts();
    await mirror(copyOf({ probe: 'last' }), PLAN, last.made);
    expect([first.asked, last.asked]).toEqual([
      ['http://monolith', 'http://service'],
      ['http://service', 'http://monolith'],
    ]);
    expect(first.calls[0]?.call.headers).toContain('x-probe');
    expect(first.calls[0]?.call.headers).not.toContain('x-strangler-shadow');
  });

  it('sends a write to its sandbox with the credentials of that, and to nobody else', async () => {
    const urgent: boolean[] = [];
    const { made, calls, asked } = parts({
      compare: async (_id, _plan, job, inHurry) => {
        urgent.push(inHurry);
        expect(job).toMatchObject({ sandboxed: true, requestBody: '{"stars":5}' });
        return false;
      },
    });
    const body = Buffer.from('{"stars":5}');
    await mirror(copyOf({ method: 'POST', sandboxed: true, body }), PLAN, made);
    expect(asked).toEqual(['http://service']);
    expect(calls[0]?.call.headers).toEqual(expect.arrayContaining(['authorization', 'Bearer box']));
    expect(calls[0]?.call.headers.slice(-2)).toEqual(['x-strangler-sandbox', '1']);
    expect(calls[0]?.call.body).toBe(body);
    expect(urgent).toEqual([true]);
  });

  it('asks the monolith once more where something differs, however little time the copy had left', async () => {
    const again: unknown[] = [];
    const { made, calls } = parts({
      compare: async () => true,
      confirm: async (id, answer) => {
        again.push([id, answer]);
        return false;
      },
    });
    expect(await mirror(copyOf({ mayWaitMs: 0 }), PLAN, made)).toBe('compared');
    expect(calls.map(({ call, mayWaitMs }) => [call.origin, mayWaitMs])).toEqual([
      ['http://service', 0],
      ['http://monolith', PLAN.shadow.timeoutMs],
    ]);
    expect(again).toEqual([[7, ANSWER]]);
  });

  it('leaves a difference unconfirmed when it may ask no more, or no connection came free', async () => {
    const again: unknown[] = [];
    const confirm: MirroringParts['confirm'] = async (_id, answer) => {
      again.push(answer);
      return false;
    };
    const compare = async () => true;
    await mirror(copyOf(), PLAN, parts({ compare, confirm, mayConfirm: () => false }).made);
    let sent = 0;
    const send: MirroringParts['send'] = async () => (++sent === 1 ? ANSWER : 'expired');
    await mirror(copyOf(), PLAN, parts({ compare, confirm, send }).made);
    expect(again).toEqual([undefined, undefined]);
    expect(sent).toBe(2);
  });

  it('tells what came of it when it was not compared', async () => {
    const of = (changes: Partial<MirroringParts>) => mirror(copyOf(), PLAN, parts(changes).made);
    const compare = async () => true;
    expect({
      expired: await of({ send: async () => 'expired' }),
      failed: await of({ send: async () => FAILED }),
      stopped: await of({ stopped: () => true }),
      uncompared: await of({ compare: async () => undefined }),
      unfiled: await of({ compare, confirm: async () => undefined }),
    }).toEqual({
      expired: 'expired',
      failed: 'failed',
      stopped: 'stopped',
      uncompared: 'lost',
      unfiled: 'lost',
    });
  });
});
