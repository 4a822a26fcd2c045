import type { Plan, PlanException, PlanRoute } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState, Revision } from '../../migration-plans/revision/revision.ts';

/** `GET,POST /path` as a route of a plan. */
export function route(text: string, extra: Partial<PlanRoute> = {}): PlanRoute {
  const [methods, template] = text.split(' ') as [string, string];
  const list = methods.split(',');
  return {
    id: text,
    methods: list,
    template,
    effect: list.every((method) => ['GET', 'HEAD', 'OPTIONS'].includes(method)) ? 'read' : 'write',
    timeouts: { connectMs: 1000, headersMs: 5000, idleMs: 30_000, totalMs: 0 },
    shadow: true,
    ...extra,
  };
}

export function exception(text: string): PlanException {
  const [methods, template] = text.split(' ') as [string, string];
  return { methods: methods.split(','), template };
}

export function plan(capability: string, routes: (string | PlanRoute)[], extra: Partial<Plan> = {}): Plan {
  return {
    apiVersion: 'strangler/v1',
    capability,
    description: '',
    routes: routes.map((entry) => (typeof entry === 'string' ? route(entry) : entry)),
    service: { name: capability, namespace: undefined, scheme: 'http' },
    data: { stage: 'shared-database', tables: [] },
    stickyBy: [{ by: 'cookie', name: 'sid' }],
    readAfterWriteMs: 5000,
    shadow: {
      sampleBp: 10_000,
      noiseProbeBp: 2000,
      maxBodyBytes: 1024,
      timeoutMs: 1000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    },
    compare: { headers: undefined, rules: [] },
    redact: [],
    gates: {
      canary: { minCompared: 1, maxMismatchBp: 10, minComparedPerRoute: 1 },
      cutover: { minRequests: 1, maxErrorBp: 100, maxLatencyRatio: 2 },
      rollback: { auto: true, maxErrorBp: 200, minRequests: 50 },
    },
    rollout: { stepsBp: [500, 2500, 5000] },
    ...extra,
  };
}

export function state(extra: Partial<CapabilityState> = {}): CapabilityState {
  return {
    phase: 'monolith',
    weightBp: 0,
    owner: 'monolith',
    epoch: 1,
    killed: false,
    since: '2026-01-01T00:00:00.000Z',
    ...extra,
  };
}

export function revision(plans: Plan[], states: Record<string, CapabilityState> = {}): Revision {
  return {
    formatVersion: 1,
    number: 1,
    parent: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    actor: 'test',
    reason: '',
    plans: Object.fromEntries(plans.map((entry) => [entry.capability, entry])),
    states: Object.fromEntries(plans.map((entry) => [entry.capability, states[entry.capability] ?? state()])),
    digest: 'test',
  };
}
