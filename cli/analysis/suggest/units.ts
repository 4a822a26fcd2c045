/** The units that are divided among capabilities: models, and files or, where one file serves several purposes, functions. */
import type { Analysis, GraphEdge } from '../model.ts';
import { wordsOf } from './words.ts';

export type Findings = Omit<Analysis, 'suggestions'>;

export interface Unit {
  id: string;
  kind: 'model' | 'file' | 'function';
  label: string;
  file: string | undefined;
}

export interface UnitEdge {
  from: string;
  to: string;
  kind: GraphEdge['kind'];
  weight: number;
  inLoop: boolean;
  transaction: string | undefined;
  evidence: GraphEdge['evidence'];
  fromLabel: string;
  toLabel: string;
}

export interface Units {
  units: Map<string, Unit>;
  edges: UnitEdge[];
  /** Unit of a graph node; nodes that take no part have none. */
  unitOf: Map<string, string>;
  /** Units that hold the handlers of each route, by the route's graph id. */
  routeUnits: Map<string, string[]>;
}

export function unitsOf(findings: Findings): Units {
  const { graph } = findings;
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const mixed = mixedFiles(findings);
  const units = new Map<string, Unit>();
  const unitOf = new Map<string, string>();
  for (const node of graph.nodes) {
    if (node.kind === 'model') {
      units.set(node.id, { id: node.id, kind: 'model', label: node.label, file: undefined });
      unitOf.set(node.id, node.id);
    } else if (node.kind === 'function' && node.file !== undefined) {
      const own = mixed.has(node.file);
      const id = own ? node.id : `module:${node.file}`;
      if (!units.has(id))
        units.set(id, {
          id,
          kind: own ? 'function' : 'file',
          label: own ? `${node.file} ${node.label}` : node.file,
          file: node.file,
        });
      unitOf.set(node.id, id);
    }
  }
  // A route belongs where its own handler is, not where its wrappers and guards are.
  const byPlace = new Map(
    graph.nodes
      .filter((node) => node.kind === 'function')
      .map((node) => [`${node.file}:${node.line}`, node.id]),
  );
  const handlerOf = (route: { file: string; line: number }): string =>
    byPlace.get(`${route.file}:${route.line}`) ?? '';
  const handlers = new Set(findings.routes.map(handlerOf));
  const edges: UnitEdge[] = [];
  const routeUnits = new Map<string, string[]>();
  for (const edge of graph.edges) {
    if (!['calls', 'callback', 'event', 'reads', 'writes', 'relation'].includes(edge.kind)) continue;
    const from = unitOf.get(edge.from);
    const to = unitOf.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    // A wrapper such as `asyncHandler` calls every handler: that ties nobody to anybody.
    if (handlers.has(edge.to) && !handlers.has(edge.from) && edge.kind !== 'event') continue;
    edges.push({
      from,
      to,
      kind: edge.kind,
      weight: edge.weight,
      inLoop: edge.inLoop,
      transaction: edge.transaction,
      evidence: edge.evidence,
      fromLabel: nodes.get(edge.from)?.label ?? '',
      toLabel: nodes.get(edge.to)?.label ?? '',
    });
  }
  for (const route of findings.routes) {
    const unit = unitOf.get(handlerOf(route));
    if (unit !== undefined) routeUnits.set(`route:${route.method} ${route.path}`, [unit]);
  }
  return { units, edges, unitOf, routeUnits };
}

/** Files whose handlers serve more than one part of the URL space. */
function mixedFiles(findings: Findings): Set<string> {
  const segments = new Map<string, Set<string>>();
  const distinctive = distinctiveSegment(findings.routes.map((route) => route.path));
  for (const route of findings.routes) {
    const set = segments.get(route.file) ?? new Set();
    set.add(distinctive(route.path));
    segments.set(route.file, set);
  }
  return new Set([...segments].filter(([, set]) => set.size > 2).map(([file]) => file));
}

/**
 * The part of a path that tells what it is about: the first fixed segment after those that most routes share, such as
 * `/api/v1`.
 */
export function distinctiveSegment(paths: readonly string[]): (path: string) => string {
  const shared = new Set<string>();
  for (let depth = 0; depth < 4; depth += 1) {
    const counts = new Map<string, number>();
    for (const path of paths) {
      const head = segmentsOf(path).slice(0, depth + 1);
      if (head.length === depth + 1) counts.set(head.join('/'), (counts.get(head.join('/')) ?? 0) + 1);
    }
    for (const [head, count] of counts) {
      const last = head.split('/').at(-1) ?? '';
      if (count > paths.length * 0.85 || /^(?:api|rest|v\d+)$/i.test(last)) shared.add(head);
    }
  }
  return (path) => {
    const segments = segmentsOf(path);
    let skip = 0;
    while (skip < segments.length - 1 && shared.has(segments.slice(0, skip + 1).join('/'))) skip += 1;
    return segments.slice(skip).find((segment) => !/^[:*{]/.test(segment)) ?? '';
  };
}

/** Parts of a path that tell who asks, not what for: what comes after them is the subject. */
const AUDIENCE =
  /^(?:admin|internal|public|private|backoffice|back-office|manage|management|manager|dashboard|me|my)$/i;

/**
 * What a path is about: the last part below another resource that is called like a model, as `reviews` in
 * `/books/:id/reviews`; else its distinctive segment.
 */
export function topicOf(findings: Pick<Findings, 'routes' | 'models'>): (path: string) => string {
  const distinctive = distinctiveSegment(findings.routes.map((route) => route.path));
  const nouns = new Set(
    findings.models.flatMap((model) => {
      const words = wordsOf(model.name);
      return [words.join(' '), words[0] ?? ''];
    }),
  );
  return (path) => {
    const segments = segmentsOf(path);
    const nested = segments.findLast(
      (part, at) => /^[:{]/.test(segments[at - 1] ?? '') && nouns.has(wordsOf(part).join(' ')),
    );
    return nested ?? distinctive(path);
  };
}

/** The topic of a path, or what follows it where it only tells who asks, such as `admin`. */
export function subjectOf(findings: Pick<Findings, 'routes' | 'models'>): (path: string) => string {
  const topic = topicOf(findings);
  return (path) => {
    const first = topic(path);
    if (!AUDIENCE.test(first)) return first;
    const segments = segmentsOf(path);
    return segments.slice(segments.indexOf(first) + 1).find((part) => !/^[:*{]/.test(part)) ?? first;
  };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}
