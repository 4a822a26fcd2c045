import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { DECISION_REASONS } from '../../migration-plans/routing/decision.ts';
import { FAILURES, STATUS_CLASSES } from './labels.ts';
import type { Meters, PhaseMeter } from './meters.ts';
import { RequestHistogram } from './request-histogram.ts';

/** What is read from other parts of the edge at scrape time. All of it is bounded by plans and discovered instances. */
export interface MetricSources {
  meters: Meters;
  revision(): {
    number: number | null;
    loadedAt: number | undefined;
    failures: number;
    storeConnected: boolean;
    broken: boolean;
  };
  ready(): boolean;
  evidence(): { held: number; delivered: number; dropped: number };
  accessLog(): { written: number; sampledOut: number; dropped: number };
  /** One row per service and for the monolith. */
  upstreams(): UpstreamFigures[];
  /** Undefined: nothing is mirrored. */
  shadow(): ShadowFigures | undefined;
}

/** One service, by its name in Cloud Map. */
export interface UpstreamFigures {
  name: string;
  endpoints: number;
  /** Healthy and not ejected. */
  available: number;
  ejected: number;
  /** Since the edge first used it, by reason. */
  ejections: Readonly<Record<string, number>>;
  /** Too few are healthy: all are used. */
  panic: boolean;
}

export interface ShadowFigures {
  queued: number;
  active: number;
  bytesHeld: number;
  sent: number;
  compared: number;
  dropped: Readonly<Partial<Record<string, number>>>;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
  /** For a supervisor that adds up its workers. */
  json(): Promise<object[]>;
}

const TARGETS = ['monolith', 'service'] as const;
const OUTCOMES = [...STATUS_CLASSES, ...FAILURES];

/** Exposes the meters and the state of the edge's parts. Everything is read when scraped and costs requests nothing. */
export function createMetrics(sources: MetricSources, options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process !== false) collectDefaultMetrics({ register: registry });
  new RequestHistogram(sources.meters, registry);
  phaseMetrics(sources.meters, registry);
  stateMetrics(sources, registry);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON() as Promise<object[]>,
  };
}

type Emit = (labels: Record<string, string>, value: number) => void;

function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (emit: Emit) => void,
) {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      read((labels, value) => this.inc(labels, value));
    },
  });
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (emit: Emit) => void,
) {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      read((labels, value) => this.set(labels, value));
    },
  });
}

function phaseMetrics(meters: Meters, registry: Registry): void {
  const perTarget = (
    emit: Emit,
    names: readonly string[],
    label: string,
    of: (meter: PhaseMeter) => Float64Array,
  ) => {
    for (const meter of meters.phases()) {
      of(meter).forEach((value, index) => {
        if (value === 0) return;
        const target = TARGETS[Math.floor(index / names.length)]!;
        const { capability, phase } = meter;
        emit({ capability, phase, target, [label]: names[index % names.length]! }, value);
      });
    }
  };
  const perPhase = (emit: Emit, of: (meter: PhaseMeter) => number) => {
    for (const meter of meters.phases()) {
      emit({ capability: meter.capability, phase: meter.phase }, of(meter));
    }
  };
  const phase = ['capability', 'phase'];
  counter(
    registry,
    'strangler_decisions_total',
    'Routing decisions, by why a request went where it went.',
    [...phase, 'target', 'reason'],
    (emit) => perTarget(emit, DECISION_REASONS, 'reason', (meter) => meter.decisions),
  );
  counter(
    registry,
    'strangler_upstream_attempts_total',
    'Attempts at upstreams, by status class or kind of failure.',
    [...phase, 'target', 'outcome'],
    (emit) => perTarget(emit, OUTCOMES, 'outcome', (meter) => meter.attempts),
  );
  gauge(
    registry,
    'strangler_requests_in_flight',
    'Requests being answered now, by the target they were meant for.',
    [...phase, 'target'],
    (emit) => {
      for (const { capability, phase, inFlight } of meters.phases()) {
        TARGETS.forEach((target, index) => {
          emit({ capability, phase, target }, inFlight[index]!);
        });
      }
    },
  );
  counter(
    registry,
    'strangler_fallbacks_total',
    'Requests that the monolith answered after the service had failed.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.fallbacks),
  );
  counter(
    registry,
    'strangler_retries_total',
    'Second and later attempts at the same target.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.retries),
  );
  counter(
    registry,
    'strangler_request_body_bytes_total',
    'Bytes of request bodies passed on.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.requestBytes),
  );
  counter(
    registry,
    'strangler_response_body_bytes_total',
    'Bytes of answer bodies passed on.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.responseBytes),
  );
}

