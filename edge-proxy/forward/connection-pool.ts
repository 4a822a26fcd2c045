import { isIP } from 'node:net';
import type { ConnectionOwner, Origin } from './connection-port.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { UpstreamConnection } from './upstream-connection.ts';

export interface PoolLimits {
  /** Connections to one endpoint, in use and idle. */
  maxSockets: number;
  /** Requests that wait for a connection when all are in use. */
  maxQueue: number;
  /** Idle connections are closed after that. Below the 5 s that common servers keep them. */
  idleMs: number;
  /** Taken off what an upstream announces in `Keep-Alive: timeout=…`, so that the edge is the first to close. */
  idleMarginMs: number;
  /** Of an answer's head, and of its trailers. */
  maxHeadBytes: number;
}

/** A request that waits for a connection. Exactly one of both is called, unless it is taken back by `cancel`. */
export interface PoolWaiter {
  onConnection(connection: UpstreamConnection): void;
  onNoConnection(error: Error, timedOut: boolean): void;
}

export interface PoolCounts {
  connecting: number;
  idle: number;
  total: number;
  queued: number;
}

/** Keep-alive connections to one endpoint. The one used last is used first, so that those not needed grow old and close. */
export class ConnectionPool implements ConnectionOwner {
  readonly wheel: TimerWheel;
  readonly origin: Origin;
  readonly onDefect: (error: unknown) => void;
  readonly #limits: PoolLimits;
  /** By a name, which may come to mean another address. */
  readonly #named: boolean;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  readonly #connecting = new Map<UpstreamConnection, PoolWaiter | undefined>();
  /** Insertion order is the order of service. */
  readonly #queue = new Map<PoolWaiter, number>();
  #closing = false;
  #onEmpty: (() => void) | undefined;
  /** When it was last asked for a connection, by the wheel's coarse clock. */
  #lastUsed: number;
  /** Its owner no longer keeps it: whoever still has it asks for another one. */
  forgotten = false;

  constructor(wheel: TimerWheel, origin: Origin, limits: PoolLimits, onDefect: (error: unknown) => void) {
    this.onDefect = onDefect;
    this.wheel = wheel;
    this.#lastUsed = wheel.coarseNow;
    this.origin = origin;
    this.#named = isIP(origin.host) === 0;
    this.#limits = limits;
  }

  get maxHeadBytes(): number {
    return this.#limits.maxHeadBytes;
  }

  /** It has no connection, and nobody has asked for one in so many milliseconds. */
  unusedFor(ms: number): boolean {
    return this.#all.size === 0 && this.#queue.size === 0 && this.wheel.coarseNow - this.#lastUsed > ms;
  }

  counts(): PoolCounts {
    return {
      connecting: this.#connecting.size,
      idle: this.#idle.length,
      total: this.#all.size,
      queued: this.#queue.size,
    };
  }

  /** An idle connection that was used at most `maxIdleMs` ago. */
  take(maxIdleMs: number): UpstreamConnection | undefined {
    this.#lastUsed = this.wheel.coarseNow;
    for (;;) {
      const connection = this.#idle.at(-1);
      if (connection === undefined) return undefined;
      if (!connection.usable) {
        this.#idle.pop();
        continue;
      }
      if (!this.#isCurrent(connection)) {
        this.#idle.pop();
        this.#all.delete(connection);
        connection.destroy();
        continue;
      }
      if (maxIdleMs !== Number.POSITIVE_INFINITY && this.wheel.now() - connection.idleSince > maxIdleMs) {
        return undefined;
      }
      this.#idle.pop();
      return connection;
    }
  }

  /** Opens a connection or waits for one. False: neither is allowed now. */
  wait(waiter: PoolWaiter, connectMs: number): boolean {
    if (this.#closing) return false;
    if (this.#all.size < this.#limits.maxSockets) {
      this.#connect(waiter, connectMs);
      return true;
    }
    // A connection too old for this request makes room for a new one.
    const oldest = this.#idle.shift();
    if (oldest !== undefined) {
      this.#all.delete(oldest);
      oldest.destroy();
      this.#connect(waiter, connectMs);
      return true;
    }
    if (this.#queue.size >= this.#limits.maxQueue) return false;
    this.#queue.set(waiter, connectMs);
    return true;
  }

  /** True: the waiter stood in the queue; false: its connection was being made, or it did not wait. */
  queued(waiter: PoolWaiter): boolean {
    return this.#queue.has(waiter);
  }

  /** The waiter is told nothing any more. A connection that is being made for it is kept for others. */
  cancel(waiter: PoolWaiter): void {
    if (this.#queue.delete(waiter)) return;
    for (const [connection, waiting] of this.#connecting) {
      if (waiting === waiter) {
        this.#connecting.set(connection, undefined);
        return;
      }
    }
  }

  onConnected(connection: UpstreamConnection): void {
    const waiter = this.#connecting.get(connection);
    this.#connecting.delete(connection);
    if (waiter !== undefined) waiter.onConnection(connection);
    else this.#offer(connection);
  }

  onConnectFailed(connection: UpstreamConnection, error: Error, timedOut: boolean): void {
    const waiter = this.#connecting.get(connection);
    this.#connecting.delete(connection);
    this.#all.delete(connection);
    waiter?.onNoConnection(error, timedOut);
  }

  onReusable(connection: UpstreamConnection): void {
    this.#offer(connection);
  }

  onClosed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#serveQueue();
    if (this.#all.size === 0) this.#onEmpty?.();
  }

  /** Closes idle connections: after a change of address, or to make room. Those in use are closed when they have answered. */
  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) {
      this.#all.delete(connection);
      connection.destroy();
    }
  }

  /** Keeps nothing idle any more; resolves when the last connection is gone. */
  close(): Promise<void> {
    this.#closing = true;
    this.closeIdle();
    for (const [connection, waiter] of this.#connecting) if (waiter === undefined) connection.destroy();
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Ends every connection; requests on them fail. */
  destroy(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #isCurrent(connection: UpstreamConnection): boolean {
    if (!this.#named) return true;
    const { host, settings } = this.origin;
    return settings.isCurrent === undefined || settings.isCurrent(host, connection.remoteAddress);
  }

  #connect(waiter: PoolWaiter, connectMs: number): void {
    let connection: UpstreamConnection;
    try {
      connection = new UpstreamConnection(this, connectMs);
    } catch (error) {
      // Unusable certificates: as good as nobody there.
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#queue.set(waiter, connectMs);
      queueMicrotask(() => {
        if (this.#queue.delete(waiter)) waiter.onNoConnection(cause, false);
      });
      return;
    }
    this.#all.add(connection);
    this.#connecting.set(connection, waiter);
  }

  #offer(connection: UpstreamConnection): void {
    for (const waiter of this.#queue.keys()) {
      this.#queue.delete(waiter);
      waiter.onConnection(connection);
      return;
    }
    if (this.#closing) {
      connection.destroy();
      return;
    }
    const now = this.wheel.coarseNow;
    connection.idleSince = now;
    this.#idle.push(connection);
    const { idleMs, idleMarginMs } = this.#limits;
    const said = connection.keepAliveMs;
    const keep = said === -1 ? idleMs : Math.min(idleMs, Math.max(said - idleMarginMs, 0));
    this.wheel.schedule(connection, now + keep);
  }

  #serveQueue(): void {
    if (this.#queue.size === 0 || this.#all.size >= this.#limits.maxSockets) return;
    for (const [waiter, connectMs] of this.#queue) {
      this.#queue.delete(waiter);
      this.#connect(waiter, connectMs);
      return;
    }
  }
}
