import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** `scrypt$<cost>$<block size>$<salt>$<hash>`: the parameters travel with the hash, so old ones keep working. */
export function hashPassword(password: string, cost = 16384, blockSize = 8, salt = randomBytes(12)): string {
  const hash = scryptSync(password, salt, 32, { N: cost, r: blockSize, p: 1 });
  return `scrypt$${cost}$${blockSize}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

export function verifyPassword(password: string, stored: string): boolean {
  const [kind, cost, blockSize, salt = '', hash = ''] = stored.split('$');
  if (kind !== 'scrypt') return false;
  const expected = Buffer.from(hash, 'base64url');
  const options = { N: Number(cost), r: Number(blockSize), p: 1 };
  const actual = scryptSync(password, Buffer.from(salt, 'base64url'), expected.length, options);
  return timingSafeEqual(actual, expected);
}
