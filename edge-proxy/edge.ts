import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { inSteps } from '../migration-plans/in-steps.ts';
import type { Revision } from '../migration-plans/revision/revision.ts';
import { prepareValidation } from '../migration-plans/revision/validate.ts';
import { compileSteps } from '../migration-plans/routing/compile.ts';
import type { EdgeReport } from '../migration-plans/state-store/port.ts';
import { proxyTrust } from './client-address.ts';
import { type EdgeStatus, edgeStatus } from './edge-status.ts';
import { EdgeHandler } from './handle.ts';
import { type KillRefusal, killRefusal, LocalKills } from './kill-switch.ts';
import { keepLease, type Lease } from './lifecycle/lease.ts';
import { type Health, readiness, type Stage } from './lifecycle/stages.ts';
import { checkOptions, EDGE_LIMITS, type EdgeOptions, MONOLITH_TIMEOUTS, secretBytes } from './options.ts';
import { type FollowerEvent, followRevisions } from './revision/follower.ts';
import { lastGoodIn } from './revision/last-good.ts';
import { serveSteps } from './serving.ts';
import { NO_SHADOW, type ShadowPort } from './shadow/port.ts';
import { createAccessLog } from './telemetry/access-log.ts';
import { createEvidenceSink, type EvidenceSink } from './telemetry/evidence-sink.ts';
import { createEdgeLogger } from './telemetry/logger.ts';
import { Meters } from './telemetry/meters.ts';
import type { ListenerFigures, ShadowFigures } from './telemetry/metric-sources.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { RequestRecorder } from './telemetry/recorder.ts';
import { observeRoutes, type RouteObserver } from './telemetry/route-observer.ts';
import { startTracing } from './telemetry/tracing.ts';
import { takeTrafficEvidence } from './telemetry/traffic.ts';
import { keepTickShape } from './tick-shape.ts';
import type { Upstreams } from './upstreams.ts';
import { within } from './within.ts';

/** The shadow pipeline as the edge runs it. */
export interface ShadowPart extends ShadowPort {
  /** Routes are mirrored from now on. */
  start(): void;
  stats(): ShadowFigures;
  close(deadlineMs: number): Promise<void>;
}

/** What is put together elsewhere and handed to an edge. */
export interface EdgeParts {
  upstreams(context: PartContext): Promise<Upstreams> | Upstreams;
  /** Undefined: nothing is mirrored. */
  shadow?(context: PartContext & { upstreams: Upstreams; sink: EvidenceSink }): ShadowPart;
}

export interface PartContext {
  id: string;
  options: EdgeOptions;
  logger: Logger;
}

/** An edge without a listener: whoever listens hands requests to `handler`. */
export interface Edge {
  readonly id: string;
  readonly handler: EdgeHandler;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Loads what there is to load. Resolves in any case; nothing is announced yet. */
  start(): Promise<void>;
  /** Ready: tells the state store where this edge listens. `figures`: what metrics say of the listener. */
  open(addresses: { url: string; adminUrl: string }, figures?: () => ListenerFigures): Promise<void>;
  /** Not ready any more; what is under way ends with its connection. */
  announceDrain(): Promise<void>;
  /** Parts to close, in order, when nothing is under way any more. */
  closing(): { name: string; run(remainingMs: number): Promise<void> | void }[];
  ready(): Health;
  stage(): Stage;
  kill(capability: string, killed: boolean): KillRefusal | undefined;
  kills(): string[];
  status(): EdgeStatus;
}

/** How long a first revision waits for its services to be found; later ones are swapped sooner. Milliseconds. */
const FIRST_LOOKUP_MS = 3_000;
const LOOKUP_MS = 1_000;
/** How long an edge that is ready waits to be known to the state store. Milliseconds. */
const FIRST_REPORT_MS = 500;

