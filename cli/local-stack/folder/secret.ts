import { randomBytes } from 'node:crypto';
import { chmodSync, statSync } from 'node:fs';
import { readText, writeFileAtomically } from './files.ts';

/**
 * The secret in a file that only its owner can read; made (256 random bits, base64url) when there is none. A file that others
 * can read is closed to them.
 */
export function readOrCreateSecret(path: string): string {
  const found = readSecret(path);
  if (found !== undefined) return found;
  writeFileAtomically(path, `${randomBytes(32).toString('base64url')}\n`, 0o600);
  return readSecret(path)!;
}

export function readSecret(path: string): string | undefined {
  const found = readText(path)?.trim();
  if (found === undefined || found === '') return undefined;
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return found;
}
