import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Batch } from '../../edge-proxy/shadow/batch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function batch(most = 100): { batch: Batch<number>; sent: number[][] } {
  const sent: number[][] = [];
  return { sent, batch: new Batch((items: number[]) => void sent.push(items), 10, most) };
}

describe('messages that go together', () => {
  it('go in the same turn after a quiet time, and at the end of the window when others have just gone', () => {
    const { batch: messages, sent } = batch();
    messages.add(1);
    messages.add(2);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(sent).toEqual([[1, 2]]);
    messages.add(3);
    vi.advanceTimersByTime(4);
    messages.add(4);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(6);
    expect(sent).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('take those that wait along, in order, when one is urgent', () => {
    const { batch: messages, sent } = batch();
    messages.add(1);
    messages.add(2, true);
    expect(sent).toEqual([[1, 2]]);
    vi.advanceTimersByTime(100);
    expect(sent).toHaveLength(1);
  });

  it('never become more than may go together', () => {
    const { batch: messages, sent } = batch(3);
    for (let item = 0; item < 7; item += 1) messages.add(item);
    expect(sent).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    vi.advanceTimersByTime(10);
    expect(sent.at(-1)).toEqual([6]);
  });

  it('are given up for good', () => {
    const { batch: messages, sent } = batch();
    messages.add(1);
    messages.clear();
    vi.advanceTimersByTime(100);
    expect(sent).toEqual([]);
    messages.add(2);
    vi.advanceTimersByTime(100);
    expect(sent).toEqual([[2]]);
  });
});