function stateMetrics(sources: MetricSources, registry: Registry): void {
  const single = (name: string, help: string, read: () => number) =>
    gauge(registry, name, help, [], (emit) => emit({}, read()));
  const total = (name: string, help: string, read: () => number) =>
    counter(registry, name, help, [], (emit) => emit({}, read()));
  single('strangler_ready', '1: the edge is ready for traffic.', () => Number(sources.ready()));
  single(
    'strangler_revision',
    'Number of the revision served from; -1: none.',
    () => sources.revision().number ?? -1,
  );
  single(
    'strangler_revision_loaded_timestamp_seconds',
    'When the revision served from was loaded.',
    () => (sources.revision().loadedAt ?? 0) / 1000,
  );
  single(
    'strangler_revision_broken',
    '1: a newer revision could not be used and the last good one is served.',
    () => Number(sources.revision().broken),
  );
  total(
    'strangler_revision_failures_total',
    'Revisions or loads that failed.',
    () => sources.revision().failures,
  );
  single('strangler_store_connected', '1: the state store answered the last question.', () =>
    Number(sources.revision().storeConnected),
  );
  single(
    'strangler_evidence_held',
    'Evidence not yet delivered to the state store.',
    () => sources.evidence().held,
  );
  total(
    'strangler_evidence_delivered_total',
    'Evidence delivered to the state store.',
    () => sources.evidence().delivered,
  );
  total(
    'strangler_evidence_dropped_total',
    'Evidence given up because the state store was away for too long.',
    () => sources.evidence().dropped,
  );
  counter(
    registry,
    'strangler_access_log_lines_total',
    'Access log lines, by what became of them.',
    ['outcome'],
    (emit) => {
      const { written, sampledOut, dropped } = sources.accessLog();
      emit({ outcome: 'written' }, written);
      emit({ outcome: 'sampled-out' }, sampledOut);
      emit({ outcome: 'dropped' }, dropped);
    },
  );
  upstreamMetrics(sources, registry);
  shadowMetrics(sources, registry);
}

function upstreamMetrics(sources: MetricSources, registry: Registry): void {
  const each = (name: string, help: string, of: (row: UpstreamFigures) => number) =>
    gauge(registry, name, help, ['upstream'], (emit) => {
      for (const row of sources.upstreams()) emit({ upstream: row.name }, of(row));
    });
  each('strangler_upstream_endpoints', 'Instances discovered.', (row) => row.endpoints);
  each(
    'strangler_upstream_endpoints_available',
    'Instances that may take requests now.',
    (row) => row.available,
  );
  each('strangler_upstream_endpoints_ejected', 'Instances that are ejected now.', (row) => row.ejected);
  each('strangler_upstream_panic', '1: too few instances are healthy, so all are used.', (row) =>
    Number(row.panic),
  );
  const help = 'Times that an instance was ejected for failing.';
  counter(registry, 'strangler_upstream_ejections_total', help, ['upstream', 'reason'], (emit) => {
    for (const { name, ejections } of sources.upstreams()) {
      for (const [reason, count] of Object.entries(ejections)) emit({ upstream: name, reason }, count);
    }
  });
}

function shadowMetrics(sources: MetricSources, registry: Registry): void {
  const each = (name: string, help: string, make: typeof gauge, of: (figures: ShadowFigures) => number) =>
    make(registry, name, help, [], (emit) => {
      const figures = sources.shadow();
      if (figures) emit({}, of(figures));
    });
  each('strangler_shadow_queued', 'Mirrored requests waiting to be sent.', gauge, (shadow) => shadow.queued);
  each('strangler_shadow_active', 'Mirrored requests on their way.', gauge, (shadow) => shadow.active);
  each('strangler_shadow_bytes_held', 'Bytes of captured answers held.', gauge, (shadow) => shadow.bytesHeld);
  each('strangler_shadow_sent_total', 'Mirrored requests sent.', counter, (shadow) => shadow.sent);
  each('strangler_shadow_compared_total', 'Answers compared.', counter, (shadow) => shadow.compared);
  counter(
    registry,
    'strangler_shadow_dropped_total',
    'Mirrored requests lost before they were compared.',
    ['reason'],
    (emit) => {
      for (const [reason, count] of Object.entries(sources.shadow()?.dropped ?? {})) {
        if (count !== undefined) emit({ reason }, count);
      }
    },
  );
}
