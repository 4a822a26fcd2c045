import fc from 'fast-check';
import { expect, it } from 'vitest';
import { didYouMean, distance, nearest, unknownCapability } from '../../cli/terminal/suggest.ts';

const NAMES = ['reviews', 'catalog', 'orders', 'returns'];

it('offers what a slip of the finger explains, nearest first', () => {
  expect(nearest('reveiws', NAMES)).toEqual(['reviews']);
  expect(nearest('catalgo', NAMES)).toEqual(['catalog']);
  expect(nearest('rev', NAMES)).toEqual(['reviews']);
  expect(nearest('REVIEWS', NAMES)).toEqual(['reviews']);
});

it('offers nothing that was hardly meant', () => {
  expect(nearest('payments', NAMES)).toEqual([]);
  expect(didYouMean('payments', NAMES, 'none')).toBe('there is: reviews, catalog, orders, returns');
  expect(didYouMean('payments', [], 'there is no plan')).toBe('there is no plan');
});

it('counts a swap of neighbours as one slip', () => {
  expect(distance('ab', 'ba')).toBe(1);
  expect(distance('', 'abc')).toBe(3);
});

it('is a distance: zero only for the same, the same both ways', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(distance(a, b) === 0).toBe(a === b);
      expect(distance(a, b)).toBe(distance(b, a));
    }),
  );
});

it('makes an unknown capability a wrong usage', () => {
  expect(unknownCapability('reveiws', NAMES)).toMatchObject({
    code: 'CLI_UNKNOWN_CAPABILITY',
    exitCode: 2,
    remedy: 'did you mean reviews?',
  });
});
