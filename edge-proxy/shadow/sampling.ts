/** All of something, in basis points. */
const BASIS_POINTS = 10_000;

/**
 * Whether the holder of this bucket is mirrored at this share. The same person always gives the same answer, and whoever is in at
 * 5 % is in at 10 % too. Buckets are permuted first: the canary takes the lowest ones, and would otherwise leave
 * the sample nobody whom the monolith still answers.
 */
export function isSampled(bucket: number, sampleBp: number): boolean {
  return permutedBucket(bucket) < sampleBp;
}

/** A permutation of 0–9999: multiplication by a number coprime with 10 000, and an offset. */
export function permutedBucket(bucket: number): number {
  return (bucket * 7919 + 3571) % BASIS_POINTS;
}
