import type { Socket } from 'node:net';

/** A write of this size to an empty send buffer is taken as a whole or not at all. */
const ATOMIC_WRITE_BYTES = 16_384;

/** What a connection knows of whether the upstream can have seen the request that was written to it. */
export class Delivery {
  #requests = 0;
  #headBytes = 0;
  /** The system has taken the head of the request. */
  headTaken = false;

  /** Writes the head of the next request. */
  writeHead(socket: Socket, head: string): void {
    this.#requests += 1;
    // A first request on a new connection cannot be stale, and a callback costs more than what it would tell.
    if (this.#requests === 1) {
      this.headTaken = true;
      socket.write(head, 'latin1');
      return;
    }
    this.headTaken = false;
    this.#headBytes = head.length;
    socket.write(head, 'latin1', this.#onHeadWritten);
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
