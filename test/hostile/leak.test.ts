import { expect, it } from 'vitest';
import { hostileExchanges } from './support/leak.ts';

const MIB = 1_048_576;

it('thousands of hostile exchanges leave nothing behind and disturb nobody', async () => {
  const { before, after, good } = await hostileExchanges({ exchanges: 2_000 });
  expect(good.failed).toBe(0);
  expect(good.requests).toBeGreaterThan(10);
  expect(after).toMatchObject({ inFlight: 0, connections: 0 });
  // The pool to the origin breathes; a leak would be one for each exchange.
  expect(after.descriptors - before.descriptors).toBeLessThan(30);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(6 * MIB);
});
