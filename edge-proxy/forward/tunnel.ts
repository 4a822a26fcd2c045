import type { Duplex } from 'node:stream';
import type { TunnelEnd } from './connection-port.ts';
import { Timed, type TimerWheel } from './timer-wheel.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

export interface TunnelListener {
  /** Both sides are closed. Called once. `failed`: one of them did not end, but broke or was idle too long. */
  tunnelClosed(up: number, down: number, failed: 'timeout-idle' | 'cut' | undefined): void;
}

/** Bytes both ways after an upgrade, with backpressure and half-closing, until both sides have ended or nothing moves for too long. */
export class Tunnel extends Timed implements TunnelEnd {
  readonly #client: Duplex;
  readonly #connection: UpstreamConnection;
  readonly #wheel: TimerWheel;
  readonly #idleMs: number;
  readonly #listener: TunnelListener;
  #up = 0;
  #down = 0;
  #clientEnded = false;
  #upstreamEnded = false;
  #failed: 'timeout-idle' | 'cut' | undefined;
  #closed = false;

  /** `idleMs` 0: unlimited. */
  constructor(
    client: Duplex,
    connection: UpstreamConnection,
    wheel: TimerWheel,
    idleMs: number,
    listener: TunnelListener,
  ) {
    super();
    this.#client = client;
    this.#connection = connection;
    this.#wheel = wheel;
    this.#idleMs = idleMs;
    this.#listener = listener;
  }

  /** `fromClient`: what the client sent behind its request. `fromUpstream`: what came behind the 101. */
  start(fromClient: Buffer, fromUpstream: Buffer): void {
    const client = this.#client;
    this.#connection.becomeTunnel(this);
    this.#wheel.schedule(
      this,
      this.#idleMs === 0 ? Number.POSITIVE_INFINITY : this.#wheel.now() + this.#idleMs,
    );
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    // Whoever kept what came before the 101 has paused it. What is read comes in a later turn, behind `fromClient`.
    client.resume();
    client.on('end', () => {
      this.#clientEnded = true;
      this.#connection.endTunnel();
      this.#endIfDone();
    });
    client.on('drain', () => this.#connection.resume());
    client.on('close', () => this.#end(this.#clientEnded ? undefined : 'cut'));
    if (fromUpstream.length > 0) this.onData(fromUpstream);
    if (fromClient.length > 0) this.#fromClient(fromClient);
  }

  /** Ends both sides now. */
  destroy(): void {
    this.#end('cut');
  }

  onData(chunk: Buffer): void {
    this.#down += chunk.length;
    this.#touch();
    if (!this.#client.write(chunk)) this.#connection.pause();
  }

  onWritable(): void {
    this.#client.resume();
  }

  onEnd(): void {
    this.#upstreamEnded = true;
    this.#client.end();
    this.#endIfDone();
  }

  onClosed(): void {
    this.#end(this.#upstreamEnded ? undefined : 'cut');
  }

  override expired(): void {
    this.#end('timeout-idle');
  }

  #fromClient(chunk: Buffer): void {
    this.#up += chunk.length;
    this.#touch();
    if (!this.#connection.write(chunk)) this.#client.pause();
  }

  #touch(): void {
    if (this.#idleMs > 0) this.deadline = this.#wheel.coarseNow + this.#idleMs;
  }

  #endIfDone(): void {
    if (this.#clientEnded && this.#upstreamEnded) this.#end(undefined);
  }

  #end(failed: 'timeout-idle' | 'cut' | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failed = failed;
    this.#wheel.cancel(this);
    // What was written to the client before it was ended still goes out.
    if (failed === undefined && !this.#client.destroyed) this.#client.end(() => this.#client.destroy());
    else this.#client.destroy();
    this.#connection.destroy();
    this.#listener.tunnelClosed(this.#up, this.#down, this.#failed);
  }
}
