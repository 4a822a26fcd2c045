/**
 * Where trial requests come from. Applications count how often an address asks, and a gate asks more often than a person: each
 * request comes from a loopback address of its own, the same for the monolith and the service. Pure.
 */
import type { TrialRequest } from './requests.ts';

/** `127.x.y.z`, by what is asked, what for and who asks; never 127.0.0.1. */
export function callerOf({
  method,
  url,
  name,
  as = '',
}: Pick<TrialRequest, 'method' | 'url' | 'name' | 'as'>): string {
  let hash = 0x811c9dc5;
  // FNV-1a: the same on every machine, so that recorded exchanges say the same.
  for (const character of `${as} ${method} ${url.split('?')[0]} ${name}`)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `127.${1 + ((hash >>> 16) % 254)}.${(hash >>> 8) & 0xff}.${1 + (hash % 254)}`;
}

/** Only on the loopback there is a choice. */
export function isLoopback(origin: string): boolean {
  return /^127\.|^localhost$/.test(new URL(origin).hostname);
}
