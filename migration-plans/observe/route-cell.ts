import { LATENCY_BUCKETS_MS } from '../evidence/evidence.ts';
import type { BodyKind, RouteStats } from './observation.ts';
import { ownCopy } from './own-copy.ts';
import { TopNames } from './top-names.ts';

/** Calls of a cell that are looked at in full since it was last taken, before only one of sixteen is. */
const INSPECT_FIRST = 64;
const INSPECT_MASK = 15;

const MAX_QUERY_NAMES = 32;
const MAX_TYPES = 8;
const MAX_QUERY_TEXT = 2_048;
const MAX_NAME = 64;
/** Names that programmers give; anything else may be a value. */
const NAME = /^[A-Za-z_$][\w.$:[\]-]{0,63}$/;
const MEDIA_TYPE = /^[a-z]{1,20}\/[a-z0-9.+-]{1,60}$/;

/** What is not on the surface of a request: asked for only when a call is looked at in full. */
export interface CallDetails {
  /** The request target. */
  url: string;
  requestType: string | undefined;
  hasBody: boolean;
  answerType: string | undefined;
}

/** One method on one path since it was last taken. Recording costs additions; what is rare is looked at closer. */
export class RouteCell {
  calls = 0;
  readonly #status = new Float64Array(6);
  readonly #latency = new Float64Array(LATENCY_BUCKETS_MS.length + 1);
  #timed = 0;
  #sumMs = 0;
  #first = 0;
  #last = 0;
  #smallest = -1;
  #largest = -1;
  #inspected = 0;
  readonly #bodies = new Map<BodyKind, number>();
  readonly #types = new Map<string, number>();
  #query: TopNames | undefined;

  /** `bucket` -1: the time says nothing. `at` in milliseconds of any clock that `take` is told to read. */
  record(statusClass: number, bucket: number, ms: number, at: number, weight: number): void {
    this.calls += weight;
    this.#status[statusClass]! += weight;
    if (bucket >= 0) {
      this.#latency[bucket]! += weight;
      this.#timed += weight;
      this.#sumMs += ms * weight;
    }
    if (this.#first === 0) this.#first = at;
    this.#last = at;
  }

