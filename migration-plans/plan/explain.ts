import { formatDuration, formatShare } from '../yaml/units.ts';
import type { Plan, PlanRoute } from './plan.ts';
import {
  gateWords,
  redactWords,
  routeWords,
  ruleWords,
  serviceWords,
  shadowWords,
  stageWords,
  stickyWords,
  timeoutWords,
} from './words.ts';

/** A plan in plain words, for `plan show`: several lines, no colours, ends without a line end. */
export function explain(plan: Plan): string {
  const gates = gateWords(plan.gates);
  const tables = plan.data.tables.length === 0 ? [] : [`tables: ${plan.data.tables.join(', ')}`];
  const sections: [string, string[]][] = [
    ['Claims', plan.routes.map(routeWords)],
    ['But not', (plan.except ?? []).map(({ methods, template }) => `${methods.join(',')} ${template}`)],
    ['Service', [`${serviceWords(plan.service)}; it ${stageWords(plan.data)}`, ...tables]],
    ['Time limits', timeLimits(plan.routes)],
    ['Shadow', shadowWords(plan.shadow)],
    ['Compared headers', plan.compare.headers ?? []],
    ['Differences that are right', plan.compare.rules.map(ruleWords)],
    ['Hidden in evidence', ['credentials and personal data', ...plan.redact.map(redactWords)]],
    ['Canary', [`opens with ${gates.canary}`, `steps ${steps(plan)}`, ...canary(plan)]],
    ['Cutover', [`opens with ${gates.cutover}`]],
    ['Rollback', [gates.rollback]],
  ];
  const title = plan.description === '' ? plan.capability : `${plan.capability}: ${plan.description}`;
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) => `${heading}\n${lines.map((line) => `  ${line}`).join('\n')}`);
  return [title, ...body].join('\n\n');
}

function steps(plan: Plan): string {
  return plan.rollout.stepsBp.map(formatShare).join(', ');
}

function canary(plan: Plan): string[] {
  const pinned =
    plan.readAfterWriteMs === 0
      ? 'a client that has written reads from anywhere'
      : `a client that has written reads from the owner for ${formatDuration(plan.readAfterWriteMs)}`;
  return [`users are told apart by ${stickyWords(plan.stickyBy)}`, pinned];
}

/** One line where all routes have the same limits, else one per set of limits. */
function timeLimits(routes: readonly PlanRoute[]): string[] {
  const groups = Map.groupBy(routes, (route) => timeoutWords(route.timeouts));
  if (groups.size === 1) return [...groups.keys()];
  return [...groups].map(([words, group]) => `${words}: ${group.map((route) => route.id).join('; ')}`);
}
