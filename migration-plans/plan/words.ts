import { formatDuration, formatShare, formatSize } from '../yaml/units.ts';
import type { CompareRule, Plan, PlanRoute, PlanService, RedactRule, StickyKey } from './plan.ts';

/** Parts of a plan in plain words, shared by `explain` and `diff`. */
export function serviceWords({ name, namespace, scheme }: PlanService): string {
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  return scheme === 'https' ? `${place} over TLS` : place;
}

export function stickyWords(keys: readonly StickyKey[]): string {
  return keys
    .map((key) => (key.by === 'client-address' ? 'the client’s address' : `the ${key.by} "${key.name}"`))
    .join(', else ');
}

export function stageWords(data: Plan['data']): string {
  return data.stage === 'shared-database'
    ? 'works on the monolith’s database'
    : 'has a database of its own, into which its tables are moved';
}

export function mirrorWords({ shadow, sampleBp }: Pick<PlanRoute, 'shadow' | 'sampleBp'>): string {
  if (!shadow) return 'is never mirrored';
  return sampleBp === undefined ? 'may be mirrored' : `${formatShare(sampleBp)} of it may be mirrored`;
}

export function routeWords(route: PlanRoute): string {
  const notes = [route.effect === 'read' ? 'reads' : 'writes'];
  if (!route.shadow) notes.push('never mirrored');
  else if (route.sampleBp !== undefined) notes.push(`${formatShare(route.sampleBp)} mirrored`);
  return `${route.id} (${notes.join(', ')})`;
}

export function timeoutWords({ connectMs, headersMs, idleMs, totalMs }: PlanRoute['timeouts']): string {
  const limit = (ms: number): string => (ms === 0 ? 'unlimited' : formatDuration(ms));
  return `connect ${formatDuration(connectMs)}, headers ${formatDuration(headersMs)}, idle ${limit(idleMs)}, total ${limit(totalMs)}`;
}

export function ruleWords(rule: CompareRule): string {
  const where = rule.routes.length === 0 ? '' : ` on ${rule.routes.join(', ')}`;
  const until = rule.expires === undefined ? '' : `, until ${rule.expires}`;
  return `${placeWords(rule.at)} ${actionWords(rule.do)}${where} (${rule.reason}; ${rule.owner}${until})`;
}

function placeWords(at: CompareRule['at']): string {
  if ('json' in at) return at.json;
  return 'html' in at ? at.html : `header ${at.header}`;
}

function actionWords(action: CompareRule['do']): string {
  switch (action.kind) {
    case 'ignore':
      return 'is not compared';
    case 'unordered':
      return 'may be in another order';
    case 'keyed':
      return `is paired by "${action.by}"`;
    case 'tolerance':
      return `may differ by ${action.absolute} or ${formatShare(action.relative * 10_000)}`;
    case 'format':
      return 'must only have the same format';
    case 'idMap':
      return `maps ids by "${action.map}"`;
  }
}

export function redactWords(rule: RedactRule): string {
  const [kind, text] = Object.entries(rule)[0] ?? ['', ''];
  return `${kind} ${text}`;
}

export function shadowWords(shadow: Plan['shadow']): string[] {
  return [
    `${formatShare(shadow.sampleBp)} of reads mirrored`,
    `${formatShare(shadow.noiseProbeBp)} of those read twice from the monolith`,
    `bodies up to ${formatSize(shadow.maxBodyBytes)} compared in full`,
    `mirrored requests given up after ${formatDuration(shadow.timeoutMs)}`,
    shadow.sandbox === undefined
      ? 'writes never mirrored'
      : `writes mirrored to ${serviceWords(shadow.sandbox.service)}`,
  ];
}

export function gateWords({ canary, cutover, rollback }: Plan['gates']): {
  canary: string;
  cutover: string;
  rollback: string;
} {
  return {
    canary: `at least ${canary.minCompared} answers compared, ${canary.minComparedPerRoute} of every read route, at most ${formatShare(canary.maxMismatchBp)} different beyond noise`,
    cutover: `at least ${cutover.minRequests} requests answered by the service, at most ${formatShare(cutover.maxErrorBp)} failed, p95 at most ${cutover.maxLatencyRatio} times the monolith’s`,
    rollback: rollback.auto
      ? `by itself when more than ${formatShare(rollback.maxErrorBp)} of at least ${rollback.minRequests} requests fail`
      : 'only when asked for',
  };
}
