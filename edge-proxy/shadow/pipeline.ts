import type { DropReason } from '../../migration-plans/evidence/evidence.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';
import type { Endpoint } from '../discovery/port.ts';
import { DEFAULT_FORWARDING_HEADERS, type ForwardingHeaders } from '../forward/forwarding-headers.ts';
import type { UpstreamTls } from '../forward/port.ts';
import type { EvidenceSink } from '../telemetry/evidence-sink.ts';
import { AnswerCapture } from './capture.ts';
import { Comparer } from './comparer.ts';
import { FunnelCounters, mirrorKey } from './funnel.ts';
import { SHADOW_LIMITS, type ShadowLimits } from './limits.ts';
import { type CaptureEnd, LiveCapture, type Mirrored } from './live-capture.ts';
import { MirrorThread, type Outcome } from './mirror-thread.ts';
import { FailurePause } from './pause.ts';
import type { MirroredRequest, ShadowCapture, ShadowPort } from './port.ts';
import { ByteBudget, NewestFirstQueue } from './queue.ts';
import { RequestCapture } from './request-capture.ts';
import { isSampled } from './sampling.ts';
import { WriteLane } from './write-lane.ts';

export interface ShadowOptions {
  /** Id of this edge, for evidence. */
  edge: string;
  /** `http://host:port` of the monolith. */
  monolithUrl: string;
  /** Undefined: the system's certificate authorities. */
  monolithTls?: UpstreamTls | undefined;
  /** What the edge adds to requests, so that copies get it too. Default: as the forwarder's. */
  forwarding?: Partial<ForwardingHeaders> | undefined;
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
  workerCrashes: number;
  dropped: Readonly<Partial<Record<DropReason, number>>>;
  sent: number;
  compared: number;
}

export interface Shadow extends ShadowPort {
  /** Routes are mirrored from now on: starts the threads, so that the first copies need not wait for them. */
  start(): void;
  stats(): ShadowStats;
  /** Hands what was measured to the sink. */
  flush(): Promise<void>;
  /** Lets running comparisons end until the deadline, drops the rest, flushes, frees everything. */
  close(deadlineMs: number): Promise<void>;
}

/** What stands for a copy while the other thread has it: its answer is over there. */
interface Flight {
  route: CompiledRoute;
  /** Bytes of the budget that are given back when it lands. */
  bytes: number;
  /** Of a write: its place in the lane. */
  write: Mirrored | undefined;
}