  /** The size of a body of a 200: pages that all have the same are one page. */
  size(bytes: number): void {
    if (bytes > this.#largest) this.#largest = bytes;
    if (this.#smallest === -1 || bytes < this.#smallest) this.#smallest = bytes;
  }

  wantsDetails(): boolean {
    return this.#inspected < INSPECT_FIRST || (this.calls & INSPECT_MASK) === 0;
  }

  inspect({ url, requestType, hasBody, answerType }: CallDetails): void {
    this.#inspected++;
    const body = hasBody ? bodyKind(requestType) : 'none';
    this.#bodies.set(body, (this.#bodies.get(body) ?? 0) + 1);
    const type = answerType === undefined ? undefined : mediaType(answerType);
    if (type !== undefined) {
      const known = this.#types.has(type) || this.#types.size < MAX_TYPES ? type : 'other';
      this.#types.set(known, (this.#types.get(known) ?? 0) + 1);
    }
    const question = url.indexOf('?');
    if (question !== -1 && question + 1 < url.length) this.#names(url, question + 1);
  }

  #names(url: string, start: number): void {
    this.#query ??= new TopNames(MAX_QUERY_NAMES);
    for (const name of queryNames(url.slice(start, start + MAX_QUERY_TEXT))) this.#query.add(name);
  }

  /** Another path turned out to be the same route. */
  absorb(other: RouteCell): void {
    this.calls += other.calls;
    for (let at = 0; at < 6; at++) this.#status[at]! += other.#status[at]!;
    for (let at = 0; at < this.#latency.length; at++) this.#latency[at]! += other.#latency[at]!;
    this.#timed += other.#timed;
    this.#sumMs += other.#sumMs;
    if (other.#first !== 0 && (this.#first === 0 || other.#first < this.#first)) this.#first = other.#first;
    this.#last = Math.max(this.#last, other.#last);
    if (other.#smallest !== -1) {
      this.size(other.#smallest);
      this.size(other.#largest);
    }
    this.#inspected += other.#inspected;
    for (const [body, count] of other.#bodies) this.#bodies.set(body, (this.#bodies.get(body) ?? 0) + count);
    for (const [type, count] of other.#types) {
      const known = this.#types.has(type) || this.#types.size < MAX_TYPES ? type : 'other';
      this.#types.set(known, (this.#types.get(known) ?? 0) + count);
    }
    if (other.#query !== undefined) {
      this.#query ??= new TopNames(MAX_QUERY_NAMES);
      this.#query.absorb(other.#query);
    }
  }

  /** What was recorded since the last call, which it forgets. `isoOf` reads the clock that `record` was told. */
  take(isoOf: (at: number) => string): RouteStats {
    const stats: RouteStats = {
      calls: this.calls,
      status: Array.from(this.#status),
      // Whole milliseconds, so that adding up gives the same in any order.
      latency: { buckets: Array.from(this.#latency), count: this.#timed, sumMs: Math.round(this.#sumMs) },
      first: isoOf(this.#first),
      last: isoOf(this.#last),
      smallest: this.#smallest,
      largest: this.#largest,
      inspected: this.#inspected,
      bodies: Object.fromEntries(this.#bodies),
      types: Object.fromEntries(this.#types),
      query: this.#query?.take() ?? {},
    };
    this.calls = 0;
    this.#status.fill(0);
    this.#latency.fill(0);
    this.#timed = 0;
    this.#sumMs = 0;
    this.#first = 0;
    this.#last = 0;
    this.#smallest = -1;
    this.#largest = -1;
    this.#inspected = 0;
    this.#bodies.clear();
    this.#types.clear();
    return stats;
  }
}

/** Names of the parameters, each once. What has no `=` may be a value by itself and is no name. */
export function queryNames(query: string): Set<string> {
  const names = new Set<string>();
  for (let at = 0; at < query.length && names.size < MAX_QUERY_NAMES; ) {
    const end = query.indexOf('&', at);
    const stop = end === -1 ? query.length : end;
    const equals = query.indexOf('=', at);
    if (equals > at && equals < stop && equals - at <= MAX_NAME * 3) {
      const name = parameterName(query.slice(at, equals));
      if (name !== undefined) names.add(name);
    }
    at = stop + 1;
  }
  return names;
}

function parameterName(raw: string): string | undefined {
  let text = raw;
  if (raw.includes('%')) {
    try {
      text = decodeURIComponent(raw);
    } catch {
      return undefined;
    }
  }
  if (!NAME.test(text)) return undefined;
  // `filter[17]` and `item.4711` are names with a value in them.
  const named = text.replace(/\d{2,}/g, '0');
  return named.length > 32 && !/[.[\]_-]/.test(named) ? undefined : named;
}

/** The closed vocabulary of request bodies. */
export function bodyKind(contentType: string | undefined): BodyKind {
  if (contentType === undefined) return 'other';
  const type = contentType.slice(0, 80).toLowerCase();
  if (/^application\/(?:[a-z0-9.-]+\+)?json|^application\/graphql/.test(type)) return 'json';
  if (type.startsWith('application/x-www-form-urlencoded')) return 'form';
  if (type.startsWith('multipart/')) return 'multipart';
  if (/^(?:application|text)\/(?:[a-z0-9.-]+\+)?xml/.test(type)) return 'xml';
  if (type.startsWith('text/')) return 'text';
  return /^(?:image|audio|video|font)\/|^application\/(?:octet-stream|pdf|zip|gzip)/.test(type)
    ? 'binary'
    : 'other';
}

/** `text/html` of `text/html; charset=utf-8`; undefined if it is none. */
function mediaType(contentType: string): string | undefined {
  const end = contentType.indexOf(';');
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return MEDIA_TYPE.test(type) ? ownCopy(type) : undefined;
}
