import { Counter, Gauge, type Registry } from 'prom-client';

/** Called by a reader once for each sample. */
export type Emit = (labels: Record<string, string>, value: number) => void;

/** A counter that is read when scraped and costs nothing before. */
export function counter(
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

/** How a supervisor joins the gauges of its workers. Counters add up. */
export type Joining = 'sum' | 'min' | 'max';

/** A gauge that is read when scraped. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (emit: Emit) => void,
  aggregator: Joining = 'sum',
) {
  new Gauge({
    name,
    help,
    labelNames,
    aggregator,
    registers: [registry],
    collect() {
      this.reset();
      read((labels, value) => this.set(labels, value));
    },
  });
}
