import { parseDuration, parseShare, parseSize } from '../yaml/units.ts';
import type { CompareRule, GatePlan, Plan, PlanRoute, PlanService, StickyKey, Timeouts } from './plan.ts';
import { parseRouteText, SAFE_METHODS } from './route-text.ts';
import type { PlanYaml, RuleYaml, ServiceYaml, TimeoutsYaml } from './schema.ts';

/**
 * A plan with where each of its routes was written: a route with reading and writing methods becomes two, since every decision and
 * measurement is about one or the other.
 */
export interface NormalisedPlan {
  plan: Plan;
  /** Index in the file's `routes` of each of the plan's routes. */
  routeOrigins: number[];
}

/** Fills in defaults and resolves units. `yaml` has passed its schema and its own rules. */
export function normalisePlan(yaml: PlanYaml): NormalisedPlan {
  const routes: PlanRoute[] = [];
  const routeOrigins: number[] = [];
  for (const [index, entry] of yaml.routes.entries()) {
    for (const route of normaliseRoute(entry, yaml.timeouts ?? {})) {
      routes.push(route);
      routeOrigins.push(index);
    }
  }
  const except = (yaml.except ?? []).flatMap((text) => {
    const parsed = parseRouteText(text);
    return 'problem' in parsed ? [] : [parsed];
  });
  const shadow = yaml.shadow ?? {};
  const plan: Plan = {
    apiVersion: yaml.apiVersion,
    capability: yaml.capability,
    description: yaml.description ?? '',
    routes,
    ...(except.length === 0 ? {} : { except }),
    service: service(yaml.service ?? { name: yaml.capability }),
    data: { stage: yaml.data?.stage ?? 'shared-database', tables: yaml.data?.tables ?? [] },
    stickyBy: (yaml.stickyBy ?? ['client-address']).map(stickyKey),
    readAfterWriteMs: parseDuration(yaml.readAfterWrite ?? '5s'),
    shadow: {
      sampleBp: parseShare(shadow.sample ?? '100%'),
      noiseProbeBp: parseShare(shadow.noiseProbe ?? '20%'),
      maxBodyBytes: parseSize(shadow.maxBody ?? '1MiB'),
      timeoutMs: parseDuration(shadow.timeout ?? '5s'),
      sandbox: shadow.sandbox && {
        service: service(shadow.sandbox.service),
        ...(shadow.sandbox.headers === undefined ? {} : { headers: { ...shadow.sandbox.headers } }),
      },
      headers: { monolith: { ...shadow.headers?.monolith }, service: { ...shadow.headers?.service } },
    },
    compare: {
      headers: yaml.compare?.headers?.map((name) => name.toLowerCase()),
      rules: compareRules(yaml.compare?.rules ?? [], yaml, routes, routeOrigins),
    },
    redact: (yaml.redact ?? []).map(onlyKey) as Plan['redact'],
    gates: gates(yaml.gates ?? {}),
    rollout: { stepsBp: (yaml.rollout?.steps ?? ['5%', '25%', '50%']).map(parseShare) },
  };
  return { plan, routeOrigins };
}

function normaliseRoute(entry: PlanYaml['routes'][number], planTimeouts: TimeoutsYaml): PlanRoute[] {
  const map = typeof entry === 'string' ? { route: entry } : entry;
  const parsed = parseRouteText(map.route);
  if ('problem' in parsed) return [];
  const timeouts = resolveTimeouts({ ...planTimeouts, ...map.timeouts });
  const routeOf = (methods: string[], effect: 'read' | 'write'): PlanRoute => ({
    id: `${methods.join(',')} ${parsed.template}`,
    methods,
    template: parsed.template,
    effect,
    timeouts,
    shadow: map.shadow ?? true,
    ...(map.sample === undefined ? {} : { sampleBp: parseShare(map.sample) }),
  });
  if (map.effect !== undefined) return [routeOf(parsed.methods, map.effect)];
  // "*" takes every method that nothing more precise takes, so the safe ones are split off.
  if (parsed.methods.includes('*')) return [routeOf([...SAFE_METHODS], 'read'), routeOf(['*'], 'write')];
  const reads = parsed.methods.filter((method) => SAFE_METHODS.includes(method));
  const writes = parsed.methods.filter((method) => !SAFE_METHODS.includes(method));
  return [
    ...(reads.length === 0 ? [] : [routeOf(reads, 'read')]),
    ...(writes.length === 0 ? [] : [routeOf(writes, 'write')]),
  ];
}

