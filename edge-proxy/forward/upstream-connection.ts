import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectSettings } from './port.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { type ParserSink, ResponseParser } from './response-parser.ts';
import { Timed, type TimerWheel } from './timer-wheel.ts';

/** Who has sent a request on a connection and waits for its answer. */
export interface ConnectionUser {
  onInformation(head: ResponseHead): void;
  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void;
  onHead(head: ResponseHead, framing: BodyFraming): void;
  /** The chunk is the receiver's to keep. */
  onChunk(chunk: Buffer): void;
  onEnd(trailers: string): void;
  onSwitch(head: ResponseHead, rest: Buffer, socket: Socket): void;
  /** The upstream takes more of the request's body. */
  onWritable(): void;
  /** The connection broke before the answer was complete, and is gone. */
  onBroken(failure: BrokenConnection): void;
}

export interface BrokenConnection {
  kind: 'malformed' | 'cut';
  /** For logs: never shown to a client. */
  detail: string;
  /** Nothing of an answer had come. */
  untouched: boolean;
  /** An idle connection that the upstream had given up: it broke before any byte of an answer. */
  stale: boolean;
  /** The system refused the very first byte of the request: the upstream cannot have seen it. */
  undelivered: boolean;
}

/** Where a connection goes. */
export interface Origin {
  host: string;
  port: number;
  secure: boolean;
  settings: ConnectSettings;
}

export interface ConnectionOwner {
  readonly wheel: TimerWheel;
  readonly origin: Origin;
  readonly maxHeadBytes: number;
  onConnected(connection: UpstreamConnection): void;
  onConnectFailed(connection: UpstreamConnection, error: Error, timedOut: boolean): void;
  /** The connection has answered and can be used again until `idleUntil`. */
  onReusable(connection: UpstreamConnection): void;
  onClosed(connection: UpstreamConnection): void;
}

/** One buffer for what all connections read: reading and parsing a piece is one synchronous step, so nobody else can be in it. */
const scratch = Buffer.allocUnsafeSlow(65_536);
/** A write of this size to an empty send buffer is taken as a whole or not at all. */
const ATOMIC_WRITE_BYTES = 16_384;

type State = 'connecting' | 'idle' | 'busy' | 'closed';

/**
 * One HTTP/1.1 connection to an upstream, for one request at a time. Its bytes go from the socket's read callback through the parser to
 * the user, without a stream between.
 */
export class UpstreamConnection extends Timed implements ParserSink {
  readonly #owner: ConnectionOwner;
  readonly #parser: ResponseParser;
  readonly #socket: Socket;
  #user: ConnectionUser | undefined;
  #state: State = 'connecting';
  #error: Error | undefined;
  #connectTimedOut = false;
  #requests = 0;
  #firstWriteBytes = 0;
  #firstWriteTaken = false;
  #reusable = false;
  #requestComplete = false;
  #paused = false;
  /** When it became idle, in milliseconds of the wheel's clock. */
  idleSince = 0;
  /** How long the upstream says it keeps it idle, in milliseconds; -1: it does not say. */
  keepAliveMs = -1;

