import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEYED_MOST, KeyedOnce, keepNewest } from '../../edge-proxy/shadow/keyed-once.ts';
import { Slots } from '../../edge-proxy/shadow/slots.ts';

describe('slots', () => {
  it('give each thing back once by its number, and never the number of something under way', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 300 }), (steps) => {
        const slots = new Slots<object>();
        const model = new Map<number, object>();
        for (const step of steps) {
          if (step === null) {
            const item = {};
            const at = slots.add(item);
            expect(model.has(at)).toBe(false);
            model.set(at, item);
          } else {
            expect(slots.take(step)).toBe(model.get(step));
            model.delete(step);
          }
          expect(slots.size).toBe(model.size);
        }
        expect(new Set(slots.clear())).toEqual(new Set(model.values()));
        expect(slots.size).toBe(0);
      }),
    );
  });
});

describe('what is sent over a line once', () => {
  it('is known to the other side whenever it is named, however many there have been', () => {
    const once = new KeyedOnce<{ name: number }>();
    const known = new Map<number, { name: number }>();
    const values = Array.from({ length: KEYED_MOST * 2 }, (_, name) => ({ name }));
    let told = 0;
    const name = (value: { name: number }): void => {
      const key = once.keyOf(value);
      for (const [newKey, sent] of once.takeNew()) {
        told += 1;
        keepNewest(known, newKey, sent);
      }
      expect(known.get(key)).toBe(value);
    };
    for (const value of values) {
      name(value);
      name(value);
      name(values[Math.max(0, value.name - 1000)]!);
    }
    expect(known.size).toBeLessThanOrEqual(KEYED_MOST);
    expect(told).toBeLessThan(values.length * 1.3);
  });

  it('is sent again to another that knows nothing', () => {
    const once = new KeyedOnce<object>();
    const plan = {};
    once.keyOf(plan);
    expect(once.takeNew()).toHaveLength(1);
    once.keyOf(plan);
    expect(once.takeNew()).toHaveLength(0);
    once.clear();
    once.keyOf(plan);
    expect(once.takeNew()).toHaveLength(1);
  });
});
