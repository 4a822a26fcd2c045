import type { Registry } from 'prom-client';
import type { MetricSources, ShadowFigures, UpstreamFigures } from './metric-sources.ts';
import { counter, gauge, type Joining } from './scraped.ts';

/** What the parts of the edge say of themselves. */
export function stateMetrics(sources: MetricSources, registry: Registry): void {
  const single = (name: string, help: string, read: () => number, joining: Joining = 'min') =>
    gauge(registry, name, help, [], (emit) => emit({}, read()), joining);
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
    'max',
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
    'sum',
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
  single(
    'strangler_observed_places',
    'Places in paths that are told apart while routes are observed; bounded by edge.observe.places.',
    () => sources.observed()?.places ?? 0,
    'sum',
  );
  counter(
    registry,
    'strangler_observations_total',
    'Deliveries of what was observed to the state store, by what became of them.',
    ['outcome'],
    (emit) => {
      const observed = sources.observed();
      emit({ outcome: 'delivered' }, observed?.delivered ?? 0);
      emit({ outcome: 'failed' }, observed?.failed ?? 0);
    },
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
  single(
    'strangler_requests_in_flight_limit',
    'Requests that may be answered at the same time; more get 503.',
    () => sources.admission().limit,
    'sum',
  );
  total(
    'strangler_requests_shed_total',
    'Requests answered 503 because too many were being answered.',
    () => sources.admission().shed,
  );
  listenerMetrics(sources, registry);
  upstreamMetrics(sources, registry);
  shadowMetrics(sources, registry);
}

function listenerMetrics(sources: MetricSources, registry: Registry): void {
  gauge(registry, 'strangler_connections', 'Connections of clients that are open.', [], (emit) => {
    const listener = sources.listener();
    if (listener) emit({}, listener.connections);
  });
  const refused = 'Connections closed at once because there were too many.';
  counter(registry, 'strangler_connections_refused_total', refused, [], (emit) => {
    const listener = sources.listener();
    if (listener) emit({}, listener.refused);
  });
  const expiry = 'When the certificate shown to clients runs out.';
  const seconds = 'strangler_tls_certificate_expiry_timestamp_seconds';
  gauge(
    registry,
    seconds,
    expiry,
    [],
    (emit) => {
      const certificate = sources.listener()?.certificate;
      if (certificate) emit({}, certificate.expires / 1000);
    },
    'min',
  );
  const failures = 'New certificate files that could not be used.';
  counter(registry, 'strangler_tls_certificate_failures_total', failures, [], (emit) => {
    const certificate = sources.listener()?.certificate;
    if (certificate) emit({}, certificate.failures);
  });
}

const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;

function upstreamMetrics(sources: MetricSources, registry: Registry): void {
  const each = (name: string, help: string, of: (row: UpstreamFigures) => number) =>
    gauge(
      registry,
      name,
      help,
      ['upstream'],
      (emit) => {
        for (const row of sources.upstreams()) emit({ upstream: row.name }, of(row));
      },
      'max',
    );
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
  each('strangler_upstream_breaker_state', '0 closed, 1 half open, 2 open.', (row) => BREAKER[row.breaker]);
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
