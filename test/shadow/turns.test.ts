import { describe, expect, it } from 'vitest';
import { Turns } from '../../edge-proxy/shadow/turns.ts';

function world() {
  const clock = { now: 0 };
  const turns = new Turns(2, () => clock.now);
  const told: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (name: string, target = 'a', mayWaitMs = 100): void =>
    turns.take(target, mayWaitMs, (inTime) => {
      told.push(inTime ? name : `${name} too late`);
      return inTime ? new Promise<void>((resolve) => ends.set(name, resolve)) : undefined;
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, told, take, end };
}

describe('turns', () => {
  it('are so many at a time for each target, in the order in which they were asked for', async () => {
    const { told, take, end } = world();
    for (const name of ['one', 'two', 'three', 'four']) take(name);
    take('other', 'b');
    expect(told).toEqual(['one', 'two', 'other']);
    await end('two');
    expect(told.at(-1)).toBe('three');
    await end('one');
    expect(told.at(-1)).toBe('four');
  });

  it('that come too late take nobody’s place', async () => {
    const { clock, told, take, end } = world();
    for (const name of ['one', 'two']) take(name);
    take('late', 'a', 5);
    take('patient', 'a', 50);
    clock.now = 6;
    await end('one');
    expect(told).toEqual(['one', 'two', 'late too late', 'patient']);
  });
});
