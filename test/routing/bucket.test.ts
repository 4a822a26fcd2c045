import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, murmur3 } from '../../migration-plans/routing/bucket.ts';

/** Pearson's statistic of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('the hash', () => {
  // Vectors of MurmurHash3_x86_32: SMHasher and its well-known ports.
  it.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['\u0000\u0000\u0000\u0000', 0, 0x2362f9de],
    ['\u0000', 0, 0x514e28b7],
    ['!Ce\u0087', 0, 0xf55b516b],
    ['!Ce\u0087', 0x5082edee, 0x2362f9de],
    ['!Ce', 0, 0x7e4a8634],
    ['!C', 0, 0xa0f7b07a],
    ['!', 0, 0x72661cf4],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['abc', 0, 0xb3dd93fa],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('of %j with seed %d is %d', (text, seed, hash) => expect(murmur3(text, seed)).toBe(hash));

  it('takes wide text as UTF-8', () => {
    for (const text of ['żółw', '漢字', 'a😀b'])
      expect(murmur3(text, 3)).toBe(murmur3(Buffer.from(text).toString('latin1'), 3));
  });
});

describe('a bucket', () => {
  it('is one of 10 000, the same each time, and needs nothing but the key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (capability, key) => {
        const bucket = bucketOf(capability, key);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKETS).toBe(true);
        expect(bucketOf(capability, key)).toBe(bucket);
      }),
    );
  });

  it.each([
    ['counting sessions', (n: number) => `session-${n}`],
    ['addresses', (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`],
    ['hexadecimal ids', (n: number) => (n * 2_654_435_761).toString(16).padStart(16, '0')],
  ])('is evenly spread over %s', (_, key) => {
    const counts = new Array<number>(100).fill(0);
    for (let n = 0; n < 100_000; n++) counts[Math.floor(bucketOf('reviews', key(n)) / 100)]!++;
    // 99 degrees of freedom: 149 is exceeded by chance once in a thousand. The keys are fixed, so this cannot flicker.
    expect(chiSquare(counts)).toBeLessThan(149);
  });

  it('of one capability says nothing of another', () => {
    for (const [first, second] of [
      ['reviews', 'orders'],
      ['a', 'b'],
      ['cap-1', 'cap-2'],
    ] as const) {
      const counts = new Array<number>(100).fill(0);
      for (let n = 0; n < 50_000; n++) {
        const cell =
          Math.floor(bucketOf(first, `s${n}`) / 1000) * 10 + Math.floor(bucketOf(second, `s${n}`) / 1000);
        counts[cell]!++;
      }
      expect(chiSquare(counts)).toBeLessThan(149);
    }
  });

  it('keeps whoever is in a share in every larger one, and the shares are as large as asked for', () => {
    const users = Array.from({ length: 20_000 }, (_, n) => bucketOf('reviews', `user-${n}`));
    let before = new Set<number>();
    for (const weight of [0, 1, 500, 2500, 5000, 10_000]) {
      const inside = new Set(users.flatMap((bucket, user) => (bucket < weight ? [user] : [])));
      expect([...before].every((user) => inside.has(user))).toBe(true);
      expect(Math.abs(inside.size / users.length - weight / 10_000)).toBeLessThan(0.01);
      before = inside;
    }
  });
});
