import type { DropReason } from '../../migration-plans/evidence/evidence.ts';
import type { AnswerCapture } from './capture.ts';
import type { UserAnswer } from './mirror-thread.ts';
import type { MirroredRequest, ShadowCapture } from './port.ts';
import type { RequestCapture } from './request-capture.ts';

/** A user's exchange that is over, as it is mirrored. */
export interface Mirrored {
  request: MirroredRequest;
  /** Undefined: a read. */
  write: RequestCapture | undefined;
  body: Uint8Array | undefined;
  left: UserAnswer;
  capturedAt: number;
  /** When the user's request came. Milliseconds since the epoch. */
  at: number;
}

/** Where a capture goes: exactly one of both is called, once. */
export interface CaptureEnd {
  /** Monotonic milliseconds. */
  now(): number;
  captured(entry: Mirrored): void;
  /** It is not mirrored after all, and holds nothing any more. */
  lost(request: MirroredRequest, reason: DropReason): void;
}

/** Follows one exchange of a user until it can be mirrored. */
export class LiveCapture implements ShadowCapture {
  /** Undefined: a read. */
  readonly request: RequestCapture | undefined;
  readonly #request: MirroredRequest;
  readonly #answer: AnswerCapture;
  readonly #at: number;
  readonly #end: CaptureEnd;
  #headerLines = '';
  #over = false;

  /** @param at when the user's request came, in milliseconds since the epoch */
  constructor(
    request: MirroredRequest,
    write: RequestCapture | undefined,
    answer: AnswerCapture,
    at: number,
    end: CaptureEnd,
  ) {
    this.#request = request;
    this.request = write;
    this.#answer = answer;
    this.#at = at;
    this.#end = end;
  }

  head(status: number, headerLines: string): void {
    this.#headerLines = headerLines;
    this.#answer.head(status, this.#end.now());
  }

  whole(body: string): void {
    if (!this.#over) this.#answer.whole(body);
  }

  chunk(data: Uint8Array): void {
    if (!this.#over) this.#answer.chunk(data);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    const capturedAt = this.#end.now();
    const left = { ...this.#answer.finish(capturedAt), headerLines: this.#headerLines };
    const { request: write } = this;
    const sent = write?.finish();
    const lost = lossOf(sent, left);
    if (lost !== undefined) {
      write?.discard();
      this.#end.lost(this.#request, lost);
      return;
    }
    const body = sent !== undefined && 'body' in sent ? sent.body : undefined;
    this.#end.captured({ request: this.#request, write, body, left, capturedAt, at: this.#at });
  }

  abort(reason: 'client-aborted' | 'monolith-failed'): void {
    if (this.#over) return;
    this.#over = true;
    this.#answer.discard();
    this.request?.discard();
    this.#end.lost(this.#request, reason);
  }
}

/** Why a request is not mirrored after all; undefined: it is. */
function lossOf(
  write: ReturnType<RequestCapture['finish']> | undefined,
  left: UserAnswer,
): DropReason | undefined {
  if (write === undefined) return undefined;
  if ('lost' in write) return write.lost;
  // Whether a write that the monolith failed at has happened is not known: the sandbox would part from it.
  return left.status >= 500 ? 'monolith-failed' : undefined;
}
