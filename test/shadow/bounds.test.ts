import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerCapture, bytesOf } from '../../edge-proxy/shadow/capture.ts';
import { FailurePause } from '../../edge-proxy/shadow/pause.ts';
import { ByteBudget, NewestFirstQueue } from '../../edge-proxy/shadow/queue.ts';
import { RateLimit } from '../../edge-proxy/shadow/rate-limit.ts';
import { isSampled, permutedBucket } from '../../edge-proxy/shadow/sampling.ts';

describe('sampling', () => {
  it('is nested: whoever is in at a share is in at every larger one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 }), fc.nat(10_000), fc.nat(10_000), (bucket, a, b) => {
        return !isSampled(bucket, Math.min(a, b)) || isSampled(bucket, Math.max(a, b));
      }),
    );
  });

  it('takes exactly its share of all buckets, spread over the canary too', () => {
    const buckets = Array.from({ length: 10_000 }, (_, bucket) => bucket);
    expect(new Set(buckets.map(permutedBucket)).size).toBe(10_000);
    for (const share of [0, 1, 500, 2500, 10_000]) {
      expect(buckets.filter((bucket) => isSampled(bucket, share))).toHaveLength(share);
    }
    // A quarter of those whom a canary of 50 % leaves with the monolith is still sampled at 25 %.
    const left = buckets.filter((bucket) => bucket >= 5000 && isSampled(bucket, 2500)).length;
    expect(left).toBeGreaterThan(1200);
    expect(left).toBeLessThan(1300);
  });
});

describe('the queue', () => {
  it('hands out the newest first, and the oldest gives way', () => {
    const queue = new NewestFirstQueue<number>(3, new ByteBudget(1000), () => 1);
    expect([1, 2, 3].map((entry) => queue.push(entry))).toEqual(
      Array(3).fill({ outcome: 'queued', evicted: undefined }),
    );
    expect(queue.push(4)).toEqual({ outcome: 'queued', evicted: 1 });
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()]).toEqual([4, 3, 2, undefined]);
  });

  it('refuses beyond its bytes until an entry is released', () => {
    const budget = new ByteBudget(10);
    const queue = new NewestFirstQueue<number>(100, budget, (bytes) => bytes);
    expect(queue.push(6).outcome).toBe('queued');
    expect(queue.push(6).outcome).toBe('queue-bytes');
    const first = queue.pop()!;
    expect(queue.push(6).outcome).toBe('queue-bytes');
    queue.release(first);
    expect(queue.push(6).outcome).toBe('queued');
    expect(budget.used).toBe(6);
  });

  it('loses nothing and holds no more bytes than its entries through any sequence of pushes and pops', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 40 })), { maxLength: 500 }), (steps) => {
        const budget = new ByteBudget(200);
        const queue = new NewestFirstQueue<{ bytes: number }>(10, budget, (entry) => entry.bytes);
        let model: { bytes: number }[] = [];
        for (const bytes of steps) {
          if (bytes === null) {
            const entry = queue.pop();
            expect(entry).toBe(model.pop());
            if (entry !== undefined) queue.release(entry);
          } else {
            const entry = { bytes };
            const pushed = queue.push(entry);
            if (pushed.outcome === 'queued') {
              model = model.filter((each) => each !== pushed.evicted);
              model.push(entry);
            }
          }
          expect(queue.length).toBe(model.length);
          expect(budget.used).toBe(model.reduce((sum, entry) => sum + entry.bytes, 0));
        }
      }),
    );
  });
});

describe('a captured answer', () => {
  it('is kept whole within the limit, whatever its chunks', () => {
    const budget = new ByteBudget(1 << 20);
    const body = randomBytes(5000);
    const capture = new AnswerCapture(5000, budget, 0);
    capture.head(200, 3);
    for (let at = 0; at < body.length; at += 777) capture.chunk(body.subarray(at, at + 777));
    const answer = capture.finish(9);
    expect(answer).toMatchObject({
      status: 200,
      bodyBytes: 5000,
      bodyHash: undefined,
      headMs: 3,
      totalMs: 9,
    });
    expect(Buffer.from(answer.body!).equals(body)).toBe(true);
    expect(budget.used).toBe(0);
  });

  it('that came as text has the same bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(300), (bytes, limit) => {
        const budget = new ByteBudget(250);
        const [text, chunks] = [new AnswerCapture(limit, budget, 0), new AnswerCapture(limit, budget, 0)];
        text.whole(Buffer.from(bytes).toString('latin1'));
        const whole = text.finish(1);
        chunks.chunk(bytes);
        expect({ ...whole, body: undefined }).toEqual({ ...chunks.finish(1), body: undefined });
        expect(whole.body === undefined || Buffer.from(bytesOf(whole.body)!).equals(bytes)).toBe(true);
        expect(whole.bodyBytes).toBe(bytes.length);
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('beyond the limit is known by its hash and length, and holds no memory', () => {
    const budget = new ByteBudget(1 << 20);
    const body = randomBytes(5001);
    const capture = new AnswerCapture(5000, budget, 0);
    for (let at = 0; at < body.length; at += 1000) capture.chunk(body.subarray(at, at + 1000));
    expect(budget.used).toBe(0);
    const answer = capture.finish(1);
    expect(answer.body).toBeUndefined();
    expect(answer.bodyBytes).toBe(5001);
    expect(answer.bodyHash).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('falls back to its hash when all captures together use up the budget', () => {
    const budget = new ByteBudget(100);
    const first = new AnswerCapture(1000, budget, 0);
    const second = new AnswerCapture(1000, budget, 0);
    first.chunk(Buffer.alloc(80));
    second.chunk(Buffer.alloc(80));
    expect(second.finish(1).bodyHash).toBe(createHash('sha256').update(Buffer.alloc(80)).digest('hex'));
    expect(first.finish(1).body).toHaveLength(80);
    expect(budget.used).toBe(0);
  });
});

describe('the pause after failures', () => {
  it('begins after failures in a row, ends by itself, and needs one failure to begin again', () => {
    const pause = new FailurePause(3, 100);
    for (const failed of [true, true, false, true, true]) pause.record(failed, 0);
    expect(pause.paused(1)).toBe(false);
    pause.record(true, 10);
    expect(pause.paused(50)).toBe(true);
    expect(pause.paused(110)).toBe(false);
    pause.record(true, 120);
    expect(pause.paused(121)).toBe(true);
    pause.record(false, 221);
    pause.record(true, 222);
    expect(pause.paused(223)).toBe(false);
  });
});

describe('the rate limit', () => {
  it('never gives more than its burst and its rate together', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 200 }), (gaps) => {
        let now = 0;
        const limit = new RateLimit(10, now);
        let taken = 0;
        for (const gap of gaps) {
          now += gap;
          if (limit.take(now)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(10 + now / 100 + 1e-6);
      }),
    );
  });
});
