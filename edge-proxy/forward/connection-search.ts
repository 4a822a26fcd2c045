import type { ConnectionPool, PoolWaiter } from './connection-pool.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { type AtTurnEnd, atTurnEnd } from './turn-end.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/**
 * Who looks for a connection. Exactly one of `connectionFound` and `noConnection` follows, unless the search is cancelled or ends by a
 * defect.
 */
export interface SearchListener {
  connectionFound(connection: UpstreamConnection, now: number): void;
  noConnection(failure: 'connect' | 'timeout-connect' | 'overload', error?: Error): void;
  /** Something threw while the search went on by itself: a defect, and the end of whoever searched. */
  searchDefect(error: unknown): void;
  /** The connection comes later. `queue`: all are in use; `connect`: it is being made, and watches its own time limit. */
  connectionDue(phase: 'queue' | 'connect', now: number): void;
}

export interface SearchTerms {
  connectMs: number;
  /** The request can be sent again if the connection turns out to be dead. */
  repeatable: boolean;
  /** For what cannot be repeated: how recently a kept connection must have been used. Milliseconds. */
  writeReuseMs: number;
  /** A kept connection has been dead already: only a new one will do. */
  fresh: boolean;
}

/** The search of one exchange for a connection, once for each attempt. */
export class ConnectionSearch implements PoolWaiter, AtTurnEnd {
  readonly #wheel: TimerWheel;
  readonly #listener: SearchListener;
  #pool: ConnectionPool | undefined;
  /** Taken and looked at, not used yet. */
  #candidate: UpstreamConnection | undefined;
  #terms: SearchTerms | undefined;

  constructor(wheel: TimerWheel, listener: SearchListener) {
    this.#wheel = wheel;
    this.#listener = listener;
  }

  begin(pool: ConnectionPool, terms: SearchTerms, now: number): void {
    this.#pool = pool;
    const { repeatable, writeReuseMs } = terms;
    const connection = terms.fresh
      ? undefined
      : pool.take(repeatable ? Number.POSITIVE_INFINITY : writeReuseMs);
    if (connection !== undefined) {
      if (repeatable) this.#sendWithOthers(connection, terms);
      else this.#look(connection, terms, now);
    } else if (!pool.wait(this, terms.connectMs)) this.#listener.noConnection('overload');
    else this.#listener.connectionDue(pool.queued(this) ? 'queue' : 'connect', now);
  }

  /** Nothing more is told. A connection that is being made is kept for others. */
  cancel(): void {
    this.#candidate?.destroy();
    this.#candidate = undefined;
    this.#pool?.cancel(this);
  }

  onConnection(connection: UpstreamConnection): void {
    try {
      this.#listener.connectionFound(connection, this.#wheel.now());
    } catch (error) {
      this.#listener.searchDefect(error);
    }
  }

  onNoConnection(error: Error, timedOut: boolean): void {
    this.#listener.noConnection(timedOut ? 'timeout-connect' : 'connect', error);
  }

  /**
   * What came in one turn of the event loop goes out at its end, one request right after the other. Whoever sleeps at the other end is
   * then woken once for all of them and not once for each, which is a good part of what sending costs.
   */
  #sendWithOthers(connection: UpstreamConnection, terms: SearchTerms): void {
    this.#candidate = connection;
    this.#terms = terms;
    atTurnEnd(this);
  }

  turnEnded(): void {
    if (this.#candidate !== undefined) this.#use(this.#candidate, this.#terms!);
  }

  /**
   * A write on a kept connection cannot be repeated when it turns out that the upstream had closed it just before. So the kernel
   * is asked first what has arrived: in the check phase after the next poll every close until then has been seen. (The check phase of
   * the present turn follows a poll that may be older than the request.) Costs a turn of the event loop, and no system call.
   */
  #look(connection: UpstreamConnection, terms: SearchTerms, now: number): void {
    this.#candidate = connection;
    this.#listener.connectionDue('connect', now);
    setImmediate(() =>
      setImmediate(() => {
        if (this.#candidate === connection) this.#use(connection, terms);
      }),
    );
  }

  #use(candidate: UpstreamConnection, terms: SearchTerms): void {
    this.#candidate = undefined;
    const now = this.#wheel.now();
    try {
      if (candidate.usable) this.#listener.connectionFound(candidate, now);
      else this.begin(this.#pool!, terms, now);
    } catch (error) {
      this.#listener.searchDefect(error);
    }
  }
}
