import type { RequestTap } from './port.ts';
import type { ByteBudget } from './queue.ts';

/** Why a write cannot be sent again: its body is not, or not wholly, there. */
export type BodyLoss = 'body-too-large' | 'queue-bytes' | 'client-aborted';

/**
 * Keeps the body of one write while it passes. A part of a write is worth nothing, so beyond `maxBytes` or the shared budget all of it
 * is given up at once.
 */
export class RequestCapture implements RequestTap {
  readonly #maxBytes: number;
  readonly #budget: ByteBudget;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #expected = false;
  #lost: BodyLoss | undefined;

  constructor(maxBytes: number, budget: ByteBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  begin(): void {
    this.#expected = true;
  }

  chunk(data: Uint8Array): boolean {
    if (this.#lost !== undefined) return false;
    if (this.#held + data.length > this.#maxBytes) this.#giveUp('body-too-large');
    else if (this.#budget.take(data.length)) {
      this.#chunks.push(data);
      this.#held += data.length;
      return true;
    } else this.#giveUp('queue-bytes');
    return false;
  }

  end(): void {
    this.#expected = false;
  }

  /** The whole body, or why it is not there. Its bytes stay taken from the budget until `discard`. */
  finish(): { body: Uint8Array } | { lost: BodyLoss } {
    // The answer was out before all of the body had come: nobody knows what the rest would have been.
    if (this.#lost === undefined && this.#expected) this.#giveUp('client-aborted');
    if (this.#lost !== undefined) return { lost: this.#lost };
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [];
    return { body };
  }

  /** Gives up what is held. */
  discard(): void {
    this.#chunks = [];
    this.#budget.give(this.#held);
    this.#held = 0;
  }

  #giveUp(reason: BodyLoss): void {
    this.#lost = reason;
    this.discard();
  }
}
