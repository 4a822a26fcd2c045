import { isIP } from 'node:net';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { AddressBook } from '../forward/address-book.ts';
import { ConnectionPool } from '../forward/connection-pool.ts';
import { ExchangeList } from '../forward/exchange-list.ts';
import { DEFAULT_FORWARD_LIMITS } from '../forward/options.ts';
import type { UpstreamTls } from '../forward/port.ts';
import { TimerWheel } from '../forward/timer-wheel.ts';
import { AnswerCapture } from './capture.ts';
import { CopyExchange, type Reason } from './copy-exchange.ts';
import type { ByteBudget } from './queue.ts';

export interface MirrorCall {
  /** `http://host:port` */
  origin: string;
  method: string;
  /** Undecoded path and query, as the user sent them. */
  url: string;
  /** Name, value, name, value … without those that frame the body. */
  headers: readonly string[];
  /** Undefined: none. */
  body?: Uint8Array;
  maxBodyBytes: number;
  /** A body that goes on beyond this is taken for one without end. Undefined: only the time limit ends it. */
  endlessBytes?: number;
  timeoutMs: number;
}

const ABORTED: Reason = { failure: 'other', message: 'aborted' };
/** Instances come and go: what was kept for one that nobody has asked for so long is forgotten. Milliseconds. */
const POOL_UNUSED_MS = 60_000;

export interface MirrorClientOptions {
  connectionsPerOrigin: number;
  budget: ByteBudget;
  /** Certificates for origins that need more than the system's authorities, by `https://host:port`. */
  tls?: Readonly<Record<string, UpstreamTls>>;
}

/**
 * Sends mirrored requests. Its connections are its own: a slow or dead shadow target takes none from the users' pools.
 */
export class MirrorClient {
  readonly #options: MirrorClientOptions;
  readonly #wheel = new TimerWheel();
  readonly #addresses = new AddressBook();
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #underWay = new ExchangeList<CopyExchange>();
  #stopped = false;

  constructor(options: MirrorClientOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong is an answer too. Ends within `timeoutMs`, or when `signal` says so. */
  send(call: MirrorCall, signal?: AbortSignal): Promise<ShadowAnswer> {
    if (this.#stopped || signal?.aborted === true) return Promise.resolve({ ...ABORTED, totalMs: 0 });
    return new Promise((resolve) => {
      const capture = new AnswerCapture(call.maxBodyBytes, this.#options.budget, this.#wheel.now());
      const aborted = (): void => exchange.end(ABORTED);
      const exchange = new CopyExchange(call, this.#poolOf(call.origin), capture, (ended, answer) => {
        this.#underWay.remove(ended);
        signal?.removeEventListener('abort', aborted);
        resolve(answer);
      });
      this.#underWay.add(exchange);
      signal?.addEventListener('abort', aborted, { once: true });
      exchange.start();
    });
  }

  /** What is on its way ends now, as failed, and nothing is sent any more. */
  stop(): void {
    this.#stopped = true;
    for (const exchange of this.#underWay.members()) exchange.end(ABORTED);
  }

  async close(): Promise<void> {
    this.stop();
    const pools = [...this.#pools.values()];
    for (const pool of pools) pool.destroy();
    await Promise.all(pools.map((pool) => pool.close()));
    this.#wheel.close();
  }

  #poolOf(origin: string): ConnectionPool {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    for (const [key, pool] of this.#pools) if (pool.unusedFor(POOL_UNUSED_MS)) this.#pools.delete(key);
    const { hostname, port, protocol } = new URL(origin);
    const secure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    const book = this.#addresses;
    const pool = new ConnectionPool(
      this.#wheel,
      {
        ...{ host, secure, port: port === '' ? (secure ? 443 : 80) : Number(port) },
        settings: {
          lookup: isIP(host) === 0 ? book.lookup : undefined,
          isCurrent: (name, address) => book.isCurrent(name, address),
          tls: this.#options.tls?.[origin],
        },
      },
      { ...DEFAULT_FORWARD_LIMITS, maxSockets: this.#options.connectionsPerOrigin },
      (error) => process.emitWarning(error instanceof Error ? error : String(error)),
    );
    this.#pools.set(origin, pool);
    return pool;
  }
}
