import type { StickyKey } from '../plan/plan.ts';
import type { Target } from '../revision/revision.ts';
import { bucketOf } from './bucket.ts';
import type { Decision, DecisionReason, EdgeFacts, RequestFacts } from './decision.ts';
import { checkOverride, OVERRIDE_HEADER } from './override.ts';
import { checkPin } from './pin.ts';
import type { CompiledRoute } from './table.ts';

/** What most requests come to, made once. */
const MONOLITH_BY_PHASE = decided('monolith', 'phase');
const SERVICE_BY_PHASE = decided('service', 'phase');
const SERVICE_ELSE_MONOLITH = decided('service', 'phase', true);

/**
 * Who answers a claimed request. Order: kill switch, authenticated tester override, the owner for a write, phase,
 * read-your-writes pin, sticky pin, bucket. Pure; looks a header or cookie up only when the answer depends on it.
 */
export function decide(route: CompiledRoute, request: RequestFacts, edge: EdgeFacts): Decision {
  const { state, plan } = route;
  const write = route.route.effect === 'write';
  if (state.killed) return decided('monolith', 'kill-switch');
  if (edge.secret !== undefined) {
    const target = overrideOf(route, request, edge, edge.secret);
    // The database refuses writes of the one that is not the owner once the data has moved; an override is no way around it.
    const refused = write && target !== state.owner && plan.data.stage === 'own-database';
    if (target !== undefined && !refused && canAnswer(target, route, edge))
      return decided(target, 'override');
  }
  // Where both targets work on one database, a write that never reached the service may as well be done by the monolith.
  if (write)
    return decided(
      state.owner,
      'owner',
      state.owner === 'service' && state.phase === 'cutover' && plan.data.stage === 'shared-database',
    );
  const mayFallBack = isSafe(request.method);
  switch (state.phase) {
    case 'monolith':
    case 'shadow':
      return MONOLITH_BY_PHASE;
    case 'cutover':
      return mayFallBack ? SERVICE_ELSE_MONOLITH : SERVICE_BY_PHASE;
    case 'retired':
      return SERVICE_BY_PHASE;
    case 'canary':
      return share(route, request, edge, mayFallBack);
  }
}

function share(route: CompiledRoute, request: RequestFacts, edge: EdgeFacts, mayFallBack: boolean): Decision {
  const { state, capability, plan, cookies } = route;
  const { secret } = edge;
  let bucket = -1;
  let reason: DecisionReason = 'bucket';
  let keyed = true;
  if (secret !== undefined) {
    const expected = { capability, epoch: state.epoch };
    const wrote = plan.readAfterWriteMs === 0 ? undefined : request.cookie(cookies.wrote);
    if (wrote !== undefined && checkPin('wrote', wrote, expected, secret, edge.now) !== undefined)
      return decided(state.owner, 'read-your-writes');
    const sticky = request.cookie(cookies.sticky);
    const pinned = sticky === undefined ? undefined : checkPin('sticky', sticky, expected, secret, edge.now);
    if (pinned !== undefined) {
      bucket = pinned;
      reason = 'sticky-pin';
    }
  }
  if (bucket === -1) {
    const unit = unitKey(plan.stickyBy, request);
    bucket = bucketOf(capability, unit.key);
    keyed = unit.keyed;
  }
  // A target that cannot answer loses its users at once, and its share comes back by the same bucket.
  const toService = bucket < state.weightBp && edge.serviceAvailable;
  return {
    target: toService ? 'service' : 'monolith',
    reason,
    mayFallBack: toService && mayFallBack,
    bucket,
    keyed,
  };
}

/**
 * The first key of the plan that the request carries. Without any, the client address, so that the decision stays the same from
 * request to request even then.
 */
export function unitKey(
  stickyBy: readonly StickyKey[],
  request: RequestFacts,
): { key: string; keyed: boolean } {
  for (const sticky of stickyBy) {
    if (sticky.by === 'client-address') return { key: request.clientAddress, keyed: true };
    const value = sticky.by === 'cookie' ? request.cookie(sticky.name) : request.header(sticky.name);
    if (value !== undefined && value !== '') return { key: value, keyed: true };
  }
  return { key: request.clientAddress, keyed: false };
}

function overrideOf(
  route: CompiledRoute,
  request: RequestFacts,
  edge: EdgeFacts,
  secret: Uint8Array,
): Target | undefined {
  const { capability } = route;
  const header = request.header(OVERRIDE_HEADER);
  if (header !== undefined) {
    const target = checkOverride(header, capability, secret, edge.now);
    if (target !== undefined) return target;
  }
  const cookie = request.cookie(route.cookies.override);
  return cookie === undefined ? undefined : checkOverride(cookie, capability, secret, edge.now);
}

function canAnswer(target: Target, route: CompiledRoute, edge: EdgeFacts): boolean {
  return target === 'service' ? edge.serviceAvailable : route.state.phase !== 'retired';
}

/** Safe methods of RFC 9110 section 9.2.1: a second attempt at another target changes nothing. */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function decided(target: Target, reason: DecisionReason, mayFallBack = false): Decision {
  return { target, reason, mayFallBack, bucket: -1, keyed: false };
}
