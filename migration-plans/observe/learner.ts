import { OBSERVE_LIMITS, type Observations, type ObserveLimits, type Skipped } from './observation.ts';
import { ownCopy } from './own-copy.ts';
import { type PathNode, PathTree, STANDS_OUT } from './path-tree.ts';
import type { CallDetails, RouteCell } from './route-cell.ts';

/** Paths remembered as they came, so that most requests cost one look-up. Forgotten with every `take`. */
const REMEMBERED = 4_096;
const MAX_REMEMBERED_LENGTH = 256;
/** Of unknown paths beyond the limit a second, one in so many is read and stands for all. */
const ONE_IN = 32;

/** A call that is over. What is rarely asked for is a question, so that an ordinary request costs nothing for it. */
export interface ObservedCall {
  /** Index into the learner's methods. */
  method: number;
  url: string;
  status: number;
  /** Index of the latency bucket; -1: the time says nothing. */
  bucket: number;
  ms: number;
  /** Of the answer's body. */
  bytes: number;
  /** Milliseconds of a clock that never goes back. */
  at: number;
  /** For how many calls it stands. */
  weight: number;
}

export interface DetailsSource {
  callDetails(): CallDetails;
}

/**
 * Statuses with which a monolith answers what it has no route for, or what it has not looked at. They are counted where a route is known
 * already, and make none.
 */
const NO_ROUTE = new Set([0, 400, 404, 405, 410, 414, 421, 429, 431, 501, 502, 503, 504]);

/** A path as it came, and how often it came again since it is remembered. */
interface KnownPath {
  readonly node: PathNode;
  hits: number;
}

/** Learns the routes of an application from calls, in bounded room and time. No I/O, no timers. */
export class RouteLearner {
  readonly #methods: readonly string[];
  readonly #tree: PathTree;
  readonly #known = new Map<string, KnownPath>();
  readonly #newPerSecond: number;
  #generation = 0;
  #second = 0;
  #new = 0;
  #skipped: Partial<Record<Skipped, number>> = {};

  constructor(methods: readonly string[], limits: Partial<ObserveLimits> = {}) {
    this.#methods = methods;
    this.#tree = new PathTree(limits);
    this.#newPerSecond = limits.newPathsPerSecond ?? OBSERVE_LIMITS.newPathsPerSecond;
  }

  /** Places in use and paths remembered, to be watched. */
  size(): { places: number; remembered: number } {
    return { places: this.#tree.places, remembered: this.#known.size };
  }

  record(call: ObservedCall, source: DetailsSource): void {
    const { url, method } = call;
    const question = url.indexOf('?');
    const path = question === -1 ? url : url.slice(0, question);
    const known = this.#known.get(path);
    const cell = known?.node.cells[method];
    if (known === undefined || cell === undefined) {
      this.#recordNew(call, path, known?.node, source);
      return;
    }
    known.hits++;
    recordInto(cell, call, call.weight, source);
  }

  skip(reason: Skipped, count: number): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count;
  }

  /** What was recorded since the last call, which it forgets. What was learned stays. */
  take(isoOf: (at: number) => string): Observations {
    const { routes, values } = this.#tree.take(this.#methods, isoOf);
    const skipped = this.#skipped;
    this.#skipped = {};
    this.#forget();
    const times = Object.values(routes).flatMap(({ first, last }) => [first, last]);
    times.sort();
    return { from: times[0] ?? '', to: times.at(-1) ?? '', skipped, routes, values };
  }

  #recordNew(call: ObservedCall, path: string, known: PathNode | undefined, source: DetailsSource): void {
    const standsFor = this.#admit(call.at);
    if (standsFor === 0) return;
    const weight = call.weight * standsFor;
    const grow = !NO_ROUTE.has(call.status);
    const node = known ?? this.#tree.find(path, grow);
    if (this.#generation !== this.#tree.generation) {
      // Places became one: remembered ones may be gone.
      this.#generation = this.#tree.generation;
      this.#forget();
    }
    if (node === 'ambiguous') {
      this.skip('ambiguous', weight);
      return;
    }
    if (node === undefined) {
      this.skip(grow ? 'overflow' : 'unmatched', weight);
      return;
    }
    const cell = node.cells[call.method] ?? (grow ? this.#tree.addCell(node, call.method) : undefined);
    if (cell === undefined) {
      this.skip(grow ? 'overflow' : 'unmatched', weight);
      return;
    }
    recordInto(cell, call, weight, source);
    // A path that is the whole target is a text of its own already.
    this.#remember(path === call.url ? path : ownCopy(path), node);
  }

  #remember(path: string, node: PathNode): void {
    if (path.length > MAX_REMEMBERED_LENGTH) return;
    if (this.#known.size >= REMEMBERED) this.#forget();
    this.#known.set(path, { node, hits: 0 });
  }

  #forget(): void {
    for (const [path, { hits }] of this.#known) if (hits >= STANDS_OUT) this.#tree.noteOften(path, hits);
    this.#known.clear();
  }

  /** 0: this one is not read; n: it stands for n. */
  #admit(at: number): number {
    if (at - this.#second >= 1_000 || at < this.#second) {
      this.#second = at;
      this.#new = 0;
    }
    this.#new++;
    if (this.#new <= this.#newPerSecond) return 1;
    return this.#new % ONE_IN === 0 ? ONE_IN : 0;
  }
}

function recordInto(cell: RouteCell, call: ObservedCall, weight: number, source: DetailsSource): void {
  const { status } = call;
  const statusClass = (status / 100) | 0;
  cell.record(statusClass >= 1 && statusClass <= 5 ? statusClass : 0, call.bucket, call.ms, call.at, weight);
  if (status === 200) cell.size(call.bytes);
  if (cell.wantsDetails()) cell.inspect(source.callDetails());
}
