import type { Socket } from 'node:net';

/** A write of this size to an empty send buffer is taken as a whole or not at all. */
const ATOMIC_WRITE_BYTES = 16_384;

/** What a connection knows of whether the upstream can have seen the request that was written to it. */
export class Delivery {
  readonly #encrypted: boolean;
  #requests = 0;
  #headBytes = 0;
  /** The system has taken the head of the request, or some of it. */
  headTaken = false;

  constructor(encrypted: boolean) {
    this.#encrypted = encrypted;
  }

  /** Writes the head of the next request. */
  writeHead(socket: Socket, head: string): void {
    this.#requests += 1;
    this.#headBytes = head.length;
    // A first request on a new connection cannot be stale.
    this.headTaken = !this.again;
    if (this.again && (this.#encrypted || socket.writableLength > 0 || socket.writableCorked > 0)) {
      socket.write(head, 'latin1', this.#onHeadWritten);
      return;
    }
    socket.write(head, 'latin1');
    // The system was asked at once, and asking the socket costs less than being called back. What waits may be taken in part.
    if (!this.headTaken) this.headTaken = socket.errored === null;
  }

  readonly #onHeadWritten = (error: Error | null | undefined): void => {
    if (error === null || error === undefined) this.headTaken = true;
  };

  /** The connection had been used before: an upstream may have given it up just then. */
  get again(): boolean {
    return this.#requests > 1;
  }

  /** The system refused the very first byte. `failed`: the system call that did. */
  refused(failed: string | undefined): boolean {
    return this.again && !this.headTaken && failed === 'write' && this.#headBytes <= ATOMIC_WRITE_BYTES;
  }
}
