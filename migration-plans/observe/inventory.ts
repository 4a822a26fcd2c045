import type { BodyKind, Skipped } from './observation.ts';
import type { SegmentKind } from './segment.ts';

/** Why words of paths are taken for values. */
export const VALUE_REASONS = [
  'form',
  'many',
  'below',
  'titles',
  'collection',
  'files',
  'locale',
  'page',
] as const;
/**
 * - `form`: they look like numbers, dates, addresses …
 * - `many`: there were more of them than an application has names
 * - `below`: the same stands below all of them
 * - `titles`: most have several words, as titles do
 * - `collection`: they stand below the name of a collection and are all alike
 * - `files`: they are files of one kind
 * - `locale`: they name languages, and the same stands below them
 * - `page`: every path there answers with the same page
 */
export type ValueReason = (typeof VALUE_REASONS)[number];

export interface InventoryParameter {
  name: string;
  /** What the values look like, the most frequent first. */
  kinds: SegmentKind[];
  reason: ValueReason;
  /** About how many different values were seen. */
  distinct: number;
  /** Forms of values: letters and digits are replaced. */
  samples: string[];
  /** 0 to 1: how sure it is that values stand here. */
  confidence: number;
}

/** Something with how many of the calls had it, 0 to 1. */
export interface Share<T = string> {
  name: T;
  share: number;
}

export interface InventoryRoute {
  method: string;
  /** Template as in a plan: `/products/:slug/reviews/:id`, or with a tail: `/assets/*`. */
  path: string;
  /** 0 to 1: how sure it is that this is one route of the application. */
  confidence: number;
  calls: number;
  /** Calls by status class, those that occurred: `2xx`; `0xx`: no answer. */
  status: Record<string, number>;
  /** Milliseconds; undefined: no time was measured. */
  p50Ms: number | undefined;
  p95Ms: number | undefined;
  parameters: InventoryParameter[];
  query: Share[];
  bodies: Share<BodyKind>[];
  types: Share[];
  firstSeen: string;
  lastSeen: string;
}

/** What an application answers to, as far as traffic shows it. */
export interface Inventory {
  /** ISO times of the first and the last call that is counted; empty: there was none. */
  from: string;
  to: string;
  calls: number;
  /** Most called first. */
  routes: InventoryRoute[];
  skipped: Partial<Record<Skipped, number>>;
}
