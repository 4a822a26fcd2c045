/** Bounds of the shadow pipeline of one edge process. Whatever the traffic, no more than this is held. */
export interface ShadowLimits {
  /** Mirrored requests waiting to be sent; as many reads, and as many writes. */
  queueEntries: number;
  /** Bytes of captured answers and of writes, waiting or still being captured; and as many of answers to copies while they come in. */
  queueBytes: number;
  /** Mirrored reads on their way at the same time: waiting for a connection, for an answer, or to be compared. */
  concurrency: number;
  /** Connections to each target of copies. */
  connections: number;
  /** A copy older than this is dropped: it would compare yesterday's answer with today's. Milliseconds. */
  maxAgeMs: number;
  /** The same for writes, which go to their sandbox in order: they may wait longer, as nothing reads what they compare. Milliseconds. */
  writeMaxAgeMs: number;
  /** Mirrored writes on their way at the same time. */
  writeConcurrency: number;
  /** Second reads of the monolith that confirm a difference, at most per second. */
  confirmationsPerSecond: number;
  /** After so many failures in a row mirroring to a service pauses. */
  breakerFailures: number;
  /** For this long. Milliseconds. */
  breakerPauseMs: number;
}

export const SHADOW_LIMITS: ShadowLimits = {
  queueEntries: 500,
  queueBytes: 32 * 1024 * 1024,
  concurrency: 64,
  connections: 16,
  maxAgeMs: 2_000,
  writeMaxAgeMs: 30_000,
  writeConcurrency: 4,
  confirmationsPerSecond: 50,
  breakerFailures: 10,
  breakerPauseMs: 5_000,
};

/**
 * A copy's body that is so many times as long as what is compared in full, and as the user's own answer, is taken for one without end:
 * reading it on would cost users the CPU until its time limit.
 */
export const ENDLESS_FACTOR = 8;

/** How long messages to the threads of mirroring wait for others to go with: copies are that much later, at most. Milliseconds. */
export const BATCH_MS = 10;

/** Most messages that go together. */
export const BATCH_MOST = 64;

/**
 * Most of the young generation of each of the two threads of mirroring: what they make is gone after one message. Without a bound an
 * edge under shadow grew by steps (90 MB in a soak of ten minutes), as V8 widens it where there is room; with it by 13 MB. Megabytes.
 */
export const YOUNG_GENERATION_MB = 24;
