import type { CapturedAnswer, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { DropReason } from '../../migration-plans/evidence/evidence.ts';
import type { Endpoint } from '../discovery/port.ts';
import type { EvidenceSink } from '../telemetry/evidence-sink.ts';
import { asForwarded } from './as-forwarded.ts';
import { AnswerCapture } from './capture.ts';
import { Comparer } from './comparer.ts';
import { FunnelCounters } from './funnel.ts';
import { SHADOW_LIMITS, type ShadowLimits } from './limits.ts';
import { mirrorHeaders } from './mirror-headers.ts';
import { MirrorThread } from './mirror-thread.ts';
import { FailurePause } from './pause.ts';
import type { MirroredRequest, ShadowCapture, ShadowPort } from './port.ts';
import { ByteBudget, NewestFirstQueue } from './queue.ts';
import { RateLimit } from './rate-limit.ts';
import { isSampled } from './sampling.ts';

export interface ShadowOptions {
  /** Id of this edge, for evidence. */
  edge: string;
  /** `http://host:port` of the monolith. */
  monolithUrl: string;
  /** Some healthy instance of a service (`namespace/service`), or undefined. */
  pickEndpoint(serviceKey: string): Endpoint | undefined;
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
  headers: readonly string[];
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
  const queue = new NewestFirstQueue<Mirrored>(
    limits.queueEntries,
    budget,
    (entry) => entry.left.bodyBytes * (entry.left.body ? 1 : 0),
  );
  const client = new MirrorThread(limits.concurrency, limits.queueBytes);
  const comparer = new Comparer(options.edge, limits.comparisons);
  const counters = new FunnelCounters(options.edge, wallClock, options.versionOf);
  const confirmations = new RateLimit(limits.confirmationsPerSecond, now());
  const pauses = new Map<string, FailurePause>();
  const running = new Set<Promise<void>>();
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
    if (!route.shadow || route.effect !== 'read' || closing) return undefined;
    counters.count(request.route, 'eligible');
    const bucket = request.bucket >= 0 ? request.bucket : Math.floor(random() * 10_000);
    if (!isSampled(bucket, plan.shadow.sampleBp)) return undefined;
    counters.count(request.route, 'sampled');
    return new LiveCapture(request, new AnswerCapture(plan.shadow.maxBodyBytes, budget, now()));
  }

  class LiveCapture implements ShadowCapture {
    readonly #request: MirroredRequest;
    readonly #answer: AnswerCapture;
    readonly #time = new Date(wallClock()).toISOString();
    #over = false;

    constructor(request: MirroredRequest, answer: AnswerCapture) {
      this.#request = request;
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
      const { url, rawHeaders, peer } = this.#request;
      const headers = asForwarded(url, rawHeaders, peer);
      const { route } = this.#request;
      if (closing) {
        counters.drop(route, 'shutdown');
        return;
      }
      const pushed = queue.push({
        request: this.#request,
        headers,
        left,
        capturedAt: now(),
        time: this.#time,
      });
      if (pushed.outcome === 'queue-bytes') counters.drop(route, 'queue-bytes');
      else if (pushed.evicted !== undefined) counters.drop(pushed.evicted.request.route, 'queue-full');
      // The user's answer may still be in the socket's buffer: sending starts after this turn of the event loop.
      setImmediate(pump);
    }

    abort(reason: 'client-aborted' | 'monolith-failed'): void {
      if (this.#over) return;
      this.#over = true;
      this.#answer.discard();
      counters.drop(this.#request.route, reason);
    }
  }

  function pump(): void {
    while (running.size < limits.concurrency && !comparer.full) {
      const entry = queue.pop();
      if (entry === undefined) break;
      const run = mirror(entry).finally(() => {
        queue.release(entry);
        running.delete(run);
        pump();
      });
      running.add(run);
    }
  }

  /** Resolves when nothing is on its way and nothing waits. */
  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.race(running);
  }

  async function mirror(entry: Mirrored): Promise<void> {
    const { request, left } = entry;
    const { route } = request;
    const { plan, serviceKey } = route;
    const drop = (reason: DropReason): void => counters.drop(route, reason);
    if (stopped) return drop('shutdown');
    if (now() - entry.capturedAt > limits.maxAgeMs) return drop('expired');
    const pause = pauseOf(serviceKey);
    if (pause.paused(now())) return drop('breaker-open');
    const endpoint = options.pickEndpoint(serviceKey);
    if (endpoint === undefined) return drop('no-endpoint');

    counters.count(route, 'sent');
    const callService = (): Promise<ShadowAnswer | undefined> => {
      const scheme = endpoint.secure ? 'https' : 'http';
      return call(`${scheme}://${formatHost(endpoint.host)}:${endpoint.port}`, 'service');
    };
    const callMonolith = (): Promise<ShadowAnswer | undefined> => call(options.monolithUrl, 'monolith');
    const call = (origin: string, target: 'monolith' | 'service'): Promise<ShadowAnswer | undefined> =>
      client.send({
        origin,
        method: request.method,
        url: request.url,
        headers: mirrorHeaders(entry.headers, target, plan.shadow.headers[target]),
        maxBodyBytes: plan.shadow.maxBodyBytes,
        timeoutMs: plan.shadow.timeoutMs,
      });

    const probing = random() * 10_000 < plan.shadow.noiseProbeBp;
    const [right, probe] = await bothInRandomOrder(callService, probing ? callMonolith : undefined, random);
    if (stopped) return drop('shutdown');
    if (right === undefined) return drop('compare-failed');
    pause.record('failure' in right, now());

    const suspicious = await comparer.compare({
      plan,
      epoch: route.state.epoch,
      serviceVersion: options.versionOf(serviceKey),
      routeId: route.route.id,
      method: request.method,
      url: request.url,
      time: entry.time,
      traceId: request.traceId,
      left,
      right,
      probe,
    });
    if (suspicious === undefined) return drop('compare-failed');
    counters.compared += 1;
    if (suspicious === null) return;
    // Between the user's answer and the copy somebody may have changed the data. Asking the monolith once more tells: what
    // now agrees with the service was a change in between, what still differs is a difference.
    const again = confirmations.take(now()) ? await callMonolith() : undefined;
    comparer.confirm(suspicious, again);
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
      queued: queue.length,
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
      for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
        counters.drop(entry.request.route, 'shutdown');
        queue.release(entry);
      }
      await within(COMPARING_MS, flush());
      await comparer.close();
      await client.close();
    },
  };
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
