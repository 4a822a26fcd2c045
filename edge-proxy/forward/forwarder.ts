import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Endpoint } from '../discovery/port.ts';
import { ownHead } from './answer-text.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { ExchangeList } from './exchange-list.ts';
import { Http1Answer, rawHeadsWork } from './http1-answer.ts';
import { Http2Answer } from './http2-answer.ts';
import { http1Headers } from './http2-request.ts';
import { Http2TunnelAnswer } from './http2-tunnel.ts';
import { type ForwarderOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { type OwnAnswer, ownBody } from './own-answers.ts';
import type { Forwarder, ForwardJob, Upstream } from './port.ts';
import { RetryBudget } from './retry-budget.ts';
import { SocketAnswer } from './socket-answer.ts';
import { TimerWheel } from './timer-wheel.ts';

/** A forwarder for one process. Throws `FORWARD_NODE_INCOMPATIBLE` on a Node that it cannot work with. */
export function createForwarder(options: ForwarderOptions = {}): Forwarder {
  return new LeanForwarder(options);
}

interface UpstreamState {
  budget: RetryBudget;
  byEndpoint: WeakMap<Endpoint, ConnectionPool>;
}

/** Instances come and go: what was kept for one that nobody has asked for so long is forgotten. Milliseconds. */
const POOL_UNUSED_MS = 60_000;
const NOTHING = Buffer.alloc(0);

class LeanForwarder implements Forwarder, ExchangeHost {
  readonly wheel: TimerWheel;
  readonly limits: ResolvedOptions['limits'];
  readonly headers: ResolvedOptions['headers'];
  readonly onDefect: (error: unknown) => void;
  readonly #exchanges = new ExchangeList<Exchange>();
  readonly #states = new WeakMap<Upstream, UpstreamState>();
  readonly #pools = new Map<string, ConnectionPool>();
  #onIdle: (() => void) | undefined;

  constructor(options: ForwarderOptions) {
    const { limits, headers } = resolveOptions(options);
    this.limits = limits;
    this.headers = headers;
    this.onDefect = options.onDefect ?? warnOfDefect;
    if (!rawHeadsWork()) {
      throw new StranglerError(
        'FORWARD_NODE_INCOMPATIBLE',
        `Node ${process.version} keeps answers in another form.`,
        {
          remedy: 'Use the Node version that this release was tested with (see "engines" in package.json).',
        },
      );
    }
    this.wheel = options.wheel ?? new TimerWheel();
  }

  forward(job: ForwardJob): void {
    const { request, response } = job;
    // Not by the version: Node's HTTP/1 parser takes a request line that says `HTTP/2.0`.
    if (!(response instanceof ServerResponse)) {
      const { stream } = response as Http2ServerResponse;
      const answer = new Http2Answer(response as Http2ServerResponse);
      const hasBody = stream !== undefined && !stream.endAfterHeaders;
      this.#run(new Exchange(this, job, answer, undefined), http1Headers(request.rawHeaders, hasBody), 1);
      return;
    }
    const minor = request.httpVersionMinor;
    const exchange = new Exchange(this, job, new Http1Answer(response, minor), undefined);
    if (request.httpVersionMajor === 1) this.#run(exchange, request.rawHeaders, minor);
    // Node's parser takes a request line without a version for HTTP/0.9, and one that says 2.0 as it is.
    else this.#refuse(exchange);
  }

  answer(
    request: IncomingMessage,
    response: ServerResponse,
    own: OwnAnswer,
    headers: readonly string[],
  ): void {
    const writer =
      response instanceof ServerResponse
        ? new Http1Answer(response, request.httpVersionMinor)
        : new Http2Answer(response as Http2ServerResponse);
    const body = ownBody(own);
    // A body that nobody reads would be taken for the next request.
    if (mayHaveBody(request)) writer.closeAfter();
    writer.whole(ownHead(own, body, headers), request.method === 'HEAD' ? '' : body);
  }

  upgrade(job: Parameters<Forwarder['upgrade']>[0]): void {
    const { request, socket, head } = job;
    this.#run(
      new Exchange(this, job, new SocketAnswer(socket), head),
      request.rawHeaders,
      request.httpVersionMinor,
    );
  }

  connect(job: Parameters<Forwarder['connect']>[0]): void {
    const answer = new Http2TunnelAnswer(job.response as unknown as Http2ServerResponse);
    const headers = answer.upgradeHeaders(job.request.rawHeaders);
    this.#run(new Exchange(this, job, answer, NOTHING), headers, 1);
  }

  inFlight(): number {
    return this.#exchanges.size;
  }

  pools(): number {
    return this.#pools.size;
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
    if (known !== undefined && !known.forgotten) return known;
    const { host, port, secure } = endpoint;
    const key = `${upstream.name} ${secure ? 'https' : 'http'}://${host}:${port}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      this.#forgetUnused();
      const origin = { host, port, secure, settings: upstream.connect };
      pool = new ConnectionPool(this.wheel, origin, this.limits, this.onDefect);
      this.#pools.set(key, pool);
    }
    byEndpoint.set(endpoint, pool);
    return pool;
  }

  #forgetUnused(): void {
    for (const [key, pool] of this.#pools) {
      if (!pool.unusedFor(POOL_UNUSED_MS)) continue;
      pool.forgotten = true;
      this.#pools.delete(key);
    }
  }

  readonly budgetOf = (upstream: Upstream): RetryBudget => this.#stateOf(upstream).budget;

  ended(exchange: Exchange): void {
    this.#exchanges.remove(exchange);
    if (this.#exchanges.size === 0) this.#onIdle?.();
  }

  #run(exchange: Exchange, rawHeaders: readonly string[], minor: number): void {
    this.#exchanges.add(exchange);
    try {
      exchange.start(rawHeaders, minor);
    } catch (error) {
      this.onDefect(error);
      exchange.abort();
    }
  }

  #refuse(exchange: Exchange): void {
    this.#exchanges.add(exchange);
    exchange.refuse({ status: 505, code: 'http-version' });
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
    for (const exchange of this.#exchanges.members()) exchange.abort();
    for (const pool of this.#pools.values()) pool.destroy();
  }
}

function mayHaveBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Somebody must learn of it, whoever forgot to listen. */
function warnOfDefect(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
