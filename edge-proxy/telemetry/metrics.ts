import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricSources } from './metric-sources.ts';
import { phaseMetrics } from './phase-metrics.ts';
import { RequestHistogram } from './request-histogram.ts';
import { stateMetrics } from './state-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
  /** For a supervisor that adds up its workers. */
  json(): Promise<object[]>;
}

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
