/** A complete answer of one target, as captured: bytes as they came over the wire, before any decoding. */
export interface CapturedAnswer {
  status: number;
  /** Name, value, name, value … in wire order and case. */
  rawHeaders: readonly string[];
  /** Undefined: longer than the limit; `bodyHash` and `bodyBytes` still tell. */
  body: Uint8Array | undefined;
  /** SHA-256 (hex) of the body's bytes; set when `body` is not. */
  bodyHash: string | undefined;
  bodyBytes: number;
  /** From the request sent to the head, and to the end of the answer, in milliseconds. */
  headMs: number;
  totalMs: number;
}

/** No answer came: connect error, time limit, malformed head, cut body, a body without end. */
export interface FailedAnswer {
  failure: 'connect' | 'timeout' | 'malformed' | 'cut' | 'too-long' | 'other';
  message: string;
  totalMs: number;
}

export type ShadowAnswer = CapturedAnswer | FailedAnswer;

export const DIFFERENCE_KINDS = [
  /** One side failed to answer at all. */
  'failure',
  'status',
  'header-missing',
  'header-extra',
  'header-value',
  /** Bodies are of different media types. */
  'media-type',
  /** Bodies cannot be parsed as what they claim to be, on one side only. */
  'unparsable',
  'missing',
  'extra',
  'type',
  /** Same type, other format: a UUID became a word, an ISO time became a number in a string. */
  'format',
  /** Same type and format, other value. */
  'value',
  /** Same elements in another order. */
  'order',
  'length',
  /** A body compared by hash differs. */
  'bytes',
  /** A value that differs between two answers of the monolith breaks a relation it always keeps (clock, request, other field). */
  'relation',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One difference between two answers. */
export interface Difference {
  kind: DifferenceKind;
  /** Where, without array indices: `$.items[*].price`, `header:etag`, `html:main > p`, `status`. Clusters are made by it. */
  path: string;
  /** Where exactly: `$.items[3].price`. */
  at: string;
  /** Shape of the pair, such as `number→string`, `uuid→uuid`, `200→500`. Bounded vocabulary. */
  shape: string;
  /** The two values as short texts, not yet redacted. Undefined: absent on that side. */
  left: string | undefined;
  right: string | undefined;
}

/**
 * How a value that differs relates to the clock or to other values of its own answer, such as `clock +1:00` or
 * `same as header:x-request-id: broken`. Recorded in both lanes; only a trait that the monolith's own probes do not show is a finding.
 */
export interface FieldTrait {
  /** Index-free, as in `Difference.path`. */
  path: string;
  /** Bounded vocabulary. */
  shape: string;
}

/** Digest of the right side's value of a field that differs, so that a value which should change but repeats is found. */
export interface FieldValue {
  path: string;
  digest: number;
}

export interface Comparison {
  /** True only if nothing differs outside applied rules. */
  equal: boolean;
  differences: Difference[];
  /** Differences beyond the limit that were counted but not listed. Never makes `equal` true. */
  omitted: number;
  /** Rule id → how many differences it hid in this comparison. */
  hidden: Record<string, number>;
  /** Things a person should know: a keyed array with duplicate keys fell back to positional, an expired rule was not applied. */
  notices: string[];
  /** Never make `equal` false by themselves. */
  traits: FieldTrait[];
  values: FieldValue[];
}
