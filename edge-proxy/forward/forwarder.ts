import type { Http2ServerResponse } from 'node:http2';
import type { Endpoint } from '../discovery/port.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { Http1Answer } from './http1-answer.ts';
import { Http2Answer } from './http2-answer.ts';
import { http1Headers } from './http2-request.ts';
import { type ForwarderOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import type { Forwarder, ForwardJob, Upstream } from './port.ts';
import { RetryBudget } from './retry-budget.ts';
import { SocketAnswer } from './socket-answer.ts';
import { TimerWheel } from './timer-wheel.ts';

/** A forwarder for one process. */
export function createForwarder(options: ForwarderOptions = {}): Forwarder {
  return new LeanForwarder(options);
}

interface UpstreamState {
  budget: RetryBudget;
  byEndpoint: WeakMap<Endpoint, ConnectionPool>;
}

class LeanForwarder implements Forwarder, ExchangeHost {
  readonly wheel: TimerWheel;
  readonly limits: ResolvedOptions['limits'];
  readonly headers: ResolvedOptions['headers'];
  readonly #exchanges = new Set<Exchange>();
  readonly #states = new WeakMap<Upstream, UpstreamState>();
  readonly #pools = new Map<string, ConnectionPool>();
  #onIdle: (() => void) | undefined;

  constructor(options: ForwarderOptions) {
    const { limits, headers } = resolveOptions(options);
    this.limits = limits;
    this.headers = headers;
    this.wheel = options.wheel ?? new TimerWheel();
  }

  forward(job: ForwardJob): void {
    const { request, response } = job;
    if (request.httpVersionMajor === 2) {
      const { stream } = response as unknown as Http2ServerResponse;
      const answer = new Http2Answer(response as unknown as Http2ServerResponse);
      const hasBody = stream !== undefined && !stream.endAfterHeaders;
      this.#run(new Exchange(this, job, answer, undefined), http1Headers(request.rawHeaders, hasBody), 1);
      return;
    }
    const minor = request.httpVersionMinor;
    this.#run(
      new Exchange(this, job, new Http1Answer(response, minor), undefined),
      request.rawHeaders,
      minor,
    );
  }

  upgrade(job: Parameters<Forwarder['upgrade']>[0]): void {
    const { request, socket, head } = job;
    this.#run(
      new Exchange(this, job, new SocketAnswer(socket), head),
      request.rawHeaders,
      request.httpVersionMinor,
    );
  }

  inFlight(): number {
    return this.#exchanges.size;
  }

  async close(deadlineMs: number): Promise<void> {
    const timer = setTimeout(() => this.#destroy(), deadlineMs);
    if (this.#exchanges.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    clearTimeout(timer);
    this.wheel.close();
  }

  poolFor(upstream: Upstream, endpoint: Endpoint): ConnectionPool {
    const { byEndpoint } = this.#stateOf(upstream);
    const known = byEndpoint.get(endpoint);
    if (known !== undefined) return known;
    const { host, port, secure } = endpoint;
    const key = `${upstream.name} ${secure ? 'https' : 'http'}://${host}:${port}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new ConnectionPool(this.wheel, { host, port, secure, settings: upstream.connect }, this.limits);
      this.#pools.set(key, pool);
    }
    byEndpoint.set(endpoint, pool);
    return pool;
  }

  budgetOf(upstream: Upstream): RetryBudget {
    return this.#stateOf(upstream).budget;
  }

  ended(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size === 0) this.#onIdle?.();
  }

  #run(exchange: Exchange, rawHeaders: readonly string[], minor: number): void {
    this.#exchanges.add(exchange);
    exchange.start(rawHeaders, minor);
  }

  #stateOf(upstream: Upstream): UpstreamState {
    let state = this.#states.get(upstream);
    if (state === undefined) {
      state = { budget: new RetryBudget(), byEndpoint: new WeakMap() };
      this.#states.set(upstream, state);
    }
    return state;
  }

  #destroy(): void {
    for (const exchange of this.#exchanges) exchange.abort();
    for (const pool of this.#pools.values()) pool.destroy();
  }
}
