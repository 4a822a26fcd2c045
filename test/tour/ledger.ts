/** What one request of a customer came to. */
export interface Outcome {
  /** What the customer was doing: `read reviews`. */
  action: string;
  /** Step of the tour during which it was sent. */
  step: string;
  /** Who answered, by the edge's answer header. */
  target: 'monolith' | 'service' | 'edge' | 'unknown';
  ms: number;
  /** Undefined: the right answer. Otherwise what was wrong with it, in words. */
  wrong: string | undefined;
}

/** A write that was acknowledged to a customer and must be found afterwards. */
export interface AcknowledgedWrite {
  step: string;
  reviewId: number;
  text: string;
  customer: number;
}

export interface StepSummary {
  step: string;
  requests: number;
  failed: number;
  monolith: number;
  service: number;
  p50: number;
  p95: number;
  p99: number;
}

/** Keeps the book of the whole tour: every request, every acknowledged write. */
export class Ledger {
  readonly #outcomes: Outcome[] = [];
  readonly writes: AcknowledgedWrite[] = [];
  step = 'start';
  /** Writes that were sent and not yet answered. */
  writesUnderWay = 0;

  record(outcome: Outcome): void {
    this.#outcomes.push(outcome);
  }

  get requests(): number {
    return this.#outcomes.length;
  }

  failures(): Outcome[] {
    return this.#outcomes.filter((outcome) => outcome.wrong !== undefined);
  }

  /** One summary per step, in the order in which the steps were first seen, and one of everything at the end. */
  summaries(only?: (outcome: Outcome) => boolean): StepSummary[] {
    const considered = only === undefined ? this.#outcomes : this.#outcomes.filter(only);
    const steps = [...new Set(this.#outcomes.map((outcome) => outcome.step))];
    const rows = steps.map((step) =>
      summarise(
        step,
        considered.filter((outcome) => outcome.step === step),
      ),
    );
    return [...rows, summarise('all', considered)];
  }
}

function summarise(step: string, outcomes: readonly Outcome[]): StepSummary {
  const times = outcomes.map((outcome) => outcome.ms).sort((a, b) => a - b);
  return {
    step,
    requests: outcomes.length,
    failed: outcomes.filter((outcome) => outcome.wrong !== undefined).length,
    monolith: outcomes.filter((outcome) => outcome.target === 'monolith').length,
    service: outcomes.filter((outcome) => outcome.target === 'service').length,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}

/** Nearest-rank percentile of sorted values; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
