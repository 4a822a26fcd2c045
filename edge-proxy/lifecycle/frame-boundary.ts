/**
 * Follows a stream of WebSocket frames (RFC 6455 section 5.2) as far as knowing where one ends and the next begins. Looks at the two to
 * fourteen bytes of each frame's head and skips the rest. The stream may be cut anywhere.
 */
export class FrameBoundary {
  /** Bytes of the head that are known so far. */
  #head = 0;
  /** Length of the head, as far as known. */
  #headLength = 2;
  /** Where the extended length in the head ends. */
  #extendedEnd = 2;
  #payload = 0;
  /** Bytes of the payload still to come. */
  #left = 0;

  /** Between two frames: a frame of one's own may be put here. */
  get atBoundary(): boolean {
    return this.#head === 0 && this.#left === 0;
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
      } else {
        this.#takeHeadByte(chunk[at]!);
        at += 1;
      }
    }
  }

  #takeHeadByte(byte: number): void {
    const index = this.#head;
    this.#head += 1;
    if (index === 1) {
      const length = byte & 0x7f;
      const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#payload = extended === 0 ? length : 0;
      this.#headLength = 2 + extended + ((byte & 0x80) === 0 ? 0 : 4);
      this.#extendedEnd = 2 + extended;
    } else if (index >= 2 && index < this.#extendedEnd) {
      this.#payload = this.#payload * 256 + byte;
    }
    if (this.#head < 2 || this.#head < this.#headLength) return;
    this.#left = this.#payload;
    this.#head = 0;
    this.#headLength = 2;
  }
}
