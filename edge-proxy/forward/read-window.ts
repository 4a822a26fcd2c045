import { giveBuffer, READ_BYTES, scratch, takeBuffer } from './read-buffers.ts';

/** Pieces below this are copied out of a large read buffer, so that the buffer can be used again at once. */
const COPY_BELOW_BYTES = 16_384;

/** What one connection reads into: the buffer of all, or, while a large body flows, one of its own that can be passed on. */
export class ReadWindow {
  #buffer = scratch;
  #bulk = false;
  #passedOn = false;

  /** Asked before the first read and after each one. */
  readonly next = (): Buffer => {
    if (this.#passedOn || (this.#bulk && this.#buffer === scratch)) {
      this.#passedOn = false;
      this.#buffer = this.#bulk ? takeBuffer() : scratch;
    } else if (!this.#bulk && this.#buffer !== scratch) {
      giveBuffer(this.#buffer);
      this.#buffer = scratch;
    }
    return this.#buffer;
  };

  /** So much was read of an answer. A full read means that more is waiting. */
  filled(bytes: number, answering: boolean): void {
    if (bytes === READ_BYTES) this.#bulk = answering;
  }

  /** The answer is over: what comes next is small until it shows otherwise. */
  calm(): void {
    this.#bulk = false;
  }

  /** True: the piece may be passed on as it lies, and `giveBuffer` wants the buffer back. False: copy it. */
  passOn(buffer: Buffer, bytes: number): boolean {
    // The shared buffer is overwritten by whoever reads next: what lies in it is always copied.
    if (buffer === scratch || bytes < COPY_BELOW_BYTES || this.#passedOn) return false;
    this.#passedOn = true;
    return true;
  }

  close(): void {
    if (!this.#passedOn) giveBuffer(this.#buffer);
    this.#buffer = scratch;
  }
}
