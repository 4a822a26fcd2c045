import { createHash, type Hash } from 'node:crypto';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import type { ByteBudget } from './queue.ts';

/** A captured answer but for its headers. A body that came as text is latin1, one character a byte: `bytesOf` makes bytes of it. */
export interface CapturedBody extends Omit<CapturedAnswer, 'rawHeaders' | 'body'> {
  body: Uint8Array | string | undefined;
}

/** The body in a buffer of its own, so that it can be handed to another thread without copying again. */
export function bytesOf(body: Uint8Array | string | undefined): Uint8Array | undefined {
  if (typeof body !== 'string') return body;
  const bytes = Buffer.allocUnsafeSlow(body.length);
  bytes.write(body, 'latin1');
  return bytes;
}

/**
 * Collects one answer, but for its headers. Up to `maxBytes` the body is kept; beyond it, or when the shared budget is used up, only its
 * SHA-256 and length go on being computed, so that a large answer costs no memory and can still be compared.
 */
export class AnswerCapture {
  readonly #maxBytes: number;
  readonly #budget: ByteBudget;
  readonly #startedAt: number;
  #status = 0;
  #headMs = 0;
  #text: string | undefined;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #bytes = 0;
  #hash: Hash | undefined;

  /** `startedAt`: when the request was sent, in milliseconds of a monotonic clock. */
  constructor(maxBytes: number, budget: ByteBudget, startedAt: number) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
    this.#startedAt = startedAt;
  }

  /** Length of the body so far. */
  get bytes(): number {
    return this.#bytes;
  }

  head(status: number, now: number): void {
    this.#status = status;
    this.#headMs = now - this.#startedAt;
  }

  /** All of the body at once, one character a byte. Text costs less than bytes: no memory outside of the heap, and no copy. */
  whole(text: string): void {
    this.#bytes = text.length;
    if (this.#bytes <= this.#maxBytes && this.#budget.take(this.#bytes)) {
      this.#text = text;
      this.#held = this.#bytes;
    } else this.#hash = createHash('sha256').update(text, 'latin1');
  }

  /** True: the piece is kept by reference, so its memory must not be given back or used again. */
  chunk(data: Uint8Array): boolean {
    this.#bytes += data.length;
    if (this.#hash !== undefined) {
      this.#hash.update(data);
      return false;
    }
    if (this.#bytes <= this.#maxBytes && this.#budget.take(data.length)) {
      this.#chunks.push(data);
      this.#held += data.length;
      return true;
    }
    this.#hash = createHash('sha256');
    for (const chunk of this.#chunks) this.#hash.update(chunk);
    this.#hash.update(data);
    this.discard();
    return false;
  }

  /** The whole answer. The body is copied once, because chunks may be slices of much larger pooled buffers. */
  finish(now: number): CapturedBody {
    const body = this.#hash === undefined ? (this.#text ?? joinExactly(this.#chunks, this.#held)) : undefined;
    const bodyHash = this.#hash?.digest('hex');
    this.discard();
    return {
      status: this.#status,
      body,
      bodyHash,
      bodyBytes: this.#bytes,
      headMs: this.#headMs,
      totalMs: now - this.#startedAt,
    };
  }

  /** Gives up what is held. */
  discard(): void {
    this.#text = undefined;
    this.#chunks = [];
    this.#budget.give(this.#held);
    this.#held = 0;
  }
}

/** One buffer of its own, so that it can be handed to a worker without copying again. */
function joinExactly(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
