import type { Target } from '../../migration-plans/revision/revision.ts';
import { answerHead, ownHead } from './answer-text.ts';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';
import type { ForwardingHeaders } from './forwarding-headers.ts';
import { type OwnAnswer, ownBody } from './own-answers.ts';
import type { ForwardJob, Upstream } from './port.ts';
import type { RequestHead } from './request-head.ts';
import { isEncrypted } from './request-text.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { publicOrigin } from './rewrite.ts';

export type ReplyJob = Pick<ForwardJob, 'request' | 'answerHeaders' | 'peerTrusted'> &
  Partial<Pick<ForwardJob, 'capture'>>;

/** The answer of one exchange: an upstream's as it passes to the client (and to the capture), or one of the edge itself. */
export class Reply {
  readonly #job: ReplyJob;
  readonly #writer: AnswerWriter;
  readonly #headers: ForwardingHeaders;
  /** The client has some of it, or soon will: nobody else can answer any more. */
  begun = false;
  /** The client has not taken what was written to it. */
  blocked = false;
  /** Undefined: the edge itself, or nobody. */
  by: Target | undefined;
  status = 0;
  bytes = 0;
  /** End-to-end header lines of the upstream's answer. */
  lines: string | undefined;

  constructor(job: ReplyJob, writer: AnswerWriter, headers: ForwardingHeaders) {
    this.#job = job;
    this.#writer = writer;
    this.#headers = headers;
  }

  information(head: ResponseHead): void {
    this.#writer.information(head);
  }

  /** An upstream's answer to `asked` begins. */
  begin(head: ResponseHead, upstream: Upstream, asked: RequestHead): AnswerHead {
    const { capture, request } = this.#job;
    this.begun = true;
    this.status = head.status;
    this.by = upstream.target;
    this.lines = head.lines;
    capture?.head(head.status, head.lines);
    const extra = this.#job.answerHeaders(upstream.target, head.status);
    return answerHead(head, extra, this.#headers, upstream.rewrite, () =>
      publicOrigin(asked, this.#job.peerTrusted === true, isEncrypted(request.socket)),
    );
  }

  /** All of it at once. `last`: nothing of the request is outstanding; otherwise `end` follows, and closes the connection. */
  whole(head: AnswerHead, framing: BodyFraming, body: string, last: boolean): void {
    const { capture } = this.#job;
    this.bytes = body.length;
    capture?.whole(body);
    if (last) {
      this.#writer.whole(head, body);
      return;
    }
    this.#writer.closeAfter();
    this.#writer.head(head, true);
    if (body !== '' && framing !== 'none') this.#writer.body(Buffer.from(body, 'latin1'));
  }

  /** The head alone: `chunk` and `end` follow. `last`: as for `whole`. */
  head(head: AnswerHead, framing: BodyFraming, last: boolean): void {
    if (!last) this.#writer.closeAfter();
    this.#writer.head(head, framing === 'fixed');
  }

  /** False: wait for `whenTaken`. */
  chunk(chunk: Buffer, release: (() => void) | undefined): boolean {
    const { capture } = this.#job;
    this.bytes += chunk.length;
    capture?.chunk(chunk);
    // What is captured is kept by reference: its buffer is not given back.
    return this.#writer.body(chunk, capture === undefined ? release : undefined);
  }

  /** Calls back when the client has taken what was written to it. */
  whenTaken(callback: () => void): void {
    this.blocked = true;
    this.#writer.whenWritable(() => {
      this.blocked = false;
      callback();
    });
  }

  end(trailers: string): void {
    this.#writer.end(trailers);
  }

  /** The upstream has said all that it had to say. */
  captured(): void {
    this.#job.capture?.end();
  }

  /** The edge answers by itself. `close`: the connection cannot be used for another request. */
  own(answer: OwnAnswer, close: boolean): void {
    const { status } = answer;
    this.begun = true;
    this.status = status;
    this.by = undefined;
    const body = ownBody(answer);
    const head = ownHead(answer, body, this.#job.answerHeaders(undefined, status));
    if (close) this.#writer.closeAfter();
    this.#writer.whole(head, this.#job.request.method === 'HEAD' ? '' : body);
  }

  /** 101. Undefined: this client cannot be upgraded. */
  switchProtocols(
    head: AnswerHead,
    upgrade: string | undefined,
  ): ReturnType<AnswerWriter['switchProtocols']> {
    head.lines += `Upgrade: ${upgrade}\r\nConnection: Upgrade\r\n`;
    return this.#writer.switchProtocols(head);
  }

  /** So that the client cannot take what it has for a whole answer. */
  cut(): void {
    this.#writer.cut();
  }

  /** Whatever was captured is worth nothing. */
  abortCapture(reason: 'client-aborted' | 'monolith-failed'): void {
    this.#job.capture?.abort(reason);
  }
}
