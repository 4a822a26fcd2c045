import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { ForwardingHeaders } from '../forward/forwarding-headers.ts';
import { toRawHeaders } from '../forward/response-head.ts';
import { asForwarded } from './as-forwarded.ts';
import { bytesOf } from './capture.ts';
import type { ComparisonJob } from './comparison-desk.ts';
import { ENDLESS_FACTOR } from './limits.ts';
import type { MirrorCall } from './mirror-client.ts';
import { type CopyTarget, mirrorHeaders } from './mirror-headers.ts';
import type { Outcome, SentCopy } from './mirror-thread.ts';

export interface MirroringParts {
  /** `http://host:port` */
  monolithUrl: string;
  /** What the edge adds to requests: a copy gets it too. */
  forwarding: ForwardingHeaders;
  /** Never rejects. `expired`: no connection came free within `mayWaitMs`, so it was not sent. */
  send(call: MirrorCall, mayWaitMs: number): Promise<ShadowAnswer | 'expired'>;
  /** Whether something differs that `confirm` must be asked about; undefined: the comparison was lost. */
  compare(id: number, plan: Plan, job: ComparisonJob, urgent: boolean): Promise<boolean | undefined>;
  /** Ends a suspicious comparison. `again`: the monolith's answer now; undefined: not asked. Undefined as with `compare`. */
  confirm(id: number, again: ShadowAnswer | undefined): Promise<boolean | undefined>;
  /** Whether the monolith may be asked once more. */
  mayConfirm(): boolean;
  /** Copies are given up. */
  stopped(): boolean;
}

/** Mirrors one request: the copy, beside it a noise probe, the comparison, and where something differs a second look. */
export async function mirror(copy: SentCopy, plan: Plan, parts: MirroringParts): Promise<Outcome> {
  const { id, sandboxed, mayWaitMs } = copy;
  const { timeoutMs, headers, sandbox } = plan.shadow;
  const send = (
    origin: string,
    target: CopyTarget,
    overrides: Readonly<Record<string, string | null>>,
    mayWait: number,
  ): Promise<ShadowAnswer | 'expired'> =>
    parts.send(callOf(copy, plan, parts.forwarding, origin, target, overrides), mayWait);
  const toMirror = () =>
    sandboxed
      ? send(copy.origin, 'sandbox', sandbox?.headers ?? {}, mayWaitMs)
      : send(copy.origin, 'service', headers.service, mayWaitMs);
  const toMonolith = (mayWait: number) => send(parts.monolithUrl, 'monolith', headers.monolith, mayWait);

  // Both go out at once. Which goes first is left to chance, so that neither always finds warmer caches.
  const before = copy.probe === 'first' ? toMonolith(mayWaitMs) : undefined;
  const answering = toMirror();
  const after = copy.probe === 'last' ? toMonolith(mayWaitMs) : undefined;
  const [right, probe] = await Promise.all([answering, before ?? after]);
  if (parts.stopped()) return 'stopped';
  if (right === 'expired') return 'expired';

  const suspicious = await parts.compare(id, plan, jobOf(copy, right, answerOf(probe)), sandboxed);
  if (suspicious === undefined) return 'lost';
  if (suspicious) {
    // Between the user's answer and the copy somebody may have changed the data. Asking the monolith once more tells: what
    // now agrees with the service was a change in between, what still differs is a difference.
    // However old the copy is by now: a difference that nobody looked at twice may be none.
    const again = parts.mayConfirm() ? await toMonolith(timeoutMs) : undefined;
    const filed = await parts.confirm(id, parts.stopped() ? undefined : answerOf(again));
    if (filed === undefined) return 'lost';
  }
  return 'failure' in right ? 'failed' : 'compared';
}

function callOf(
  { method, url, rawHeaders, peer, body, left }: SentCopy,
  { shadow: { maxBodyBytes, timeoutMs } }: Plan,
  forwarding: ForwardingHeaders,
  origin: string,
  target: CopyTarget,
  overrides: Readonly<Record<string, string | null>>,
): MirrorCall {
  return {
    origin,
    method,
    url,
    headers: mirrorHeaders(asForwarded(url, rawHeaders, peer, forwarding), target, overrides),
    ...(body === undefined || body.length === 0 ? {} : { body }),
    maxBodyBytes,
    endlessBytes: Math.max(maxBodyBytes, left.bodyBytes) * ENDLESS_FACTOR,
    timeoutMs,
  };
}

/** Of a write's body, how much is looked through for values that the client named. */
const NAMED_BYTES = 65_536;

function jobOf(
  { body, routeId, epoch, serviceVersion, method, url, at, traceId, left, sandboxed }: SentCopy,
  right: ShadowAnswer,
  probe: ShadowAnswer | undefined,
): ComparisonJob {
  const requestBody = body && Buffer.from(body.subarray(0, NAMED_BYTES)).toString('utf8');
  const { headerLines, ...captured } = left;
  return {
    ...{ epoch, serviceVersion, routeId, method, url, traceId, right, sandboxed, requestBody, probe },
    time: new Date(at).toISOString(),
    left: { ...captured, body: bytesOf(captured.body), rawHeaders: toRawHeaders(headerLines) },
  };
}

function answerOf(outcome: ShadowAnswer | 'expired' | undefined): ShadowAnswer | undefined {
  return outcome === 'expired' ? undefined : outcome;
}
