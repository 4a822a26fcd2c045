import type { Histogram } from '../evidence/evidence.ts';

/**
 * What edges see of the traffic in front of a monolith, added up. Counts only: no value of a path, a query or a body is in it, but
 * words of paths, which are taken for names of routes until there are too many of them.
 */

/** What kind of body a request had, by its own Content-Type: a closed vocabulary, because clients send it. */
export const BODY_KINDS = ['none', 'json', 'form', 'multipart', 'xml', 'text', 'binary', 'other'] as const;
export type BodyKind = (typeof BODY_KINDS)[number];

/** One method on one path, as it was counted. */
export interface RouteStats {
  calls: number;
  /** By status class, index 0: no answer, 1: 1xx … 5: 5xx. */
  status: number[];
  latency: Histogram;
  /** ISO times. */
  first: string;
  last: string;
  /** Bytes of the smallest and the largest body of a 200; -1: there was none. */
  smallest: number;
  largest: number;
  /** How many of the calls were looked at for what follows. */
  inspected: number;
  bodies: Partial<Record<BodyKind, number>>;
  /** By media type of the answer, without its parameters. */
  types: Record<string, number>;
  /** By name of a query parameter. */
  query: Record<string, number>;
}

/** What was seen of a place in a path where values stand. */
export interface ValueStats {
  /** A `DistinctSketch`. */
  distinct: string;
  /** Forms of a few values, letters and digits replaced. */
  samples: string[];
}

/** Why a request is not among the routes. */
export const SKIPPED = ['unmatched', 'ambiguous', 'preflight', 'overflow'] as const;
/**
 * - `unmatched`: the monolith said that there is nothing (404, 405 and the like), and nothing was known there
 * - `ambiguous`: a path that servers read differently (`//`, dot segments), which no plan can claim
 * - `preflight`: a CORS question, which browsers ask of any route
 * - `overflow`: beyond the bounds of what an edge or the store keeps
 */
export type Skipped = (typeof SKIPPED)[number];

/** Everything that was seen by one edge or by several, in some time. Additive, see `merge.ts`. */
export interface Observations {
  /** ISO times; empty: nothing was seen. */
  from: string;
  to: string;
  skipped: Partial<Record<Skipped, number>>;
  /** By `METHOD /path`, in which `{kind}` stands for a value, and a last `{deeper}` for whatever is below. */
  routes: Record<string, RouteStats>;
  /** By path up to and with the value. */
  values: Record<string, ValueStats>;
}

/** Observations of one edge since it last handed some over. */
export interface ObservationDelta extends Observations {
  edge: string;
}

export interface ObservationFilter {
  /** ISO time: only what was seen since, as exactly as it is kept (see `state-store/observation-rows.ts`). */
  since?: string;
}

/** Stands at the end of a path that is deeper than what is looked at. */
export const DEEPER = '{deeper}';

/** Bounds of what one edge process learns and hands over. */
export interface ObserveLimits {
  /** Different places in all paths together. */
  places: number;
  /** Words beside each other before they are taken for values. */
  words: number;
  /** Segments of a path that are looked at. */
  depth: number;
  /** Unknown paths a second that are read in full; of those beyond one of 32 is, and stands for all. */
  newPathsPerSecond: number;
}

export const OBSERVE_LIMITS: ObserveLimits = { places: 4_000, words: 128, depth: 12, newPathsPerSecond: 500 };
