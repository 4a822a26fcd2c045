import type { Target } from '../revision/revision.ts';

/** Why a request goes where it goes. In the order in which reasons are tried. */
export const DECISION_REASONS = [
  'unclaimed',
  'kill-switch',
  'override',
  'owner',
  'phase',
  'read-your-writes',
  'sticky-pin',
  'bucket',
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];

/** Not to be changed: many requests may share one. */
export interface Decision {
  readonly target: Target;
  readonly reason: DecisionReason;
  /**
   * The monolith may answer within the same request when the service fails: any safe read; a write only if it was never delivered,
   * and only while both targets work on one database.
   */
  readonly mayFallBack: boolean;
  /** Bucket 0–9999 of the request's sticky key; -1: not needed for this decision. */
  readonly bucket: number;
  /** The key that made the bucket was found in the request; false: the client address or chance decided. */
  readonly keyed: boolean;
}

/** What deciding may ask of a request; looked up only when needed. */
export interface RequestFacts {
  readonly method: string;
  /** First value of a request header, lower-case name. */
  header(name: string): string | undefined;
  cookie(name: string): string | undefined;
  /** Address of the client after `trustProxy`. */
  readonly clientAddress: string;
}

/** What is true of the edge at this moment. */
export interface EdgeFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Some instance of the service can take requests. */
  readonly serviceAvailable: boolean;
  /** Secret for tester overrides and pins; undefined: both are off. */
  readonly secret: Uint8Array | undefined;
}
