import type { CapturedAnswer, Comparison } from '../../migration-plans/compare/answer.ts';
import { type CompareContext, compareAnswers } from '../../migration-plans/compare/compare.ts';
import { compileRules } from '../../migration-plans/compare/rules.ts';
import type { CompareRule, Plan } from '../../migration-plans/plan/plan.ts';

export const ROUTE = 'GET /things/:id';

/** A plan as the loader would give it, with what a test changes. */
export function planOf(changes: Partial<Plan> = {}): Plan {
  const timeouts = { connectMs: 1000, headersMs: 5000, idleMs: 5000, totalMs: 10_000 };
  return {
    apiVersion: 'strangler/v1',
    capability: 'things',
    description: '',
    routes: [
      { id: ROUTE, methods: ['GET'], template: '/things/:id', effect: 'read', timeouts, shadow: true },
    ],
    service: { name: 'things', namespace: undefined, scheme: 'http' },
    data: { stage: 'shared-database', tables: [] },
    stickyBy: [{ by: 'client-address' }],
    readAfterWriteMs: 0,
    shadow: {
      sampleBp: 10_000,
      noiseProbeBp: 500,
      maxBodyBytes: 1_000_000,
      timeoutMs: 5000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    },
    compare: { headers: undefined, rules: [] },
    redact: [],
    gates: {
      canary: { minCompared: 1000, maxMismatchBp: 50, minComparedPerRoute: 100 },
      cutover: { minRequests: 1000, maxErrorBp: 50, maxLatencyRatio: 1.5 },
      rollback: { auto: true, maxErrorBp: 200, minRequests: 100 },
    },
    rollout: { stepsBp: [100, 1000, 10_000] },
    ...changes,
  };
}

export function answer(
  body: string | Uint8Array,
  options: { type?: string; status?: number; headers?: string[] } = {},
): CapturedAnswer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return {
    status: options.status ?? 200,
    rawHeaders: ['Content-Type', options.type ?? 'application/json', ...(options.headers ?? [])],
    body: bytes,
    bodyHash: undefined,
    bodyBytes: bytes.length,
    headMs: 1,
    totalMs: 2,
  };
}

let nextRule = 1;

export function rule(
  at: CompareRule['at'],
  action: CompareRule['do'],
  changes: Partial<CompareRule> = {},
): CompareRule {
  return {
    id: `r${nextRule++}`,
    routes: [],
    at,
    do: action,
    reason: 'test',
    owner: 'qa',
    expires: undefined,
    ...changes,
  };
}

/** Context with these rules, as they stand on 1 January 2030. */
export function withRules(...rules: CompareRule[]): CompareContext {
  const plan = planOf({ compare: { headers: undefined, rules } });
  return { method: 'GET', rules: compileRules(plan, new Date('2030-01-01T00:00:00Z')).forRoute(ROUTE) };
}

export const PLAIN: CompareContext = { method: 'GET' };

/** Compares two documents written by JSON.stringify. */
export function compareJson(left: unknown, right: unknown, context: CompareContext = PLAIN): Comparison {
  return compareAnswers(answer(JSON.stringify(left)), answer(JSON.stringify(right)), context);
}

export function compareText(
  left: string,
  right: string,
  type: string,
  context: CompareContext = PLAIN,
): Comparison {
  return compareAnswers(answer(left, { type }), answer(right, { type }), context);
}

/** Kind, path and shape of each difference, for assertions. */
export function told(comparison: Comparison): string[] {
  return comparison.differences.map(({ kind, path, shape }) => `${kind} ${path} ${shape}`);
}
