import type { Target } from '../revision/revision.ts';
import { sign, verify } from './sign.ts';

/**
 * A tester's override: who holds the token is answered by `target` for one capability until it expires.
 * `<capability>.<target>.<expiry, seconds since the epoch, base 36>.<HMAC>`, in a header (one or several, separated by commas) or,
 * for browsers, in a cookie per capability. A capability's name has no dot, so the parts are unambiguous.
 */
export const OVERRIDE_HEADER = 'x-strangler-override';
export const OVERRIDE_COOKIE_PREFIX = 'strangler-override-';
/** Longest token that is looked at, and how many a header may carry: checking is bounded work whatever a client sends. */
const MAX_TOKEN_LENGTH = 160;
const MAX_TOKENS = 4;
const PURPOSE = 'override/v1';

export interface Override {
  capability: string;
  target: Target;
  /** Milliseconds since the epoch. */
  expires: number;
}

export function makeOverride(override: Override, secret: Uint8Array): string {
  const seconds = Math.ceil(override.expires / 1000);
  const text = `${override.capability}.${override.target}.${seconds.toString(36)}`;
  return `${text}.${sign(secret, PURPOSE, text)}`;
}

export function overrideCookie(capability: string): string {
  return OVERRIDE_COOKIE_PREFIX + capability;
}

/**
 * The target that a header or cookie value asks for, or undefined if it is not for this capability, forged, expired or malformed.
 * A request with a bad token is treated as one without: a guess learns nothing.
 */
export function checkOverride(
  value: string,
  capability: string,
  secret: Uint8Array,
  now: number,
): Target | undefined {
  if (value.length > MAX_TOKENS * (MAX_TOKEN_LENGTH + 2)) return undefined;
  for (const token of value.split(',', MAX_TOKENS)) {
    const target = checkToken(token.trim(), capability, secret, now);
    if (target !== undefined) return target;
  }
  return undefined;
}

function checkToken(token: string, capability: string, secret: Uint8Array, now: number): Target | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const parts = token.split('.');
  const [named, target, expiry, signature] = parts;
  if (parts.length !== 4 || named !== capability || expiry === undefined || signature === undefined)
    return undefined;
  if (target !== 'monolith' && target !== 'service') return undefined;
  if (!/^[0-9a-z]{1,9}$/.test(expiry) || Number.parseInt(expiry, 36) * 1000 <= now) return undefined;
  return verify(secret, PURPOSE, `${named}.${target}.${expiry}`, signature) ? target : undefined;
}
