import { isDeepStrictEqual } from 'node:util';
import { entryOf } from '../revision/entry.ts';
import { formatDuration, formatShare } from '../yaml/units.ts';
import type { Plan } from './plan.ts';
import {
  gateWords,
  mirrorWords,
  redactWords,
  ruleWords,
  serviceWords,
  shadowWords,
  stageWords,
  stickyWords,
  timeoutWords,
} from './words.ts';

export interface PlanChange {
  capability: string;
  kind: 'added' | 'removed' | 'changed';
  /** Part of the plan, such as `routes`; empty for a whole plan. */
  part: string;
  /** In plain words, such as `claims GET /products/:slug`. */
  message: string;
  /** Requests can go elsewhere, or be held to other limits, as soon as this is applied. */
  affectsTraffic: boolean;
}

/** What changes for traffic, evidence and gates between two sets of plans; order and spelling in the files do not matter. */
export function diffPlans(before: Record<string, Plan>, after: Record<string, Plan>): PlanChange[] {
  const capabilities = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return capabilities.flatMap((capability) => {
    const old = entryOf(before, capability);
    const now = entryOf(after, capability);
    if (old !== undefined && now !== undefined) return diffPlan(old, now);
    const plan = now ?? old!;
    const kind = now === undefined ? 'removed' : 'added';
    const verb = now === undefined ? 'no longer claims' : 'claims';
    const claimed = `${plan.routes.length} ${plan.routes.length === 1 ? 'route' : 'routes'}`;
    return [
      {
        capability,
        kind,
        part: '',
        message: `the plan is ${kind}: it ${verb} ${claimed}`,
        affectsTraffic: true,
      },
    ];
  });
}

/** Changes between two versions of one plan. */
export function diffPlan(old: Plan, now: Plan): PlanChange[] {
  const changes: PlanChange[] = [];
  const add = (part: string, affectsTraffic: boolean, ...messages: string[]): void => {
    for (const message of messages)
      changes.push({ capability: now.capability, kind: 'changed', part, message, affectsTraffic });
  };
  const replaced = (part: string, affectsTraffic: boolean, label: string, a: string, b: string): void => {
    if (a !== b) add(part, affectsTraffic, `${label}: ${b} (was: ${a})`);
  };
  add('routes', true, ...routeChanges(old, now));
  add(
    'except',
    true,
    ...listChanges(
      exceptions(old),
      exceptions(now),
      'leaves to the monolith',
      'no longer leaves to the monolith',
    ),
  );
  replaced('service', true, 'service', serviceWords(old.service), serviceWords(now.service));
  replaced('data', true, 'the service', stageWords(old.data), stageWords(now.data));
  add(
    'data',
    false,
    ...listChanges(old.data.tables, now.data.tables, 'owns the table', 'no longer owns the table'),
  );
  replaced('stickyBy', true, 'users are told apart by', stickyWords(old.stickyBy), stickyWords(now.stickyBy));
  replaced(
    'readAfterWrite',
    true,
    'reads after a write go to the owner for',
    formatDuration(old.readAfterWriteMs),
    formatDuration(now.readAfterWriteMs),
  );
  const [oldShadow, newShadow] = [shadowWords(old.shadow), shadowWords(now.shadow)];
  for (const [index, words] of newShadow.entries())
    replaced('shadow', false, 'shadow', oldShadow[index]!, words);
  if (!isDeepStrictEqual(old.shadow.headers, now.shadow.headers))
    add('shadow', false, 'other headers on mirrored requests');
  replaced('compare', false, 'compared headers', headerWords(old), headerWords(now));
  add(
    'compare',
    false,
    ...listChanges(
      old.compare.rules.map(ruleWords),
      now.compare.rules.map(ruleWords),
      'new rule:',
      'rule removed:',
    ),
  );
  add(
    'redact',
    false,
    ...listChanges(old.redact.map(redactWords), now.redact.map(redactWords), 'hides', 'no longer hides'),
  );
  const [oldGates, newGates] = [gateWords(old.gates), gateWords(now.gates)];
  for (const gate of ['canary', 'cutover', 'rollback'] as const)
    replaced('gates', false, gate, oldGates[gate], newGates[gate]);
  const steps = (plan: Plan): string => plan.rollout.stepsBp.map(formatShare).join(', ');
  replaced('rollout', false, 'steps', steps(old), steps(now));
  replaced(
    'description',
    false,
    'description',
    JSON.stringify(old.description),
    JSON.stringify(now.description),
  );
  return changes;
}

function routeChanges(old: Plan, now: Plan): string[] {
  const before = new Map(old.routes.map((route) => [route.id, route]));
  const after = new Map(now.routes.map((route) => [route.id, route]));
  const changed = [...after.values()].flatMap((route) => {
    const was = before.get(route.id);
    if (was === undefined) return [];
    const limits = (words: string, other: string): string[] =>
      words === other ? [] : [`${route.id}: ${words} (was: ${other})`];
    return [
      ...limits(route.effect === 'read' ? 'reads' : 'writes', was.effect === 'read' ? 'reads' : 'writes'),
      ...limits(mirrorWords(route), mirrorWords(was)),
      ...limits(timeoutWords(route.timeouts), timeoutWords(was.timeouts)),
    ];
  });
  return [...listChanges([...before.keys()], [...after.keys()], 'claims', 'no longer claims'), ...changed];
}

function listChanges(
  old: readonly string[],
  now: readonly string[],
  added: string,
  removed: string,
): string[] {
  return [
    ...now.filter((item) => !old.includes(item)).map((item) => `${added} ${item}`),
    ...old.filter((item) => !now.includes(item)).map((item) => `${removed} ${item}`),
  ];
}

function exceptions(plan: Plan): string[] {
  return (plan.except ?? []).map(({ methods, template }) => `${methods.join(',')} ${template}`);
}

function headerWords(plan: Plan): string {
  return plan.compare.headers === undefined ? 'the meaningful ones' : plan.compare.headers.join(', ');
}