  constructor(owner: ConnectionOwner, connectMs: number) {
    super();
    this.#owner = owner;
    this.#parser = new ResponseParser(this, owner.maxHeadBytes);
    this.#socket = this.#open();
    const socket = this.#socket;
    socket.once(owner.origin.secure ? 'secureConnect' : 'connect', () => this.#connected());
    socket.on('drain', () => this.#user?.onWritable());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#closed());
    owner.wheel.schedule(this, owner.wheel.now() + connectMs);
  }

  get reused(): boolean {
    return this.#requests > 1;
  }

  /** Sends a request's head. The body follows by `write` and `endRequest`. */
  begin(user: ConnectionUser, head: string, toHead: boolean, upgrade: boolean): void {
    this.#user = user;
    this.#state = 'busy';
    this.#requests += 1;
    this.#requestComplete = false;
    this.#firstWriteTaken = false;
    this.#firstWriteBytes = head.length;
    this.#parser.expect(toHead, upgrade);
    // A first request on a new connection cannot be stale, and a callback costs more than what it would tell.
    if (this.#requests === 1) {
      this.#firstWriteTaken = true;
      this.#socket.write(head, 'latin1');
    } else this.#socket.write(head, 'latin1', this.#onFirstWrite);
  }

  readonly #onFirstWrite = (error: Error | null | undefined): void => {
    if (error === null || error === undefined) this.#firstWriteTaken = true;
  };

  /** False: wait for `onWritable`. */
  write(chunk: Buffer | string): boolean {
    return typeof chunk === 'string' ? this.#socket.write(chunk, 'latin1') : this.#socket.write(chunk);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** The request is sent as a whole. */
  endRequest(): void {
    this.#requestComplete = true;
  }

  get requestComplete(): boolean {
    return this.#requestComplete;
  }

  /** Stops reading until `resume`: what the upstream sends stays in the system's buffers, and then the upstream waits. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Ends it at once. Its user is told nothing. */
  destroy(): void {
    this.#user = undefined;
    this.#parser.stop();
    this.#socket.destroy();
  }

  /** An idle connection: whether it may still be used. */
  get usable(): boolean {
    return this.#state === 'idle' && !this.#socket.destroyed && this.#socket.writable;
  }

  override expired(): void {
    if (this.#state === 'connecting') {
      this.#connectTimedOut = true;
      this.#socket.destroy();
    } else if (this.#state === 'idle') this.#socket.destroy();
  }

  onInformation(head: ResponseHead): void {
    this.#user?.onInformation(head);
  }

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.#noteHead(head, framing);
    const user = this.#release();
    user?.onWhole(head, framing, body);
  }

  onHead(head: ResponseHead, framing: BodyFraming): void {
    this.#noteHead(head, framing);
    this.#user?.onHead(head, framing);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.#user?.onChunk(Buffer.from(buffer.subarray(start, end)));
  }

  onEnd(trailers: string): void {
    const user = this.#release();
    user?.onEnd(trailers);
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const user = this.#user;
    this.#user = undefined;
    this.#state = 'closed';
    const socket = this.#socket;
    this.#owner.wheel.cancel(this);
    this.#owner.onClosed(this);
    user?.onSwitch(head, rest, socket);
  }

  onMalformed(detail: string): void {
    this.#break('malformed', detail);
    this.#socket.destroy();
  }

  #noteHead(head: ResponseHead, framing: BodyFraming): void {
    this.keepAliveMs = head.keepAliveMs;
    this.#reusable = head.keepAlive && framing !== 'until-close';
  }

  /** The answer is complete: gives the connection back, before the user is told, so that what the user does next can use it. */
  #release(): ConnectionUser | undefined {
    const user = this.#user;
    this.#user = undefined;
    // An answer to a request that is still being sent leaves the upstream in the middle of a message.
    if (this.#reusable && this.#requestComplete && !this.#parser.excess && this.#socket.writable) {
      this.#state = 'idle';
      if (this.#paused) this.resume();
      this.#owner.onReusable(this);
    } else this.#socket.destroy();
    return user;
  }

  #open(): Socket {
    const { host, port, secure, settings } = this.#owner.origin;
    const onread = {
      buffer: scratch,
      callback: (bytes: number, buffer: Uint8Array): boolean => {
        this.#parser.execute(buffer as Buffer, bytes);
        return !this.#paused;
      },
    };
    const options = { host, port, noDelay: true, keepAlive: true, onread, lookup: settings.lookup };
    if (!secure) return connectTcp(options);
    const { ca, ...tls } = settings.tls ?? {};
    const servername = tls.servername ?? (isIP(host) === 0 ? host : '');
    return connectTls({
      ...options,
      ...tls,
      ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
      servername,
      ALPNProtocols: ['http/1.1'],
    });
  }

  #connected(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'idle';
    this.#owner.wheel.cancel(this);
    this.#owner.onConnected(this);
  }

  #ended(): void {
    // Ends a body that is delimited by closing; the parser's sink then releases the connection.
    if (this.#state === 'busy' && !this.#parser.eof())
      this.#break('cut', 'connection closed by the upstream');
    this.#socket.destroy();
  }

  #closed(): void {
    const state = this.#state;
    this.#state = 'closed';
    this.#owner.wheel.cancel(this);
    if (state === 'connecting') {
      const error = this.#error ?? new Error(this.#connectTimedOut ? 'connect time limit' : 'closed');
      this.#owner.onConnectFailed(this, error, this.#connectTimedOut);
    } else if (state === 'busy') this.#break('cut', this.#error?.message ?? 'connection closed');
    this.#owner.onClosed(this);
  }

  #break(kind: BrokenConnection['kind'], detail: string): void {
    const user = this.#user;
    if (user === undefined) return;
    this.#user = undefined;
    const { untouched } = this.#parser;
    const stale = kind === 'cut' && untouched && this.#requests > 1;
    const syscall = (this.#error as NodeJS.ErrnoException | undefined)?.syscall;
    const undelivered =
      stale && !this.#firstWriteTaken && syscall === 'write' && this.#firstWriteBytes <= ATOMIC_WRITE_BYTES;
    this.#parser.stop();
    user.onBroken({ kind, detail, untouched, stale, undelivered });
  }
}
