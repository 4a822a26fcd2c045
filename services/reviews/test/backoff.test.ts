import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pauseAfter } from '../src/registration/backoff.ts';

it('doubles, from a quarter of a second to half a minute', () => {
  expect([1, 2, 3, 4].map((failures) => pauseAfter(failures, 1))).toEqual([250, 500, 1000, 2000]);
  expect(pauseAfter(1000, 1)).toBe(30_000);
});

it('is spread over its upper half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const pause = pauseAfter(failures, random);
        expect(pause).toBeGreaterThanOrEqual(pauseAfter(failures, 1) / 2);
        expect(pause).toBeLessThanOrEqual(30_000);
      },
    ),
  );
});
