import type { Comparison, Difference, DifferenceKind } from '../compare/answer.ts';
import type { Target } from '../revision/revision.ts';
import { clusterId, keepBefore, smallestExamples } from './cluster.ts';
import type {
  CoverageCell,
  DifferenceCluster,
  DifferenceExample,
  DropReason,
  EvidenceDelta,
  Funnel,
  RunKey,
  ShadowLatencyCell,
  TrafficCell,
} from './evidence.ts';
import { LOST_AFTER_ANSWERS } from './evidence.ts';
import { emptyHistogram, observe } from './histogram.ts';
import { EVIDENCE_LIMITS, type EvidenceBody, emptyEvidence, emptyFunnel, mergeEvidence } from './merge.ts';
import { RepeatMemory } from './repeats.ts';

export interface AggregatorOptions {
  run: RunKey;
  edge: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Route ids of the plan; anything else is counted under `(other)`, so that memory is bounded whatever is passed. */
  routes: readonly string[];
  limits?: { clusters?: number; examples?: number };
}

/** One comparison, with what is needed to file it. */
export interface ComparedSample {
  route: string;
  method: string;
  /** Status of the monolith's answer; 0: it did not answer. */
  status: number;
  comparison: Comparison;
  /** Size of both answers in bytes: examples are only built when they may be smaller than those kept. */
  bytes: number;
  /** Builds the redacted example of one difference. Called for few comparisons; undefined: none can be shown. */
  example?: (difference: Difference) => DifferenceExample | undefined;
}

/** Collects evidence in bounded memory until it is drained. Methods are cheap and never throw. */
export interface Aggregator {
  eligible(route: string): void;
  sampled(route: string): void;
  sent(route: string): void;
  dropped(route: string, reason: DropReason): void;
  /** A comparison monolith ↔ service. */
  comparison(sample: ComparedSample): void;
  /** A noise probe: monolith ↔ monolith. */
  probe(sample: ComparedSample): void;
  traffic(route: string, target: Target, outcome: { failed: boolean; fellBack: boolean; ms: number }): void;
  shadowLatency(route: string, target: Target, outcome: { failed: boolean; ms: number }): void;
  redactions(count: number): void;
  /** What was measured since the last drain; undefined: nothing. Starts anew. */
  drain(): EvidenceDelta | undefined;
  /** Puts back what could not be stored; merged with what came since, within the same bounds. */
  restore(delta: EvidenceDelta): void;
}

const OTHER_ROUTE = '(other)';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Notices of one delta; the text of some names a place. */
const MAX_NOTICES = 100;

export function createAggregator(options: AggregatorOptions): Aggregator {
  return new EvidenceAggregator(options);
}

class EvidenceAggregator implements Aggregator {
  private readonly options: AggregatorOptions;
  private readonly routes: ReadonlySet<string>;
  private readonly maxClusters: number;
  private readonly maxExamples: number;
  private readonly memory = { service: new RepeatMemory(), noise: new RepeatMemory() };
  /** Cluster → size of the largest example that was handed out, once there were enough of them. */
  private readonly satisfied = new Map<string, number>();
  private body: EvidenceBody = emptyEvidence();
  private readonly clusters = new Map<string, DifferenceCluster>();
  private readonly coverage = new Map<string, CoverageCell>();
  private readonly trafficCells = new Map<string, TrafficCell>();
  private readonly latencyCells = new Map<string, ShadowLatencyCell>();
  private clock = { at: Number.NaN, text: '' };
  private touched = false;
  private since: string;

  constructor(options: AggregatorOptions) {
    this.options = options;
    this.routes = new Set(options.routes);
    this.maxClusters = options.limits?.clusters ?? 500;
    this.maxExamples = options.limits?.examples ?? EVIDENCE_LIMITS.examples;
    this.since = this.time();
  }

  eligible(route: string): void {
    this.funnel(route).eligible++;
  }

  sampled(route: string): void {
    this.funnel(route).sampled++;
  }

  sent(route: string): void {
    this.funnel(route).sent++;
  }

  dropped(route: string, reason: DropReason): void {
    const funnel = this.funnel(route);
    funnel.dropped[reason] = (funnel.dropped[reason] ?? 0) + 1;
    if (LOST_AFTER_ANSWERS.has(reason)) funnel.completed++;
  }

