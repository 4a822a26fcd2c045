import type { DifferenceExample } from '../../../migration-plans/evidence/evidence.ts';

/** Changes nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Addresses are cut at this length when they are stored. */
const MAX_URL = 500;

/** Why a stored example cannot be sent again as it was; undefined: it can. */
export function whyNotSendable({
  method,
  url,
}: Pick<DifferenceExample, 'method' | 'url'>): string | undefined {
  if (!SAFE.has(method)) return `${method} may change data, so it is not sent again`;
  if (/«|%C2%AB/i.test(url)) return 'a part of its address was redacted';
  if (url.length >= MAX_URL) return 'its address was too long to be stored whole';
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(url)) return 'its address is not one that can be sent';
  return undefined;
}
