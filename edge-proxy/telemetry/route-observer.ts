import { RouteLearner } from '../../migration-plans/observe/learner.ts';
import type { ObservationDelta, ObserveLimits } from '../../migration-plans/observe/observation.ts';
import type { CallDetails } from '../../migration-plans/observe/route-cell.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import type { Exchange } from '../exchange.ts';
import type { ForwardResult } from '../forward/port.ts';
import { METHODS, methodIndex, UPGRADE_METHOD } from './labels.ts';

/** What an edge sees of the routes in front of which it stands, whether or not a plan claims them. */
export interface RouteObserver {
  /** An exchange is over. Costs one look-up for paths that were seen lately; never waits and never throws. */
  ended(exchange: Exchange, result: ForwardResult, ms: number, bucket: number): void;
  stats(): RouteObserverStats;
  /** Hands over what is left, if the store took something before, and ends the timer. */
  close(): Promise<void>;
}

export interface RouteObserverStats {
  /** Places in paths that are told apart; bounded by `edge.observe.places`. */
  places: number;
  /** Deliveries to the state store. */
  delivered: number;
  failed: number;
  lastError: string | undefined;
}

export interface RouteObserverOptions {
  store: Pick<StateStore, 'addObservations'>;
  edge: string;
  limits?: Partial<ObserveLimits>;
  /** Milliseconds between deliveries; the first one comes sooner, so that a new edge is soon seen to work. */
  intervalMs?: number;
  firstMs?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  onError?: (error: unknown) => void;
}

const OPTIONS_METHOD = METHODS.indexOf('OPTIONS');
const CONTENT_TYPE = /^content-type:[ \t]*([^\r\n]{1,200})/im;

/**
 * Counts in memory, and hands over what it counted every half a minute. While the store is away it goes on counting in place, where
 * that needs no more room.
 */
export function observeRoutes(options: RouteObserverOptions): RouteObserver {
  const { store, edge, intervalMs = 30_000, firstMs = 5_000, now = Date.now, onError } = options;
  const learner = new RouteLearner(METHODS, options.limits);
  const call = new CallNow();
  let undelivered: ObservationDelta | undefined;
  let delivered = 0;
  let failed = 0;
  let lastError: string | undefined;
  let running: Promise<void> | undefined;
  let timer = setTimeout(beat, Math.min(firstMs, intervalMs));
  timer.unref();

  function beat(): void {
    timer = setTimeout(beat, intervalMs);
    timer.unref();
    void deliver();
  }

  function deliver(): Promise<void> {
    running ??= send().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function send(): Promise<void> {
    undelivered ??= collect();
    if (undelivered === undefined) return;
    try {
      await store.addObservations([undelivered]);
      undelivered = undefined;
      lastError = undefined;
      delivered += 1;
    } catch (error) {
      failed += 1;
      // Once for each time that it goes away.
      if (lastError === undefined) onError?.(error);
      lastError = error instanceof Error ? error.message : String(error);
    }
  }

  function collect(): ObservationDelta | undefined {
    const epoch = now() - performance.now();
    const seen = learner.take((at) => new Date(epoch + at).toISOString());
    const empty = seen.from === '' && Object.keys(seen.skipped).length === 0;
    if (empty) return undefined;
    const time = new Date(now()).toISOString();
    return { ...seen, from: seen.from || time, to: seen.to || time, edge };
  }

  return {
    ended(exchange, result, ms, bucket) {
      const { request } = exchange;
      const method = exchange.isUpgrade ? UPGRADE_METHOD : methodIndex(exchange.method);
      // What the edge itself answers says nothing of the application.
      if (result.answeredBy === undefined || result.failure === 'client-aborted') return;
      if (method === OPTIONS_METHOD && request.headers['access-control-request-method'] !== undefined) {
        learner.skip('preflight', 1);
        return;
      }
      call.method = method;
      call.url = request.url ?? '/';
      call.status = result.status;
      call.bucket = exchange.isUpgrade ? -1 : bucket;
      call.ms = ms;
      call.bytes = result.responseBytes;
      call.at = exchange.startedAt + ms;
      call.exchange = exchange;
      call.result = result;
      learner.record(call, call);
      call.exchange = undefined;
      call.result = undefined;
    },
    stats: () => ({ places: learner.size().places, delivered, failed, lastError }),
    async close() {
      clearTimeout(timer);
      await running;
      // A store that never took anything may not exist: it is not made for the last words of an edge.
      if (delivered > 0) await deliver();
    },
  };
}

/** The call that is being counted: one object for all of them, because counting is synchronous and keeps nothing of it. */
class CallNow {
  method = 0;
  url = '';
  status = 0;
  bucket = -1;
  ms = 0;
  bytes = 0;
  at = 0;
  readonly weight = 1;
  exchange: Exchange | undefined = undefined;
  result: ForwardResult | undefined = undefined;

  callDetails(): CallDetails {
    const { headers } = this.exchange!.request;
    const lines = this.result!.answerLines;
    return {
      url: this.url,
      requestType: headers['content-type'],
      hasBody: this.result!.requestBytes > 0,
      answerType: lines === undefined ? undefined : CONTENT_TYPE.exec(lines)?.[1],
    };
  }
}