function resolveTimeouts(yaml: TimeoutsYaml): Timeouts {
  return {
    connectMs: parseDuration(yaml.connect ?? '2s'),
    headersMs: parseDuration(yaml.headers ?? '30s'),
    idleMs: parseDuration(yaml.idle ?? '60s'),
    totalMs: parseDuration(yaml.total ?? '0'),
  };
}

function service(yaml: ServiceYaml): PlanService {
  return { name: yaml.name, namespace: yaml.namespace, scheme: yaml.scheme ?? 'http' };
}

function stickyKey(yaml: NonNullable<PlanYaml['stickyBy']>[number]): StickyKey {
  if (typeof yaml === 'string') return { by: 'client-address' };
  return yaml.cookie === undefined
    ? { by: 'header', name: (yaml.header ?? '').toLowerCase() }
    : { by: 'cookie', name: yaml.cookie };
}

function compareRules(
  yaml: readonly RuleYaml[],
  plan: PlanYaml,
  routes: readonly PlanRoute[],
  origins: readonly number[],
): CompareRule[] {
  const taken = new Set<string>();
  return yaml.map((rule) => {
    const named = rule.id ?? defaultRuleId(rule);
    let id = named;
    for (let copy = 2; taken.has(id); copy++) id = `${named} (${copy})`;
    taken.add(id);
    return {
      id,
      routes: (rule.routes ?? []).flatMap((text) => routesNamed(text, plan, routes, origins)),
      at: onlyKey(rule.at) as CompareRule['at'],
      do: ruleAction(rule.do),
      reason: rule.reason,
      owner: rule.owner,
      expires: rule.expires,
    };
  });
}

/** Made from what the rule does and where, so that it survives reordering the list. */
export function defaultRuleId(rule: Pick<RuleYaml, 'at' | 'do'>): string {
  return `${rule.do.kind} ${rule.at.json ?? rule.at.html ?? rule.at.header?.toLowerCase() ?? ''}`;
}

/** The routes that a rule means by a text: one as written under `routes`, or the id of one that was split off it. */
export function routesNamed(
  text: string,
  plan: PlanYaml,
  routes: readonly PlanRoute[],
  origins: readonly number[],
): string[] {
  const index = plan.routes.findIndex((entry) => (typeof entry === 'string' ? entry : entry.route) === text);
  return routes
    .filter((route, position) => route.id === text || (index !== -1 && origins[position] === index))
    .map((route) => route.id);
}

function ruleAction(yaml: RuleYaml['do']): CompareRule['do'] {
  switch (yaml.kind) {
    case 'keyed':
      return { kind: 'keyed', by: yaml.by ?? '' };
    case 'tolerance':
      return { kind: 'tolerance', absolute: yaml.absolute ?? 0, relative: yaml.relative ?? 0 };
    case 'idMap':
      return { kind: 'idMap', map: yaml.map ?? '' };
    default:
      return { kind: yaml.kind };
  }
}

function gates(yaml: NonNullable<PlanYaml['gates']>): GatePlan {
  const { canary = {}, cutover = {}, rollback = {} } = yaml;
  return {
    canary: {
      minCompared: canary.minCompared ?? 200,
      maxMismatchBp: parseShare(canary.maxMismatch ?? '0.1%'),
      minComparedPerRoute: canary.minComparedPerRoute ?? 5,
    },
    cutover: {
      minRequests: cutover.minRequests ?? 200,
      maxErrorBp: parseShare(cutover.maxError ?? '1%'),
      maxLatencyRatio: cutover.maxLatencyRatio ?? 1.5,
    },
    rollback: {
      auto: rollback.auto ?? true,
      maxErrorBp: parseShare(rollback.maxError ?? '2%'),
      minRequests: rollback.minRequests ?? 50,
    },
  };
}

/** A map with one key that is set, as an ordinary object; header names in lower case. */
function onlyKey(yaml: Record<string, string | undefined>): Record<string, string> {
  const [key, value] = Object.entries(yaml).find(([, text]) => text !== undefined) ?? ['', ''];
  return { [key]: key === 'header' ? (value ?? '').toLowerCase() : (value ?? '') };
}