  comparison(sample: ComparedSample): void {
    const funnel = this.funnel(sample.route);
    funnel.completed++;
    funnel.compared++;
    if (sample.comparison.equal) funnel.equal++;
    else funnel.mismatched++;
    this.cover(sample);
    this.file(sample, 'service');
  }

  probe(sample: ComparedSample): void {
    const funnel = this.funnel(sample.route);
    funnel.probes++;
    if (!sample.comparison.equal) funnel.probesDiffering++;
    this.file(sample, 'noise');
  }

  traffic(route: string, target: Target, outcome: { failed: boolean; fellBack: boolean; ms: number }): void {
    this.touched = true;
    const name = this.route(route);
    const key = `${target} ${name}`;
    let cell = this.trafficCells.get(key);
    if (cell === undefined) {
      cell = { route: name, target, requests: 0, failures: 0, fallbacks: 0, latency: emptyHistogram() };
      this.trafficCells.set(key, cell);
    }
    cell.requests++;
    if (outcome.failed) cell.failures++;
    if (outcome.fellBack) cell.fallbacks++;
    observe(cell.latency, outcome.ms);
  }

  shadowLatency(route: string, target: Target, outcome: { failed: boolean; ms: number }): void {
    this.touched = true;
    const name = this.route(route);
    const key = `${target} ${name}`;
    let cell = this.latencyCells.get(key);
    if (cell === undefined) {
      cell = { route: name, target, latency: emptyHistogram(), failures: 0 };
      this.latencyCells.set(key, cell);
    }
    if (outcome.failed) cell.failures++;
    observe(cell.latency, outcome.ms);
  }

  redactions(count: number): void {
    if (count <= 0) return;
    this.touched = true;
    this.body.redactions += count;
  }

  drain(): EvidenceDelta | undefined {
    if (!this.touched) return undefined;
    const merged = mergeEvidence([
      {
        ...this.body,
        from: this.since,
        to: this.time(),
        clusters: [...this.clusters.values()],
        coverage: [...this.coverage.values()],
        traffic: [...this.trafficCells.values()],
        shadowLatency: [...this.latencyCells.values()],
      },
    ]);
    for (const [key, cluster] of this.clusters) this.satisfy(key, cluster);
    this.body = emptyEvidence();
    this.clusters.clear();
    this.coverage.clear();
    this.trafficCells.clear();
    this.latencyCells.clear();
    this.touched = false;
    this.since = merged.to;
    return { ...merged, run: this.options.run, edge: this.options.edge };
  }

  restore(delta: EvidenceDelta): void {
    const own = this.drain();
    const {
      run: _run,
      edge: _edge,
      ...body
    } = mergeEvidence(own === undefined ? [delta] : [delta, own], {
      ...EVIDENCE_LIMITS,
      clusters: this.maxClusters,
      examples: this.maxExamples,
    }) as EvidenceDelta;
    this.touched = true;
    this.since = body.from;
    for (const cluster of body.clusters) this.clusters.set(keyOf(cluster), { ...cluster });
    for (const cell of body.coverage)
      this.coverage.set(`${cell.method} ${cell.statusClass} ${cell.route}`, cell);
    for (const cell of body.traffic) this.trafficCells.set(`${cell.target} ${cell.route}`, cell);
    for (const cell of body.shadowLatency) this.latencyCells.set(`${cell.target} ${cell.route}`, cell);
    this.body = { ...body, clusters: [], coverage: [], traffic: [], shadowLatency: [] };
  }

  private file(sample: ComparedSample, lane: 'service' | 'noise'): void {
    const { comparison } = sample;
    const route = this.route(sample.route);
    const done = new Set<DifferenceCluster | string>();
    for (const difference of comparison.differences) {
      const cluster = this.cluster(route, difference.path, difference.kind, difference.shape, lane, done);
      if (cluster !== undefined && sample.example !== undefined)
        this.exemplify(cluster, difference, sample, lane);
    }
    for (const { path, shape } of comparison.traits) this.cluster(route, path, 'relation', shape, lane, done);
    for (const { path, digest } of comparison.values) {
      for (const shape of this.memory[lane].look(`${route}\n${path}`, digest, this.options.now())) {
        this.cluster(route, path, 'relation', shape, lane, done);
      }
    }
    for (const notice of comparison.notices) this.notice(notice);
    if (lane === 'noise') return;
    for (const [rule, count] of Object.entries(comparison.hidden)) {
      this.body.rulesHidden[rule] = (this.body.rulesHidden[rule] ?? 0) + count;
    }
  }

