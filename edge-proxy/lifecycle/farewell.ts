import type { Duplex } from 'node:stream';
import { FrameBoundary } from './frame-boundary.ts';

/** A close frame with status 1001, going away (RFC 6455 sections 5.5.1 and 7.4.1). Frames of a server are not masked. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
const HEAD_END = Buffer.from('\r\n\r\n');
/** An answer to an upgrade is never longer; beyond this it is not looked for. */
const MAX_HEAD = 16_384;

/**
 * Tells a WebSocket client that the edge is going away, so that it connects anew instead of finding its connection dead. The client
 * answers with a close frame of its own, which ends the conversation with the server behind the edge in order.
 *
 * Watches what is written to the client, because a frame may only be put between two others.
 */
export class Farewell {
  readonly #client: Duplex;
  readonly #frames = new FrameBoundary();
  readonly #write: Duplex['write'];
  /** What of the answer's head has been written; undefined: it is out, frames follow. */
  #head: Buffer | undefined;
  #foreign = false;
  #wanted = false;
  #said = false;

  /** `withHead`: the answer's head is written on this stream, too, before the first frame. */
  constructor(client: Duplex, withHead = true) {
    this.#client = client;
    this.#head = withHead ? Buffer.alloc(0) : undefined;
    this.#write = client.write;
    client.write = ((chunk: unknown, ...rest: unknown[]) => this.#passOn(chunk, rest)) as Duplex['write'];
  }

  /** Says it now, or as soon as the frame that is under way has passed. */
  say(): void {
    this.#wanted = true;
    if (this.#head === undefined && this.#frames.atBoundary) this.#sayNow();
  }

  #passOn(chunk: unknown, rest: unknown[]): boolean {
    const more = Reflect.apply(this.#write, this.#client, [chunk, ...rest]) as boolean;
    if (!this.#foreign && !this.#said) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : (chunk as Uint8Array);
      this.#watch(bytes);
      if (this.#wanted && this.#head === undefined && this.#frames.atBoundary) this.#sayNow();
    }
    return more;
  }

  #watch(bytes: Uint8Array): void {
    if (this.#head === undefined) {
      this.#frames.take(bytes);
      return;
    }
    const head = Buffer.concat([this.#head, bytes]);
    const end = head.indexOf(HEAD_END);
    if (end === -1) {
      this.#head = head;
      this.#foreign = head.length > MAX_HEAD;
      return;
    }
    if (!head.subarray(0, 12).toString('latin1').startsWith('HTTP/1.1 101')) {
      this.#foreign = true;
      return;
    }
    this.#head = undefined;
    this.#frames.take(head.subarray(end + HEAD_END.length));
  }

  #sayNow(): void {
    if (this.#said || this.#foreign || !this.#client.writable) return;
    this.#said = true;
    Reflect.apply(this.#write, this.#client, [GOING_AWAY]);
  }
}
