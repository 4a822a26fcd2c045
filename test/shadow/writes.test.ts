import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../edge-proxy/shadow/queue.ts';
import { RequestCapture } from '../../edge-proxy/shadow/request-capture.ts';
import { WriteLane } from '../../edge-proxy/shadow/write-lane.ts';

describe('the body of a write', () => {
  const bytes = (text: string) => Buffer.from(text);

  it('is kept whole, and given back when it is done with', () => {
    const budget = new ByteBudget(100);
    const capture = new RequestCapture(10, budget);
    capture.begin();
    expect([capture.chunk(bytes('abc')), capture.chunk(bytes('def'))]).toEqual([true, true]);
    capture.end();
    expect(capture.finish()).toEqual({ body: bytes('abcdef') });
    expect(budget.used).toBe(6);
    capture.discard();
    expect(budget.used).toBe(0);
  });

  it('is empty when there is none', () => {
    expect(new RequestCapture(10, new ByteBudget(1)).finish()).toEqual({ body: Buffer.alloc(0) });
  });

  it('is given up as a whole beyond the limit, beyond the budget, or when it did not end', () => {
    const budget = new ByteBudget(8);
    const large = new RequestCapture(5, budget);
    large.begin();
    expect([large.chunk(bytes('abc')), large.chunk(bytes('def')), large.chunk(bytes('g'))]).toEqual([
      true,
      false,
      false,
    ]);
    large.end();
    expect(large.finish()).toEqual({ lost: 'body-too-large' });

    const many = new RequestCapture(100, budget);
    many.begin();
    expect([many.chunk(bytes('12345')), many.chunk(bytes('6789'))]).toEqual([true, false]);
    many.end();
    expect(many.finish()).toEqual({ lost: 'queue-bytes' });

    const cut = new RequestCapture(5, budget);
    cut.begin();
    cut.chunk(bytes('abc'));
    expect(cut.finish()).toEqual({ lost: 'client-aborted' });
    expect(budget.used).toBe(0);
  });
});

describe('writes that wait', () => {
  it('go oldest first, one at a time for each user, and never overtake that user’s', () => {
    const lane = new WriteLane<{ user: number; n: number }>(10, ({ user }) => user);
    for (const [n, user] of [1, 1, 2, 1, 2].entries()) lane.push({ user, n });
    const first = lane.take()!;
    const second = lane.take()!;
    expect([first.n, second.n, lane.take()]).toEqual([0, 2, undefined]);
    lane.done(second);
    expect([lane.take()?.n, lane.take()]).toEqual([4, undefined]);
    lane.done(first);
    expect(lane.take()?.n).toBe(1);
  });

  it('are bounded: the newest finds no room', () => {
    const lane = new WriteLane<number>(2, () => 0);
    expect([lane.push(1), lane.push(2), lane.push(3)]).toEqual([true, true, false]);
    expect(lane.clear()).toEqual([1, 2]);
    expect(lane.length).toBe(0);
  });
});
