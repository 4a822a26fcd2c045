import { quantileOf } from '../bench/open-loop.ts';

/** Failures that are kept in words; beyond they are only counted. */
const KEPT = 50;

export interface KindSummary {
  kind: string;
  requests: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

/** What the clients of a soak saw, by kind of request. */
export class Book {
  readonly #kinds = new Map<string, { failed: number; ms: number[] }>();
  /** The first failures, in words. */
  readonly problems: string[] = [];
  /** Ids of orders that were acknowledged. */
  readonly accepted = new Set<string>();
  /** Requests that clients gave up on purpose. */
  aborted = 0;
  /** Who answered what plans claim. */
  readonly answered: Record<string, number> = {};

  /** `problem`: what was wrong, in words; undefined: all as it should be. */
  record(kind: string, ms: number, problem: string | undefined): void {
    let seen = this.#kinds.get(kind);
    if (seen === undefined) {
      seen = { failed: 0, ms: [] };
      this.#kinds.set(kind, seen);
    }
    seen.ms.push(ms);
    if (problem === undefined) return;
    seen.failed += 1;
    if (this.problems.length < KEPT) {
      this.problems.push(`${new Date().toISOString().slice(11, 23)} ${kind}: ${problem}`);
    }
  }

  get requests(): number {
    return this.#sum(({ ms }) => ms.length);
  }

  get failed(): number {
    return this.#sum(({ failed }) => failed);
  }

  summaries(): KindSummary[] {
    return [...this.#kinds]
      .map(([kind, { failed, ms }]) => {
        const sorted = [...ms].sort((a, b) => a - b);
        return {
          kind,
          requests: ms.length,
          failed,
          p50Ms: quantileOf(sorted, 0.5),
          p99Ms: quantileOf(sorted, 0.99),
        };
      })
      .sort((a, b) => a.kind.localeCompare(b.kind));
  }

  #sum(of: (kind: { failed: number; ms: number[] }) => number): number {
    let sum = 0;
    for (const kind of this.#kinds.values()) sum += of(kind);
    return sum;
  }
}
