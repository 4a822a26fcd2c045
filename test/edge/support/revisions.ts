import type { Plan, PlanRoute } from '../../../migration-plans/plan/plan.ts';
import { digestOf } from '../../../migration-plans/revision/digest.ts';
import type { CapabilityState, Revision } from '../../../migration-plans/revision/revision.ts';

export function planRoute(method: string, template: string, over: Partial<PlanRoute> = {}): PlanRoute {
  return {
    id: `${method} ${template}`,
    methods: [method],
    template,
    effect: ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'read' : 'write',
    timeouts: { connectMs: 500, headersMs: 2_000, idleMs: 2_000, totalMs: 0 },
    shadow: true,
    ...over,
  };
}

export function plan(capability: string, routes: PlanRoute[], over: Partial<Plan> = {}): Plan {
  return {
    apiVersion: 'strangler/v1',
    capability,
    description: capability,
    routes,
    service: { name: capability, namespace: undefined, scheme: 'http' },
    data: { stage: 'shared-database', tables: [] },
    stickyBy: [{ by: 'header', name: 'x-user' }],
    readAfterWriteMs: 0,
    shadow: {
      sampleBp: 0,
      noiseProbeBp: 0,
      maxBodyBytes: 65_536,
      timeoutMs: 1_000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    },
    compare: { headers: undefined, rules: [] },
    redact: [],
    gates: {
      canary: { minCompared: 1, maxMismatchBp: 100, minComparedPerRoute: 0 },
      cutover: { minRequests: 1, maxErrorBp: 100, maxLatencyRatio: 2 },
      rollback: { auto: false, maxErrorBp: 1_000, minRequests: 10 },
    },
    rollout: { stepsBp: [500, 10_000] },
    ...over,
  };
}

export function state(over: Partial<CapabilityState> = {}): CapabilityState {
  return {
    phase: 'monolith',
    weightBp: 0,
    owner: 'monolith',
    epoch: 1,
    killed: false,
    since: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

export function revision(number: number, entries: { plan: Plan; state: CapabilityState }[]): Revision {
  const plans = Object.fromEntries(entries.map((entry) => [entry.plan.capability, entry.plan]));
  const states = Object.fromEntries(entries.map((entry) => [entry.plan.capability, entry.state]));
  return {
    formatVersion: 1,
    number,
    parent: number === 1 ? null : number - 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    actor: 'test',
    reason: 'test',
    plans,
    states,
    digest: digestOf({ plans, states }),
  };
}

/** The usual case: reviews, with one read and one write route. */
export function reviews(
  number: number,
  over: Partial<CapabilityState> = {},
  planOver: Partial<Plan> = {},
): Revision {
  const routes = [planRoute('GET', '/reviews/:id'), planRoute('POST', '/reviews')];
  return revision(number, [{ plan: plan('reviews', routes, planOver), state: state(over) }]);
}
