import type { Target } from '../migration-plans/revision/revision.ts';
import type { Decision } from '../migration-plans/routing/decision.ts';
import { makePin, pinCookie } from '../migration-plans/routing/pin.ts';
import type { CompiledRoute } from '../migration-plans/routing/table.ts';

/** How long an unkeyed client keeps its bucket. It is renewed when it has run out; a new epoch ends it at once. */
const STICKY_MS = 7 * 24 * 60 * 60 * 1000;

/** What of an exchange decides whether its answer sets a pin. */
export interface PinFacts {
  route: CompiledRoute;
  decision: Pick<Decision, 'reason' | 'bucket' | 'keyed'>;
  answeredBy: Target | undefined;
  status: number;
  now: number;
  secure: boolean;
}

/**
 * The `Set-Cookie` value that an answer carries so that the client's next requests fit this one; undefined for most. Only in canary are
 * there two targets to be consistent between.
 * - after a successful write, where the plan asks for it: reads go to the owner for `readAfterWriteMs`;
 * - for a client without any key of the plan: its bucket.
 */
export function pinFor(facts: PinFacts, secret: Uint8Array): string | undefined {
  const { route, decision, status, answeredBy, now } = facts;
  const { plan, state, capability } = route;
  if (state.phase !== 'canary' || state.killed || answeredBy === undefined || status < 200 || status >= 400) {
    return undefined;
  }
  if (route.route.effect === 'write') {
    if (plan.readAfterWriteMs === 0) return undefined;
    return cookie('wrote', 0, plan.readAfterWriteMs);
  }
  if (decision.reason !== 'bucket' || decision.keyed || decision.bucket < 0) return undefined;
  return cookie('sticky', decision.bucket, STICKY_MS);

  function cookie(kind: 'wrote' | 'sticky', value: number, lifeMs: number): string {
    const pin = makePin(kind, { capability, epoch: state.epoch, value, expires: now + lifeMs }, secret);
    const maxAge = Math.ceil(lifeMs / 1000);
    const secure = facts.secure ? '; Secure' : '';
    return `${pinCookie(kind, capability)}=${pin}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }
}
