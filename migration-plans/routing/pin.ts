import { BUCKETS } from './bucket.ts';
import { sign, verify } from './sign.ts';

/**
 * Pins make a client's next requests consistent with its last ones without any state in the edges: short signed cookies, one of
 * each kind per capability: `<epoch>.<value>.<expiry, seconds since the epoch>.<HMAC>`, numbers in base 36.
 * A pin of another epoch is void: rolling back forgets them all.
 *
 * - `wrote`: the client has just written; until it expires its reads go to the owner of the data.
 * - `sticky`: the bucket that an unkeyed client got. It pins the bucket and not the target, so that shares stay fair and nested when the
 *   weight changes, and a client that later gets a key (logs in) does not change sides.
 */
export type PinKind = 'wrote' | 'sticky';

export interface Pin {
  capability: string;
  epoch: number;
  /** `sticky`: bucket 0–9999; `wrote`: 0. */
  value: number;
  /** Milliseconds since the epoch. */
  expires: number;
}

const MAX_PIN_LENGTH = 64;
const PIN = /^([0-9a-z]{1,9})\.([0-9a-z]{1,3})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{22})$/;

export function pinCookie(kind: PinKind, capability: string): string {
  return `strangler-${kind}-${capability}`;
}

export function makePin(kind: PinKind, pin: Pin, secret: Uint8Array): string {
  const seconds = Math.ceil(pin.expires / 1000);
  const text = `${pin.epoch.toString(36)}.${pin.value.toString(36)}.${seconds.toString(36)}`;
  return `${text}.${sign(secret, purpose(kind, pin.capability), text)}`;
}

/** The value of a pin that holds now; undefined if it is forged, malformed, expired or of another epoch. */
export function checkPin(
  kind: PinKind,
  cookie: string,
  expected: { capability: string; epoch: number },
  secret: Uint8Array,
  now: number,
): number | undefined {
  if (cookie.length > MAX_PIN_LENGTH) return undefined;
  const parts = PIN.exec(cookie);
  if (parts === null) return undefined;
  const [, epoch, value, expiry, signature] = parts as unknown as [string, string, string, string, string];
  if (Number.parseInt(epoch, 36) !== expected.epoch || Number.parseInt(expiry, 36) * 1000 <= now)
    return undefined;
  const number = Number.parseInt(value, 36);
  if (number >= BUCKETS) return undefined;
  const text = cookie.slice(0, -signature.length - 1);
  return verify(secret, purpose(kind, expected.capability), text, signature) ? number : undefined;
}

function purpose(kind: PinKind, capability: string): string {
  return `pin/v1/${kind}/${capability}`;
}
