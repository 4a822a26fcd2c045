import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRange } from '../src/modules/catalog/byte-range.ts';

it.each([
  [undefined, { kind: 'whole' }],
  ['bytes=0-9', { kind: 'part', start: 0, end: 9 }],
  ['bytes=90-', { kind: 'part', start: 90, end: 99 }],
  ['bytes=90-1000', { kind: 'part', start: 90, end: 99 }],
  ['bytes=-10', { kind: 'part', start: 90, end: 99 }],
  ['bytes=-1000', { kind: 'part', start: 0, end: 99 }],
  ['bytes=100-', { kind: 'unsatisfiable' }],
  ['bytes=-0', { kind: 'unsatisfiable' }],
  ['bytes=9-3', { kind: 'whole' }],
  ['bytes=0-1,3-4', { kind: 'whole' }],
  ['lines=0-1', { kind: 'whole' }],
  ['bytes=-', { kind: 'whole' }],
] as const)('%s of 100 bytes', (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});

it('never leaves the content, whatever is asked for', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 0, max: 1000 }),
      fc.nat(),
      fc.nat(),
      (junk, size, from, to) => {
        for (const header of [junk, `bytes=${junk}`, `bytes=${from}-${to}`, `bytes=-${from}`]) {
          const range = parseRange(header, size);
          if (range.kind !== 'part') continue;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThanOrEqual(range.start);
          expect(range.end).toBeLessThan(size);
        }
      },
    ),
  );
});