/** Puts the parts of an edge together. Throws what `checkOptions` throws. */
export async function createEdge(options: EdgeOptions, parts: EdgeParts): Promise<Edge> {
  checkOptions(options);
  keepTickShape();
  const id = options.id ?? `${hostname().slice(0, 40)}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const limits = { ...EDGE_LIMITS, ...options.limits };
  const now = options.now ?? Date.now;
  const startedAt = new Date(now()).toISOString();
  const { leaseMs = 15_000, pollMs = 2_000, store } = options;
  let stage: Stage = 'starting';
  let addresses = { url: '', adminUrl: '' };
  let lease: Lease | undefined;
  let listenerFigures: (() => ListenerFigures) | undefined;

  const log = createEdgeLogger({
    level: options.log?.level ?? 'info',
    stream: options.log?.stream,
    edge: id,
    onDrop: () => accessLog?.countDrop(),
  });
  const { logger } = log;
  const upstreams = await parts.upstreams({ id, options, logger });
  const accessOptions = options.accessLog ?? true;
  const accessLog =
    accessOptions === false
      ? undefined
      : createAccessLog(logger, typeof accessOptions === 'object' ? accessOptions : {});
  const tracing = await startTracing(options.traces?.endpoint ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT, id);
  const meters = new Meters(limits.meteredRoutes);
  let evidenceFrom = new Date(now()).toISOString();
  const sink = createEvidenceSink({
    store,
    maxHeld: limits.evidenceHeld,
    ...(options.evidenceMs === undefined ? {} : { intervalMs: options.evidenceMs }),
    collect() {
      const from = evidenceFrom;
      evidenceFrom = new Date(now()).toISOString();
      return takeTrafficEvidence(meters.traffic(), { edge: id, from, to: evidenceFrom, serviceVersion });
    },
    onError: (error) => logger.warn({ err: error }, 'evidence could not be delivered and is kept'),
  });
  const observer = observerOf(options, id, logger);
  const shadow = parts.shadow?.({ id, options, logger, upstreams, sink });
  const kills = new LocalKills();
  const handler = new EdgeHandler({
    forwarder: upstreams.forwarder,
    monolith: upstreams.monolith,
    monolithTimeouts: { ...MONOLITH_TIMEOUTS, ...options.monolithTimeouts },
    shadow: shadow ?? NO_SHADOW,
    recorder: new RequestRecorder(meters, accessLog, tracing, observer),
    kills,
    trust: proxyTrust(options.trustProxy ?? []),
    secret: secretBytes(options.overrideSecret),
    answerHeader: options.answerHeader === false ? undefined : (options.answerHeader ?? 'x-strangler-target'),
    maxInFlight: limits.inFlight,
    secure: options.secureCookies ?? false,
    onDefect: (error) => logger.error({ err: error }, 'deciding failed; the monolith answers'),
  });

  const follower = followRevisions({
    store,
    lastGood: options.stateFolder === undefined ? undefined : lastGoodIn(options.stateFolder, now),
    intervalMs: pollMs,
    activate,
    onEvent: (event) => logFollower(logger, event),
    now,
  });

  async function activate(revision: Revision): Promise<void> {
    const namespace = options.cloudMap?.namespace ?? 'default';
    const table = await inSteps(compileSteps(revision, { namespace }));
    await upstreams.use(table, handler.serving.table.revision === null ? FIRST_LOOKUP_MS : LOOKUP_MS);
    handler.serving = await inSteps(serveSteps(table, meters, (route) => upstreams.serviceOf(route)));
    if (handler.serving.routes.some(({ mirrored }) => mirrored)) shadow?.start();
    void lease?.renew();
  }

  function serviceVersion(capability: string): string {
    const found = handler.serving.table.capabilities.get(capability);
    return found === undefined ? 'unknown' : upstreams.seen(found.serviceKey).version;
  }

  function report(): EdgeReport {
    const { table } = handler.serving;
    const services = Array.from(table.capabilities, ([capability, { serviceKey }]) => {
      const { endpoints, healthy, versions } = upstreams.seen(serviceKey);
      return { capability, endpoints, healthy, versions };
    });
    return {
      id,
      revision: table.revision,
      digest: table.digest,
      ...addresses,
      startedAt,
      draining: stage !== 'ready',
      services,
    };
  }

  function ready(): Health {
    const { known, number, broken, storeConnected } = follower.status();
    return readiness({
      stage,
      revisionKnown: known,
      revision: number,
      broken,
      storeConfigured: store !== undefined,
      storeConnected,
    });
  }

  const accessStats = () => accessLog?.stats() ?? { written: 0, sampledOut: 0, dropped: 0 };
  const metrics = createMetrics({
    meters,
    revision: () => {
      const { number, loadedAt, failures, storeConnected, broken } = follower.status();
      return { number, loadedAt, failures, storeConnected, broken: broken !== undefined };
    },
    ready: () => ready().ok,
    evidence: () => sink.stats(),
    observed: () => observer?.stats(),
    accessLog: accessStats,
    upstreams: () => upstreams.figures(),
    admission: () => ({ shed: handler.shed, limit: limits.inFlight }),
    listener: () => listenerFigures?.(),
    shadow: () => shadow?.stats(),
  });

  return {
    id,
    handler,
    logger,
    metrics,
    start() {
      if (store !== undefined) prepareValidation();
      return follower.start();
    },
    async open(listening, figures) {
      addresses = listening;
      listenerFigures = figures;
      stage = 'ready';
      if (store === undefined) return;
      lease = keepLease({
        store,
        leaseMs,
        report,
        onError: (error) =>
          logger.warn({ err: error }, 'the state store did not take the report of this edge'),
      });
      await within(FIRST_REPORT_MS, lease.renew());
    },
    async announceDrain() {
      stage = 'draining';
      handler.draining = true;
      handler.inFlight.forEach((entry) => {
        entry.announceClose();
      });
      await lease?.renew();
    },
    closing: () => [
      { name: 'shadow', run: (ms) => shadow?.close(ms) },
      { name: 'revisions', run: () => follower.close() },
      { name: 'evidence', run: () => sink.close() },
      { name: 'observations', run: () => observer?.close() },
      { name: 'lease', run: () => lease?.end() },
      { name: 'upstreams', run: (ms) => upstreams.close(ms) },
      { name: 'traces', run: (ms) => tracing?.close(ms) },
      {
        name: 'log',
        run() {
          stage = 'closed';
          log.flush();
        },
      },
    ],
    ready,
    stage: () => stage,
    kill(capability, killed) {
      const refusal = killRefusal(handler.serving.table, capability);
      // Lifting a switch is always possible, also of a capability that is gone meanwhile.
      if (killed && refusal !== undefined) return refusal;
      kills.set(capability, killed);
      logger.warn({ capability, killed }, 'the kill switch of this edge was changed');
      return undefined;
    },
    kills: () => kills.list(),
    status: () =>
      edgeStatus({
        report: report(),
        stage,
        health: ready(),
        revision: follower.status(),
        table: handler.serving.table,
        kills: kills.list(),
        leaseHeld: lease?.held() ?? false,
        inFlight: handler.inFlight.count,
        evidence: sink.stats(),
        observed: observer?.stats(),
        accessLog: accessStats(),
        upstreams: upstreams.figures(),
        shadow: shadow?.stats(),
      }),
  };
}

/** Undefined: nobody wants to know, or there is nobody to tell. */
function observerOf(
  { observe, store, now, evidenceMs }: EdgeOptions,
  edge: string,
  logger: Logger,
): RouteObserver | undefined {
  if (observe === false || store === undefined) return undefined;
  return observeRoutes({
    store,
    edge,
    limits: observe ?? {},
    ...(now === undefined ? {} : { now }),
    ...(evidenceMs === undefined ? {} : { intervalMs: evidenceMs }),
    onError: (error) => logger.warn({ err: error }, 'what was observed could not be delivered and is kept'),
  });
}

function logFollower(logger: Logger, event: FollowerEvent): void {
  switch (event.kind) {
    case 'activated':
      logger.info({ revision: event.number, source: event.source }, 'serving a revision');
      return;
    case 'broken':
      logger.error(
        { revision: event.number, reason: event.message },
        'a revision cannot be used; the last good one is served',
      );
      return;
    case 'store-away':
      logger.warn({ reason: event.message }, 'the state store is away; the last good revision is served');
      return;
    case 'store-back':
      logger.info('the state store is back');
      return;
    case 'file-broken':
      logger.error({ reason: event.message }, 'the last good revision on disk cannot be used');
      return;
    case 'file-not-saved':
      logger.error({ reason: event.message }, 'the last good revision could not be saved');
      return;
  }
}
