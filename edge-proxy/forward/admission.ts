import { type ForwardingHeaders, MAX_VIA_HOPS, ownHops } from './forwarding-headers.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { RequestHead } from './request-head.ts';

/**
 * Why the edge does not pass on a request whose head is in order; undefined: it does. `upgrade`: it came as a request for another
 * protocol. `maxRequestBytes` 0: unlimited. Pure.
 */
export function refusalOf(
  head: RequestHead,
  upgrade: boolean,
  maxRequestBytes: number,
  { via }: ForwardingHeaders,
): OwnAnswer | undefined {
  if (head.via !== undefined && via !== undefined && ownHops(head.via, via) >= MAX_VIA_HOPS)
    return { status: 508, code: 'loop' };
  if (maxRequestBytes > 0 && head.contentLength > maxRequestBytes)
    return { status: 413, code: 'request-too-large' };
  if (upgrade && (head.contentLength !== 0 || head.upgrade === undefined))
    return { status: 400, code: 'bad-upgrade' };
  return undefined;
}
