import type { Socket } from 'node:net';
import type { BrokenConnection, ConnectionOwner, ConnectionUser, TunnelEnd } from './connection-port.ts';
import { Delivery } from './delivery.ts';
import { openSocket } from './open-socket.ts';
import { giveBuffer } from './read-buffers.ts';
import { ReadWindow } from './read-window.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { type ParserSink, ResponseParser } from './response-parser.ts';
import { Timed } from './timer-wheel.ts';

/** After a failed write: how long to look for an answer that came before the upstream closed. */
const LAST_WORDS_MS = 250;

type State = 'connecting' | 'idle' | 'busy' | 'tunnel' | 'closed';

/**
 * One HTTP/1.1 connection to an upstream, for one request at a time. Its bytes go from the socket's read callback through the parser to
 * the user, without a stream between.
 */
export class UpstreamConnection extends Timed implements ParserSink {
  readonly #owner: ConnectionOwner;
  readonly #parser: ResponseParser;
  readonly #socket: Socket;
  readonly #delivery: Delivery;
  readonly #window = new ReadWindow();
  #user: ConnectionUser | undefined;
  #tunnel: TunnelEnd | undefined;
  #state: State = 'connecting';
  #error: NodeJS.ErrnoException | undefined;
  #timedOut = false;
  #writeFailed = false;
  #reusable = false;
  #requestComplete = false;
  #paused = false;
  /** When it became idle, in milliseconds of the wheel's clock. */
  idleSince = 0;
  /** How long the upstream says it keeps it idle, in milliseconds; -1: it does not say. */
  keepAliveMs = -1;

