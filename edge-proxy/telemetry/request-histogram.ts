import { Histogram, type Registry } from 'prom-client';
import { LATENCY_BUCKETS_MS } from '../../migration-plans/evidence/evidence.ts';
import { ANSWERERS, METHODS, STATUS_CLASSES } from './labels.ts';
import type { LatencyCell } from './latency.ts';
import type { Meters } from './meters.ts';

const NAME = 'http_server_request_duration_seconds';

/** The bounds that are shown: every second or third of those that are counted, which keeps the scrape small and stays exact. */
const SHOWN_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];
const SHOWN = SHOWN_MS.map((ms) => ({ index: LATENCY_BUCKETS_MS.indexOf(ms as 1), le: String(ms / 1000) }));

type Labels = 'capability' | 'route' | 'method' | 'status' | 'target';

interface Sample {
  metricName: string;
  labels: Record<string, string>;
  sharedLabels?: Record<string, string>;
  value: number;
}

/**
 * `http_server_request_duration_seconds` read from the meters when scraped. prom-client's own `observe` hashes labels on every call,
 * which costs as much as the routing decision; here a request only adds to typed arrays.
 */
export class RequestHistogram extends Histogram<Labels> {
  readonly #meters: Meters;

  constructor(meters: Meters, registry: Registry) {
    super({
      name: NAME,
      help: 'Time from the head of a request to the end of its answer, by plan route.',
      labelNames: ['capability', 'route', 'method', 'status', 'target'],
      buckets: SHOWN_MS.map((ms) => ms / 1000),
      registers: [],
    });
    this.#meters = meters;
    registry.registerMetric(this);
  }

  override async get(): ReturnType<Histogram<Labels>['get']> {
    const exported = await this.getForPromString();
    const values = exported.values.map((sample) => ({
      ...sample,
      labels: { ...sample.sharedLabels, ...sample.labels },
    }));
    return { ...exported, values } as unknown as Awaited<ReturnType<Histogram<Labels>['get']>>;
  }

  /** The form from which the registry writes text; prom-client calls it in place of `get` where it exists. */
  async getForPromString(): Promise<{
    name: string;
    help: string;
    type: 'histogram';
    aggregator: 'sum';
    values: Sample[];
  }> {
    const values: Sample[] = [];
    for (const meter of this.#meters.routes()) {
      for (let index = 0; index < meter.cells.length; index += 1) {
        const cell = meter.cells[index];
        if (cell) pushCell(values, labelsOf(meter.capability, meter.route, index), cell);
      }
    }
    return {
      name: NAME,
      help: 'Time from the head of a request to the end of its answer, by plan route.',
      type: 'histogram',
      aggregator: 'sum',
      values,
    };
  }
}

function labelsOf(capability: string, route: string, index: number): Record<Labels, string> {
  const statusClass = index % STATUS_CLASSES.length;
  const rest = Math.floor(index / STATUS_CLASSES.length);
  return {
    capability,
    route,
    method: METHODS[Math.floor(rest / ANSWERERS.length)]!,
    status: STATUS_CLASSES[statusClass]!,
    target: ANSWERERS[rest % ANSWERERS.length]!,
  };
}

function pushCell(into: Sample[], sharedLabels: Record<string, string>, cell: LatencyCell): void {
  let upTo = 0;
  let cumulative = 0;
  for (const { index, le } of SHOWN) {
    while (upTo <= index) cumulative += cell.buckets[upTo++]!;
    into.push({ metricName: `${NAME}_bucket`, labels: { le }, sharedLabels, value: cumulative });
  }
  into.push({ metricName: `${NAME}_bucket`, labels: { le: '+Inf' }, sharedLabels, value: cell.count });
  into.push({ metricName: `${NAME}_sum`, labels: {}, sharedLabels, value: cell.sumMs / 1000 });
  into.push({ metricName: `${NAME}_count`, labels: {}, sharedLabels, value: cell.count });
}
