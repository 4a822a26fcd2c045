import type { Plan, PlanRoute, ShadowPlan } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState } from '../../migration-plans/revision/revision.ts';
import { decisionCookies } from '../../migration-plans/routing/compile.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';

/** A route in shadow, everything mirrored, with what a test changes about it. */
export function compiledRoute(
  changes: {
    shadow?: Partial<ShadowPlan>;
    route?: Partial<PlanRoute>;
    state?: Partial<CapabilityState>;
  } = {},
): CompiledRoute {
  const route: PlanRoute = {
    id: 'GET /items/:id',
    methods: ['GET'],
    template: '/items/:id',
    effect: 'read',
    timeouts: { connectMs: 1000, headersMs: 5000, idleMs: 0, totalMs: 0 },
    shadow: true,
    ...changes.route,
  };
  const plan: Plan = {
    apiVersion: 'strangler/v1',
    capability: 'items',
    description: '',
    routes: [route],
    service: { name: 'items', namespace: undefined, scheme: 'http' },
    data: { stage: 'shared-database', tables: [] },
    stickyBy: [{ by: 'client-address' }],
    readAfterWriteMs: 0,
    shadow: {
      sampleBp: 10_000,
      noiseProbeBp: 0,
      maxBodyBytes: 1_000_000,
      timeoutMs: 5000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
      ...changes.shadow,
    },
    compare: { headers: undefined, rules: [] },
    redact: [],
    gates: {
      canary: { minCompared: 1, maxMismatchBp: 0, minComparedPerRoute: 1 },
      cutover: { minRequests: 1, maxErrorBp: 0, maxLatencyRatio: 2 },
      rollback: { auto: false, maxErrorBp: 0, minRequests: 1 },
    },
    rollout: { stepsBp: [500] },
  };
  const state: CapabilityState = {
    phase: 'shadow',
    weightBp: 0,
    owner: 'monolith',
    epoch: 1,
    killed: false,
    since: '2026-01-01T00:00:00.000Z',
    ...changes.state,
  };
  return {
    index: 0,
    capability: 'items',
    plan,
    route,
    state,
    cookies: decisionCookies('items'),
    serviceKey: 'shop/items',
  };
}