/** Why a copy that was sent is not compared. */
const LOSSES: Readonly<Record<Outcome, DropReason | undefined>> = {
  compared: undefined,
  failed: undefined,
  expired: 'expired',
  lost: 'compare-failed',
  stopped: 'shutdown',
};

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
  const comparer = new Comparer(options.edge);
  const copies = new MirrorThread<Flight>(
    {
      monolithUrl: new URL(options.monolithUrl).origin,
      monolithTls: options.monolithTls,
      forwarding: { ...DEFAULT_FORWARDING_HEADERS, ...options.forwarding },
      connectionsPerOrigin: limits.connections,
      heldBytes: limits.queueBytes,
      confirmationsPerSecond: limits.confirmationsPerSecond,
    },
    comparer,
    landed,
  );
  const counters = new FunnelCounters(options.edge, wallClock, options.versionOf);
  const pauses = new Map<string, FailurePause>();
  let writing = 0;
  let closing = false;
  let stopped = false;
  let pumping = false;
  let whenIdle: (() => void) | undefined;

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
      wallClock(),
      captureEnd,
    );
  }

  const captureEnd: CaptureEnd = {
    now,
    lost: ({ route }, reason) => counters.drop(route, reason),
    captured(entry) {
      if (closing) {
        entry.write?.discard();
        counters.drop(entry.request.route, 'shutdown');
        return;
      }
      enqueue(entry);
      pumpSoon();
    },
  };

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

  /** The user's answer may still be in the socket's buffer: sending starts after this turn of the event loop. */
  function pumpSoon(): void {
    if (pumping) return;
    pumping = true;
    setImmediate(() => {
      pumping = false;
      pump();
    });
  }

  function pump(): void {
    while (!stopped && copies.size - writing < limits.concurrency) {
      const entry = queue.pop();
      if (entry === undefined) break;
      send(entry);
    }
    while (!stopped && writing < limits.writeConcurrency) {
      const entry = lane.take();
      if (entry === undefined) break;
      if (send(entry)) writing += 1;
      else lane.done(entry);
    }
    if (isIdle()) whenIdle?.();
  }

  /** False: it was dropped instead. */
  function send(entry: Mirrored): boolean {
    const { request, left, write } = entry;
    const { route, method, url, rawHeaders, peer, traceId } = request;
    const { plan } = route;
    const key = mirrorKey(route);
    const drop = (reason: DropReason): false => {
      counters.drop(route, reason);
      release(entry);
      return false;
    };
    const mayWaitMs =
      entry.capturedAt + (write === undefined ? limits.maxAgeMs : limits.writeMaxAgeMs) - now();
    if (mayWaitMs < 0) return drop('expired');
    if (pauseOf(key).paused(now())) return drop('breaker-open');
    const endpoint = options.pickEndpoint(key);
    if (endpoint === undefined) return drop('no-endpoint');
    if (write !== undefined && isLive(endpoint, route.serviceKey)) return drop('sandbox-is-live');

    counters.count(route, 'sent');
    // A write is never sent to the monolith a second time, so nothing probes its noise.
    const probing = write === undefined && random() * 10_000 < plan.shadow.noiseProbeBp;
    copies.send(
      { route, bytes: answerBytes(entry), write: write && entry },
      {
        origin: `${endpoint.secure ? 'https' : 'http'}://${formatHost(endpoint.host)}:${endpoint.port}`,
        ...{ method, url, rawHeaders, peer, traceId, left, mayWaitMs },
        body: entry.body,
        sandboxed: write !== undefined,
        probe: probing ? (random() < 0.5 ? 'last' : 'first') : 'none',
        routeId: route.route.id,
        epoch: route.state.epoch,
        serviceVersion: options.versionOf(key),
        at: entry.at,
      },
      plan,
      // The user's next write waits for this one.
      write !== undefined,
    );
    return true;
  }

  /** A copy is over. */
  function landed({ route, bytes, write }: Flight, outcome: Outcome): void {
    const lost = LOSSES[outcome];
    if (lost !== undefined) counters.drop(route, lost);
    else {
      counters.compared += 1;
      pauseOf(mirrorKey(route)).record(outcome === 'failed', now());
    }
    budget.give(bytes);
    if (write !== undefined) {
      write.write?.discard();
      writing -= 1;
      lane.done(write);
    }
    pumpSoon();
  }

  /** Nothing is on its way, and nothing waits that will be sent. */
  function isIdle(): boolean {
    return copies.size === 0 && (stopped || queue.length + lane.length === 0);
  }

  function idle(): Promise<void> {
    return isIdle() ? Promise.resolve() : new Promise((resolve) => (whenIdle = resolve));
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
    start() {
      // A revision may still come while the edge closes.
      if (!closing) copies.start();
    },
    flush,
    stats: () => ({
      queued: queue.length + lane.length,
      active: copies.size,
      bytesHeld: budget.used,
      workerCrashes: copies.crashes + comparer.crashes,
      dropped: counters.droppedTotal,
      sent: counters.sent,
      compared: counters.compared,
    }),
    async close(deadlineMs: number): Promise<void> {
      closing = true;
      clearInterval(timer);
      await within(deadlineMs, idle());
      stopped = true;
      copies.stop();
      // What is left now waits for a comparison at most, and even one that never ends must not keep the edge from closing.
      await within(COMPARING_MS, idle());
      await copies.close();
      const left = lane.clear();
      for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) left.push(entry);
      for (const entry of left) {
        counters.drop(entry.request.route, 'shutdown');
        release(entry);
      }
      await within(COMPARING_MS, flush());
      await comparer.close();
    },
  };
}

/** Bytes that a waiting entry holds of its answer. */
function answerBytes({ left }: Mirrored): number {
  return left.body === undefined ? 0 : left.bodyBytes;
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
