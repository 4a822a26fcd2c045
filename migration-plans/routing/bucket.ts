/** Shares are counted in basis points, and buckets are their grain: 10 000 = all. */
export const BUCKETS = 10_000;

/**
 * The bucket (0–9999) of a unit key within a capability. A unit is in a share when its bucket is below the share's basis points,
 * so a unit that is in at 5 % stays in at 25 %, on every edge, without coordination. The capability seeds the hash: being in the
 * canary of one says nothing of another. 2³² is no multiple of 10 000; the bias (2 parts in a million) does not matter here.
 */
export function bucketOf(capability: string, unitKey: string): number {
  return murmur3(unitKey, murmur3(capability, 0)) % BUCKETS;
}

/**
 * MurmurHash3, x86 32-bit variant, of Austin Appleby (public domain), over the text's bytes. Header values reach us as Latin-1,
 * one character a byte; a text with wider characters is hashed as UTF-8. Not for secrets: it is fast and even, nothing more.
 */
export function murmur3(text: string, seed: number): number {
  const length = text.length;
  let hash = seed | 0;
  const blocks = length - (length % 4);
  let wide = 0;
  for (let at = 0; at < blocks; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    wide |= a | b | c | d;
    hash ^= scramble(a | (b << 8) | (c << 16) | (d << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = length - 1; at >= blocks; at--) {
    const code = text.charCodeAt(at);
    wide |= code;
    rest = (rest << 8) | code;
  }
  if (wide > 0xff) return murmur3(Buffer.from(text, 'utf8').toString('latin1'), seed);
  if (length !== blocks) hash ^= scramble(rest);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