  /** Counts a comparison once for each cluster that occurs in it. Undefined: counted already, or no room. */
  private cluster(
    route: string,
    path: string,
    kind: DifferenceKind,
    shape: string,
    lane: 'service' | 'noise',
    done: Set<DifferenceCluster | string>,
  ): DifferenceCluster | undefined {
    const key = keyOf({ route, path, kind, shape });
    if (done.has(key)) return undefined;
    done.add(key);
    let cluster = this.clusters.get(key);
    if (cluster === undefined) {
      const time = this.time();
      cluster = {
        id: clusterId(route, path, kind, shape),
        route,
        path,
        kind,
        shape,
        seen: 0,
        noiseSeen: 0,
        firstSeen: time,
        lastSeen: time,
        examples: [],
      };
      if (!this.makeRoom(cluster)) {
        if (lane === 'service') this.body.clustersOmitted++;
        return undefined;
      }
      this.clusters.set(key, cluster);
    }
    cluster.lastSeen = this.time();
    if (lane === 'service') cluster.seen++;
    else cluster.noiseSeen++;
    return cluster;
  }

  /** When the table is full, what matters less gives way; its count is kept as omitted. */
  private makeRoom(cluster: DifferenceCluster): boolean {
    if (this.clusters.size < this.maxClusters) return true;
    let last = cluster;
    for (const known of this.clusters.values()) if (keepBefore(known, last) > 0) last = known;
    if (last === cluster) return false;
    this.body.clustersOmitted += last.seen;
    this.clusters.delete(keyOf(last));
    return true;
  }

  private exemplify(
    cluster: DifferenceCluster,
    difference: Difference,
    sample: ComparedSample,
    lane: 'service' | 'noise',
  ): void {
    // Examples show what the service does; of a cluster seen only in probes one is enough to show the noise.
    if (lane === 'noise' && cluster.examples.length > 0) return;
    const enough = this.satisfied.get(keyOf(cluster));
    if (enough !== undefined && sample.bytes >= enough) return;
    const { examples } = cluster;
    if (examples.length >= this.maxExamples && sample.bytes >= examples.at(-1)!.bytes) return;
    const example = sample.example!(difference);
    if (example !== undefined) cluster.examples = smallestExamples([...examples, example], this.maxExamples);
  }

  private satisfy(key: string, cluster: DifferenceCluster): void {
    if (cluster.examples.length < this.maxExamples) return;
    if (this.satisfied.size >= this.maxClusters * 2) this.satisfied.clear();
    this.satisfied.set(key, cluster.examples.at(-1)!.bytes);
  }

  private cover(sample: ComparedSample): void {
    const method = METHODS.has(sample.method) ? sample.method : 'OTHER';
    const statusClass =
      sample.status >= 100 && sample.status < 600 ? `${Math.floor(sample.status / 100)}xx` : 'none';
    const route = this.route(sample.route);
    const key = `${method} ${statusClass} ${route}`;
    let cell = this.coverage.get(key);
    if (cell === undefined) {
      cell = { route, method, statusClass, compared: 0, mismatched: 0 };
      this.coverage.set(key, cell);
    }
    cell.compared++;
    if (!sample.comparison.equal) cell.mismatched++;
  }

  private notice(text: string): void {
    const { notices } = this.body;
    if (notices[text] === undefined && Object.keys(notices).length >= MAX_NOTICES) return;
    notices[text] = (notices[text] ?? 0) + 1;
  }

  private funnel(route: string): Funnel {
    this.touched = true;
    const name = this.route(route);
    let funnel = this.body.funnel[name];
    if (funnel === undefined) {
      funnel = emptyFunnel();
      this.body.funnel[name] = funnel;
    }
    return funnel;
  }

  private route(route: string): string {
    return this.routes.has(route) ? route : OTHER_ROUTE;
  }

  private time(): string {
    const now = this.options.now();
    if (now !== this.clock.at) this.clock = { at: now, text: new Date(now).toISOString() };
    return this.clock.text;
  }
}

function keyOf({
  route,
  path,
  kind,
  shape,
}: Pick<DifferenceCluster, 'route' | 'path' | 'kind' | 'shape'>): string {
  return `${kind}\n${shape}\n${path}\n${route}`;
}
