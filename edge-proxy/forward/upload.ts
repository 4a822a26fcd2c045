import type { IncomingMessage } from 'node:http';
import type { RequestTap } from '../shadow/port.ts';
import { trailerLines } from './trailers.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

export interface UploadListener {
  /** A piece came from the client, or the upstream took one. */
  uploadMoved(): void;
  /** All of it has been given to the connection that is being written to. */
  uploadSent(): void;
  uploadTooLarge(): void;
  /** While draining: the rest has come, or more of it than is worth waiting for. */
  uploadDrained(): void;
}

export interface UploadLimits {
  maxRequestBytes: number;
  replayBytes: number;
  lingerBytes: number;
}

/** Pieces from this size on are freed as soon as they are sent, in bytes. */
const FREE_BYTES = 16_384;

/**
 * The body of one request on its way to whichever upstream takes it. It is read only as fast as the upstream writes; what has been read
 * is kept up to a bound, so that another attempt can send it again. Nobody else may read the request: large pieces are freed once sent.
 */
export class Upload {
  readonly #request: IncomingMessage;
  readonly #chunked: boolean;
  readonly #limits: UploadLimits;
  readonly #listener: UploadListener;
  readonly #tap: RequestTap | undefined;
  #connection: UpstreamConnection | undefined;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #reading = false;
  #draining = false;
  #drained = 0;
  /** Payload bytes that came from the client. */
  bytes = 0;
  /** The client has sent all of it. */
  complete = false;
  /** The upstream does not take more at present. */
  blocked = false;

  /** `tap` sees each piece once, whatever is sent again. */
  constructor(
    request: IncomingMessage,
    chunked: boolean,
    limits: UploadLimits,
    listener: UploadListener,
    tap?: RequestTap,
  ) {
    this.#request = request;
    this.#chunked = chunked;
    this.#limits = limits;
    this.#listener = listener;
    this.#tap = tap;
    tap?.begin();
  }

  /** What came so far can still be sent from its beginning. */
  get replayable(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends to this connection from now on, first what was kept of it. */
  sendTo(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.blocked = false;
    for (const chunk of this.#kept ?? []) this.#write(connection, chunk);
    if (this.complete) this.#end(connection);
    else if (!this.blocked) this.#read();
  }

  /** The connection is gone. What comes next waits. */
  detach(): void {
    this.#connection = undefined;
    if (this.#reading && !this.complete) this.#request.pause();
  }

  /** The connection takes more. */
  writable(): void {
    if (!this.blocked) return;
    this.blocked = false;
    this.#listener.uploadMoved();
    this.#read();
  }

  /** Nothing of it will be sent again. */
  forget(): void {
    this.#kept = undefined;
  }

  /** The answer is out: reads what still comes and drops it. */
  drain(): void {
    this.#connection = undefined;
    this.#kept = undefined;
    this.#draining = true;
    this.#read();
  }

  #read(): void {
    if (!this.#reading) {
      this.#reading = true;
      this.#request.on('data', (chunk: Buffer) => this.#received(chunk));
      this.#request.on('end', () => this.#ended());
    }
    this.#request.resume();
  }

  #received(chunk: Buffer): void {
    if (this.#draining) {
      this.#drained += chunk.length;
      if (this.#drained > this.#limits.lingerBytes) this.#listener.uploadDrained();
      return;
    }
    this.bytes += chunk.length;
    const { maxRequestBytes, replayBytes } = this.#limits;
    if (maxRequestBytes > 0 && this.bytes > maxRequestBytes) {
      this.#listener.uploadTooLarge();
      return;
    }
    if (this.#kept !== undefined) {
      this.#keptBytes += chunk.length;
      if (this.#keptBytes <= replayBytes) this.#kept.push(chunk);
      else this.#kept = undefined;
    }
    const held = this.#tap?.chunk(chunk) ?? false;
    if (this.#connection === undefined) this.#request.pause();
    else this.#write(this.#connection, chunk, held);
    this.#listener.uploadMoved();
  }

  #write(connection: UpstreamConnection, chunk: Buffer, held = false): void {
    const freed = !held && this.#kept === undefined && chunk.length >= FREE_BYTES;
    const sent = freed ? () => free(chunk) : undefined;
    let more: boolean;
    if (this.#chunked) {
      connection.cork();
      connection.write(`${chunk.length.toString(16)}\r\n`);
      connection.write(chunk, sent);
      more = connection.write('\r\n');
      connection.uncork();
    } else more = connection.write(chunk, sent);
    if (more) return;
    this.blocked = true;
    this.#request.pause();
  }

  #ended(): void {
    this.complete = true;
    if (!this.#draining) this.#tap?.end();
    if (this.#draining) this.#listener.uploadDrained();
    else if (this.#connection !== undefined) this.#end(this.#connection);
  }

  #end(connection: UpstreamConnection): void {
    if (this.#chunked) connection.write(`0\r\n${trailerLines(this.#request.rawTrailers)}\r\n`);
    connection.endRequest();
    this.#listener.uploadSent();
  }
}

/**
 * Gives the memory of a piece back at once. Node's parser makes a new buffer for each, and the garbage collector, which sees little
 * garbage of its own, lets tens of megabytes of them pile up during an upload.
 */
function free(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length && !buffer.detached)
    buffer.transfer(0);
}
