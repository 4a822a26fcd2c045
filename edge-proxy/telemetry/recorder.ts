import { randomBytes } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import type { ForwardResult } from '../forward/port.ts';
import type { AccessLog } from './access-log.ts';
import { answererIndex, methodIndex, statusClassIndex, UPGRADE_METHOD } from './labels.ts';
import { latencyBucket } from './latency.ts';
import type { Meters } from './meters.ts';
import type { RouteObserver } from './route-observer.ts';
import { isTargetFailure } from './target-failure.ts';
import { type Tracing, traceIdOf } from './tracing.ts';

/** Counts, logs and traces requests. Nothing here waits, and ordinary requests cost additions only. */
export class RequestRecorder {
  readonly meters: Meters;
  readonly #accessLog: AccessLog | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #observer: RouteObserver | undefined;
  readonly #prefix = `${randomBytes(6).toString('base64url')}-`;
  #sequence = 0;

  constructor(
    meters: Meters,
    accessLog: AccessLog | undefined,
    tracing: Tracing | undefined,
    observer?: RouteObserver,
  ) {
    this.meters = meters;
    this.#accessLog = accessLog;
    this.#tracing = tracing;
    this.#observer = observer;
  }

  began(exchange: Exchange): void {
    const { phase } = exchange.meters;
    const { target, reason } = exchange.decision;
    phase.inFlight[answererIndex(target)]! += 1;
    phase.countDecision(target, reason);
    if (this.#tracing !== undefined) {
      const { headers } = exchange.request;
      exchange.span = this.#tracing.begin({
        method: exchange.method,
        route: exchange.meters.route.route,
        capability: exchange.route?.capability,
        clientAddress: exchange.clientAddress,
        traceparent: single(headers.traceparent),
        tracestate: single(headers.tracestate),
      });
    }
  }

  ended(exchange: Exchange, result: ForwardResult): void {
    const ms = performance.now() - exchange.startedAt;
    const { meters } = exchange;
    const { target } = exchange.decision;
    const bucket = latencyBucket(ms);
    const { phase } = meters;
    phase.inFlight[answererIndex(target)]! -= 1;
    phase.retries += result.retries;
    phase.requestBytes += result.requestBytes;
    phase.responseBytes += result.responseBytes;
    if (result.fellBack) phase.fallbacks += 1;
    const method = exchange.isUpgrade ? UPGRADE_METHOD : methodIndex(exchange.method);
    meters.route.record(
      method,
      answererIndex(result.answeredBy),
      statusClassIndex(result.status),
      bucket,
      ms,
    );
    if (meters.traffic !== undefined) {
      // A connection that was upgraded lasts as long as its users like: its duration is no latency.
      const timed = result.failure !== 'client-aborted' && !exchange.isUpgrade;
      meters.traffic.record(target, isTargetFailure(result), result.fellBack, timed ? bucket : -1, ms);
    }
    this.#observer?.ended(exchange, result, ms, bucket);
    exchange.span?.ended(result);
    this.#log(exchange, result, ms);
  }

  traceIdOf(exchange: Exchange): string | undefined {
    if (exchange.span !== undefined) return exchange.span.traceId;
    const { headers } = exchange.request;
    return traceIdOf(single(headers.traceparent), single(headers['x-amzn-trace-id']));
  }

  #log(exchange: Exchange, result: ForwardResult, ms: number): void {
    if (this.#accessLog === undefined) return;
    const weight = this.#accessLog.weigh(exchange.startedAt + ms, ms, result);
    if (weight === 0) return;
    const { request, route, decision } = exchange;
    this.#accessLog.write(
      {
        method: exchange.method,
        url: request.url ?? '',
        capability: route?.capability,
        route: route?.route.id,
        phase: route?.state.phase,
        reason: decision.reason,
        clientAddress: exchange.clientAddress,
        traceId: this.traceIdOf(exchange),
        requestId: this.#requestId(single(request.headers['x-request-id'])),
        ms,
        result,
      },
      weight,
    );
  }

  /** The client's own if it is a plain word, else one of this process. */
  #requestId(given: string | undefined): string {
    if (given !== undefined && given.length <= 128 && /^[\w.:/+=@-]+$/.test(given)) return given;
    this.#sequence += 1;
    return this.#prefix + this.#sequence.toString(36);
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
