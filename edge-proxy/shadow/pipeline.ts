import type { CapturedAnswer, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { DropReason } from '../../migration-plans/evidence/evidence.ts';
import type { Endpoint } from '../discovery/port.ts';
import type { EvidenceSink } from '../telemetry/evidence-sink.ts';
import { AnswerCapture } from './capture.ts';
import { Comparer } from './comparer.ts';
import { FunnelCounters, mirrorKey } from './funnel.ts';
import { ENDLESS_FACTOR, SHADOW_LIMITS, type ShadowLimits } from './limits.ts';
import type { CopyTarget } from './mirror-headers.ts';
import { type MirrorOutcome, MirrorThread } from './mirror-thread.ts';
import { FailurePause } from './pause.ts';
import type { MirroredRequest, ShadowCapture, ShadowPort } from './port.ts';
import { ByteBudget, NewestFirstQueue } from './queue.ts';
import { RateLimit } from './rate-limit.ts';
import { RequestCapture } from './request-capture.ts';
import { isSampled } from './sampling.ts';
import { WriteLane } from './write-lane.ts';

export interface ShadowOptions {
  /** Id of this edge, for evidence. */
  edge: string;
  /** `http://host:port` of the monolith. */
  monolithUrl: string;
  /** Some healthy instance of a service (`namespace/service`), or undefined. */
  pickEndpoint(serviceKey: string): Endpoint | undefined;
  /** All that are known of a service: no write is mirrored to one of them, whatever name it was found under. */
  endpointsOf(serviceKey: string): readonly Pick<Endpoint, 'host' | 'port'>[];
  /** Version of a service's instances, as evidence names it: `1.4.0`, `1.3.0+1.4.0` while both run, `unknown`. */
  versionOf(serviceKey: string): string;
  sink: EvidenceSink;
  limits?: Partial<ShadowLimits>;
  flushMs?: number;
  /** Monotonic milliseconds. */
  now?: () => number;
  /** Milliseconds since the epoch. */
  wallClock?: () => number;
  random?: () => number;
}

export interface ShadowStats {
  queued: number;
  active: number;
  bytesHeld: number;
  comparing: number;
  workerCrashes: number;
  dropped: Readonly<Partial<Record<DropReason, number>>>;
  sent: number;
  compared: number;
}

export interface Shadow extends ShadowPort {
  stats(): ShadowStats;
  /** Hands what was measured to the sink. */
  flush(): Promise<void>;
  /** Lets running comparisons end until the deadline, drops the rest, flushes, frees everything. */
  close(deadlineMs: number): Promise<void>;
}

interface Mirrored {
  request: MirroredRequest;
  /** Undefined: a read. */
  write: RequestCapture | undefined;
  body: Uint8Array | undefined;
  left: CapturedAnswer;
  capturedAt: number;
  time: string;
}

/**
 * The shadow pipeline of one edge: sample → capture the user's answer → queue → send copies → compare in a worker → evidence.
 * Every stage is bounded; what finds no room is dropped and counted with its reason. Nothing here is ever awaited by a user's request.
 */
export function createShadow(options: ShadowOptions): Shadow {
  const limits: ShadowLimits = { ...SHADOW_LIMITS, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const wallClock = options.wallClock ?? Date.now;
  const random = options.random ?? Math.random;
  const budget = new ByteBudget(limits.queueBytes);
  const queue = new NewestFirstQueue<Mirrored>(limits.queueEntries, budget, answerBytes);
  const lane = new WriteLane<Mirrored>(limits.queueEntries, ({ request }) => request.bucket);
  const client = new MirrorThread({ connectionsPerOrigin: limits.connections, heldBytes: limits.queueBytes });
  const comparer = new Comparer(options.edge, limits.comparisons);
  const counters = new FunnelCounters(options.edge, wallClock, options.versionOf);
  const confirmations = new RateLimit(limits.confirmationsPerSecond, now());
  const pauses = new Map<string, FailurePause>();
  const running = new Set<Promise<void>>();
  let writing = 0;
  let closing = false;
  let stopped = false;

  const pauseOf = (serviceKey: string): FailurePause => {
    let pause = pauses.get(serviceKey);
    if (pause === undefined) {
      if (pauses.size >= 1024) pauses.clear();
      pause = new FailurePause(limits.breakerFailures, limits.breakerPauseMs);
      pauses.set(serviceKey, pause);
    }
    return pause;
  };

  function begin(request: MirroredRequest): ShadowCapture | undefined {
    const { plan, route, state } = request.route;
    if (state.phase !== 'shadow' && state.phase !== 'canary') return undefined;
    const write = route.effect === 'write';
    if (!route.shadow || (write && request.route.sandboxKey === undefined) || closing) return undefined;
    counters.count(request.route, 'eligible');
    const bucket = request.bucket >= 0 ? request.bucket : Math.floor(random() * 10_000);
    if (!isSampled(bucket, route.sampleBp ?? plan.shadow.sampleBp)) return undefined;
    counters.count(request.route, 'sampled');
    const { maxBodyBytes } = plan.shadow;
    return new LiveCapture(
      request,
      write ? new RequestCapture(maxBodyBytes, budget) : undefined,
      new AnswerCapture(maxBodyBytes, budget, now()),
    );
  }

  class LiveCapture implements ShadowCapture {
    readonly request: RequestCapture | undefined;
    readonly #request: MirroredRequest;
    readonly #answer: AnswerCapture;
    readonly #time = new Date(wallClock()).toISOString();
    #over = false;

    constructor(request: MirroredRequest, write: RequestCapture | undefined, answer: AnswerCapture) {
      this.#request = request;
      this.request = write;
      this.#answer = answer;
    }

    head(status: number, rawHeaders: readonly string[]): void {
      this.#answer.head(status, rawHeaders, now());
    }

    chunk(data: Uint8Array): void {
      if (!this.#over) this.#answer.chunk(data);
    }

    end(): void {
      if (this.#over) return;
      this.#over = true;
      const left = this.#answer.finish(now());
      const { route } = this.#request;
      const write = this.request?.finish();
      const lost = closing ? 'shutdown' : lossOf(write, left);
      if (lost !== undefined) {
        this.request?.discard();
        counters.drop(route, lost);
        return;
      }
      enqueue({
        request: this.#request,
        write: this.request,
        body: write !== undefined && 'body' in write ? write.body : undefined,
        left,
        capturedAt: now(),
        time: this.#time,
      });
      // The user's answer may still be in the socket's buffer: sending starts after this turn of the event loop.
      setImmediate(pump);
    }

    abort(reason: 'client-aborted' | 'monolith-failed'): void {
      if (this.#over) return;
      this.#over = true;
      this.#answer.discard();
      this.request?.discard();
      counters.drop(this.#request.route, reason);
    }
  }

  function enqueue(entry: Mirrored): void {
    const { route } = entry.request;
    if (entry.write === undefined) {
      const pushed = queue.push(entry);
      if (pushed.outcome === 'queue-bytes') counters.drop(route, 'queue-bytes');
      else if (pushed.evicted !== undefined) counters.drop(pushed.evicted.request.route, 'queue-full');
    } else if (!budget.take(answerBytes(entry))) {
      entry.write.discard();
      counters.drop(route, 'queue-bytes');
    } else if (!lane.push(entry)) {
      release(entry);
      counters.drop(route, 'queue-full');
    }
  }

  function release(entry: Mirrored): void {
    entry.write?.discard();
    budget.give(answerBytes(entry));
  }

  function pump(): void {
    while (running.size - writing < limits.concurrency && !comparer.full) {
      const entry = queue.pop();
      if (entry === undefined) break;
      run(entry);
    }
    while (writing < limits.writeConcurrency && !comparer.full) {
      const entry = lane.take();
      if (entry === undefined) break;
      writing += 1;
      run(entry);
    }
  }

  function run(entry: Mirrored): void {
    const going = mirror(entry).finally(() => {
      release(entry);
      running.delete(going);
      if (entry.write !== undefined) {
        writing -= 1;
        lane.done(entry);
      }
      pump();
    });
    running.add(going);
  }

  /** Resolves when nothing is on its way and nothing waits. */
  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.race(running);
  }

  async function mirror(entry: Mirrored): Promise<void> {
    const { request, left, write } = entry;
    const { route } = request;
    const { plan } = route;
    const key = mirrorKey(route);
    const drop = (reason: DropReason): void => counters.drop(route, reason);
    if (stopped) return drop('shutdown');
    const mayWaitMs = () =>
      entry.capturedAt + (write === undefined ? limits.maxAgeMs : limits.writeMaxAgeMs) - now();
    if (mayWaitMs() < 0) return drop('expired');
    const pause = pauseOf(key);
    if (pause.paused(now())) return drop('breaker-open');
    const endpoint = options.pickEndpoint(key);
    if (endpoint === undefined) return drop('no-endpoint');
    if (write !== undefined && isLive(endpoint, route.serviceKey)) return drop('sandbox-is-live');

    counters.count(route, 'sent');
    const callMirror = (): Promise<MirrorOutcome> => {
      const origin = `${endpoint.secure ? 'https' : 'http'}://${formatHost(endpoint.host)}:${endpoint.port}`;
      return write === undefined
        ? call(origin, 'service', plan.shadow.headers.service)
        : call(origin, 'sandbox', plan.shadow.sandbox?.headers ?? {});
    };
    const callMonolith = (mayWait = mayWaitMs()): Promise<MirrorOutcome> =>
      call(options.monolithUrl, 'monolith', plan.shadow.headers.monolith, mayWait);
    const call = (
      origin: string,
      target: CopyTarget,
      overrides: Record<string, string | null>,
      mayWait = mayWaitMs(),
    ): Promise<MirrorOutcome> =>
      client.send(
        {
          origin,
          method: request.method,
          url: request.url,
          rawHeaders: request.rawHeaders,
          peer: request.peer,
          target,
          overrides,
          ...(entry.body === undefined || entry.body.length === 0 ? {} : { body: entry.body }),
          maxBodyBytes: plan.shadow.maxBodyBytes,
          endlessBytes: Math.max(plan.shadow.maxBodyBytes, left.bodyBytes) * ENDLESS_FACTOR,
          timeoutMs: plan.shadow.timeoutMs,
        },
        mayWait,
        // The user's next write waits for this one.
        write !== undefined,
      );

    // A write is never sent to the monolith a second time, so nothing probes its noise.
    const probing = write === undefined && random() * 10_000 < plan.shadow.noiseProbeBp;
    const [right, probe] = await bothInRandomOrder(callMirror, probing ? callMonolith : undefined, random);
    if (stopped) return drop('shutdown');
    if (right === 'lost') return drop('compare-failed');
    if (right === 'expired') return drop('expired');
    pause.record('failure' in right, now());

    const suspicious = await comparer.compare({
      plan,
      epoch: route.state.epoch,
      serviceVersion: options.versionOf(key),
      routeId: route.route.id,
      method: request.method,
      url: request.url,
      time: entry.time,
      traceId: request.traceId,
      left,
      right,
      sandboxed: write !== undefined,
      requestBody: entry.body && Buffer.from(entry.body.subarray(0, NAMED_BYTES)).toString('utf8'),
      probe: answerOf(probe),
    });
    if (suspicious === undefined) return drop('compare-failed');
    counters.compared += 1;
    if (suspicious === null) return;
    // Between the user's answer and the copy somebody may have changed the data. Asking the monolith once more tells: what
    // now agrees with the service was a change in between, what still differs is a difference.
    // However old the copy is by now: a difference that nobody looked at twice may be none.
    const again = confirmations.take(now()) ? await callMonolith(plan.shadow.timeoutMs) : undefined;
    comparer.confirm(suspicious, answerOf(again));
  }

  /** The sandbox's instance is also one of the service in use, or the monolith: then a mirrored write would happen twice. */
  function isLive({ host, port }: Endpoint, serviceKey: string): boolean {
    const monolith = new URL(options.monolithUrl);
    const monolithPort = Number(monolith.port) || (monolith.protocol === 'https:' ? 443 : 80);
    if (port === monolithPort && formatHost(host) === monolith.hostname) return true;
    return options.endpointsOf(serviceKey).some((live) => live.host === host && live.port === port);
  }

  async function flush(): Promise<void> {
    for (const delta of counters.drain()) options.sink.add(delta);
    for (const delta of await comparer.drain()) options.sink.add(delta);
  }

  const timer = setInterval(() => void flush(), options.flushMs ?? 1_000);
  timer.unref();

  return {
    begin,
    flush,
    stats: () => ({
      queued: queue.length + lane.length,
      active: running.size,
      bytesHeld: budget.used,
      comparing: comparer.pending,
      workerCrashes: comparer.crashes,
      dropped: counters.droppedTotal,
      sent: counters.sent,
      compared: counters.compared,
    }),
    async close(deadlineMs: number): Promise<void> {
      closing = true;
      clearInterval(timer);
      await within(deadlineMs, idle());
      stopped = true;
      client.stop();
      // What is left now waits for a comparison at most, and even one that never ends must not keep the edge from closing.
      await within(COMPARING_MS, idle());
      const left = lane.clear();
      for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) left.push(entry);
      for (const entry of left) {
        counters.drop(entry.request.route, 'shutdown');
        release(entry);
      }
      await within(COMPARING_MS, flush());
      await comparer.close();
      await client.close();
    },
  };
}

/** Of a write's body, how much is looked through for values that the client named. */
const NAMED_BYTES = 65_536;

/** Bytes that a waiting entry holds of its answer. */
function answerBytes({ left }: Mirrored): number {
  return left.body === undefined ? 0 : left.bodyBytes;
}

function answerOf(outcome: MirrorOutcome | undefined): ShadowAnswer | undefined {
  return typeof outcome === 'object' ? outcome : undefined;
}

/** Why a request is not mirrored after all; undefined: it is. */
function lossOf(
  write: ReturnType<RequestCapture['finish']> | undefined,
  left: CapturedAnswer,
): DropReason | undefined {
  if (write === undefined) return undefined;
  if ('lost' in write) return write.lost;
  // Whether a write that the monolith failed at has happened is not known: the sandbox would part from it.
  return left.status >= 500 ? 'monolith-failed' : undefined;
}

/** How long closing waits for comparisons under way. Milliseconds. */
const COMPARING_MS = 1_000;

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** IPv6 addresses stand in brackets in a URL (RFC 3986 section 3.2.2). */
function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Starts both close together; which goes first is left to chance, so that neither always finds warmer caches. */
async function bothInRandomOrder<A, B>(
  first: () => Promise<A>,
  second: (() => Promise<B>) | undefined,
  random: () => number,
): Promise<[A, B | undefined]> {
  if (second === undefined) return [await first(), undefined];
  if (random() < 0.5) {
    const a = first();
    return Promise.all([a, second()]);
  }
  const b = second();
  return Promise.all([first(), b]);
}