  /** May throw what `tls.connect` throws for unusable certificates. */
  constructor(owner: ConnectionOwner, connectMs: number) {
    super();
    this.#owner = owner;
    this.#parser = new ResponseParser(this, owner.maxHeadBytes);
    this.#delivery = new Delivery(owner.origin.secure);
    const socket = openSocket(owner.origin, {
      buffer: this.#window.next,
      callback: (bytes, buffer) => this.#read(buffer as Buffer, bytes),
    });
    this.#socket = socket;
    socket.once(owner.origin.secure ? 'secureConnect' : 'connect', () => this.#connected());
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#closed());
    const destroy = socket.destroy;
    socket.destroy = (error) => {
      if (error !== undefined && this.#lastWords(error)) return socket;
      return destroy.call(socket, error);
    };
    owner.wheel.schedule(this, owner.wheel.now() + connectMs);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Sends a request's head. The body follows by `write` and `endRequest`. */
  begin(user: ConnectionUser, head: string, toHead: boolean, upgrade: boolean): void {
    this.#user = user;
    this.#state = 'busy';
    this.#requestComplete = false;
    this.#parser.expect(toHead, upgrade);
    this.#delivery.writeHead(this.#socket, head);
  }

  /** False: wait for `onWritable`. `sent`: the system has taken it, or never will. */
  write(chunk: Buffer | string, sent?: () => void): boolean {
    if (this.#writeFailed) return false;
    return typeof chunk === 'string' ? this.#socket.write(chunk, 'latin1') : this.#socket.write(chunk, sent);
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

  /** After 101: who gets the bytes from now on. */
  becomeTunnel(end: TunnelEnd): void {
    this.#tunnel = end;
  }

  /** Half-closes a tunnel: no byte follows to the upstream. */
  endTunnel(): void {
    this.#socket.end();
  }

  /** An idle connection: whether it may still be used. */
  get usable(): boolean {
    return this.#state === 'idle' && !this.#socket.destroyed && this.#socket.writable;
  }

  override expired(): void {
    if (this.#state === 'connecting') {
      this.#timedOut = true;
      this.#socket.destroy();
    } else if (this.#state === 'idle' || this.#writeFailed) this.#socket.destroy();
  }

  onInformation(head: ResponseHead): void {
    this.#user?.onInformation(head);
  }

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.#noteHead(head, framing);
    this.#release()?.onWhole(head, framing, body);
  }

  onHead(head: ResponseHead, framing: BodyFraming): void {
    this.#noteHead(head, framing);
    this.#user?.onHead(head, framing);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    const user = this.#user;
    if (user === undefined) return;
    const piece = buffer.subarray(start, end);
    if (this.#window.passOn(buffer, end - start)) user.onChunk(piece, () => giveBuffer(buffer));
    else user.onChunk(Buffer.from(piece), undefined);
  }

  onEnd(trailers: string): void {
    this.#release()?.onEnd(trailers);
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const user = this.#user;
    this.#user = undefined;
    this.#state = 'tunnel';
    user?.onSwitch(head, rest);
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
    this.#window.calm();
    // An answer to a request that is still being sent leaves the upstream in the middle of a message.
    if (this.#reusable && this.#requestComplete && !this.#parser.excess && this.#socket.writable) {
      this.#state = 'idle';
      if (this.#paused) this.resume();
      this.#owner.onReusable(this);
    } else this.#socket.destroy();
    return user;
  }

  #read(buffer: Buffer, bytes: number): boolean {
    try {
      this.#take(buffer, bytes);
    } catch (error) {
      this.#owner.onDefect(error);
      this.onMalformed('defect');
    }
    return !this.#paused;
  }

  #take(buffer: Buffer, bytes: number): void {
    if (this.#state === 'tunnel') {
      this.#tunnel?.onData(Buffer.from(buffer.subarray(0, bytes)));
      return;
    }
    this.#window.filled(bytes, this.#state === 'busy');
    this.#parser.execute(buffer, bytes);
  }

  #connected(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'idle';
    this.#owner.wheel.cancel(this);
    this.#owner.onConnected(this);
  }

  #drained(): void {
    if (this.#tunnel === undefined) this.#user?.onWritable();
    else this.#tunnel.onWritable();
  }

  #ended(): void {
    if (this.#tunnel !== undefined) {
      this.#tunnel.onEnd();
      return;
    }
    // Ends a body that is delimited by closing; the parser's sink then releases the connection.
    if (this.#state === 'busy' && !this.#parser.eof()) this.#break('cut', 'closed by the upstream');
    this.#socket.destroy();
  }

  /**
   * The upstream refuses to read on. It may have answered before (413 to an upload), and destroying the socket now would lose that
   * answer although it lies in the system's buffer: reading goes on for a moment. True: do not destroy yet.
   */
  #lastWords(error: NodeJS.ErrnoException): boolean {
    if (error.syscall !== 'write' || this.#state !== 'busy' || this.#writeFailed) return false;
    this.#error ??= error;
    // Nothing of the request was taken: there can be no answer to it.
    if (!this.#delivery.headTaken) return false;
    this.#writeFailed = true;
    this.#owner.wheel.schedule(this, this.#owner.wheel.now() + LAST_WORDS_MS);
    return true;
  }

  #closed(): void {
    const state = this.#state;
    this.#state = 'closed';
    this.#owner.wheel.cancel(this);
    this.#window.close();
    if (state === 'connecting') {
      const error = this.#error ?? new Error(this.#timedOut ? 'connect time limit' : 'closed');
      this.#owner.onConnectFailed(this, error, this.#timedOut);
    } else if (state === 'tunnel') this.#tunnel?.onClosed();
    else this.#break('cut', this.#error?.message ?? 'connection closed');
    this.#owner.onClosed(this);
  }

  #break(kind: BrokenConnection['kind'], detail: string): void {
    const user = this.#user;
    if (user === undefined) return;
    this.#user = undefined;
    const stale = kind === 'cut' && this.#parser.untouched && this.#delivery.again;
    const undelivered = stale && this.#delivery.refused(this.#error?.syscall);
    this.#parser.stop();
    user.onBroken({ kind, detail, stale, undelivered });
  }
}
