import { createHash } from 'node:crypto';
import type { DifferenceKind } from '../compare/answer.ts';
import type { DifferenceCluster, DifferenceExample } from './evidence.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low';

/** How much a difference counts when clusters are ranked. */
export const SEVERITY_WEIGHT: Record<Severity, number> = { critical: 1000, high: 100, medium: 10, low: 1 };

/** Stable over edges, runs and releases: route, path, kind and shape, hashed to 16 hex digits. */
export function clusterId(route: string, path: string, kind: DifferenceKind, shape: string): string {
  return createHash('sha256')
    .update(JSON.stringify([route, path, kind, shape]))
    .digest('hex')
    .slice(0, 16);
}

/** What a client notices: no usable answer, an answer it can't read, other content, something in addition. */
export function severityOf({
  kind,
  path,
  shape,
}: Pick<DifferenceCluster, 'kind' | 'path' | 'shape'>): Severity {
  switch (kind) {
    case 'failure':
    case 'status':
    case 'media-type':
    case 'unparsable':
      return 'critical';
    case 'type':
    case 'format':
    case 'relation':
      return 'high';
    case 'missing':
      return isElement(path) ? 'medium' : 'high';
    case 'header-missing':
      return 'high';
    case 'value':
    case 'bytes':
      return 'medium';
    case 'length':
      return shape.startsWith('list→empty') || shape.startsWith('shorter') ? 'high' : 'medium';
    case 'header-value':
    case 'order':
      return 'medium';
    default:
      return 'low';
  }
}

/** Differences of form rather than content: never learnt away because the monolith's own probes happened to show something alike. */
export function isStructural({ kind, path }: Pick<DifferenceCluster, 'kind' | 'path'>): boolean {
  switch (kind) {
    case 'failure':
    case 'status':
    case 'media-type':
    case 'unparsable':
    case 'type':
    case 'format':
    case 'header-missing':
    case 'header-extra':
      return true;
    case 'missing':
    case 'extra':
      return !isElement(path);
    default:
      return false;
  }
}

/** A field of a route, whatever differs in it. */
export function fieldKey({ route, path }: Pick<DifferenceCluster, 'route' | 'path'>): string {
  return `${route}\n${path}`;
}

/** Elements of a list, lines and children come and go with the data. */
function isElement(path: string): boolean {
  return (
    path.endsWith('[*]') ||
    path.endsWith('.*') ||
    path === 'text' ||
    (path.startsWith('html:') && !path.includes('@'))
  );
}

/** Places of an answer that hold no field: its operation failed, not its content. */
export function isOperational({ kind, shape }: Pick<DifferenceCluster, 'kind' | 'shape'>): boolean {
  return kind === 'failure' || (kind === 'status' && /→(?:429|502|503|504)$/.test(shape));
}

/**
 * Order in which clusters are kept when there is no room for all: by kind, then id. It depends on nothing that is counted, so that
 * bounded tables merge to the same table in whatever order.
 */
export function keepBefore(a: DifferenceCluster, b: DifferenceCluster): number {
  return rankOf(a) - rankOf(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

function rankOf(cluster: DifferenceCluster): number {
  // Relations are statistics beside their field's own cluster; they give way first.
  if (cluster.kind === 'relation') return 20;
  return SEVERITIES.indexOf(severityOf(cluster)) * 2 + (isStructural(cluster) ? 0 : 1);
}

/** The smallest examples, each once. Total order, so that merging is associative and commutative. */
export function smallestExamples(examples: readonly DifferenceExample[], limit: number): DifferenceExample[] {
  if (examples.length === 0) return [];
  const keyed = new Map(examples.map((example) => [exampleKey(example), example]));
  return [...keyed]
    .sort((a, b) => a[1].bytes - b[1].bytes || (a[0] < b[0] ? -1 : 1))
    .slice(0, limit)
    .map(([, example]) => example);
}

function exampleKey(example: DifferenceExample): string {
  const { at, time, method, url, traceId, left, right, leftBody, rightBody, bytes } = example;
  return JSON.stringify([at, time, method, url, traceId, left, right, leftBody, rightBody, bytes]);
}
