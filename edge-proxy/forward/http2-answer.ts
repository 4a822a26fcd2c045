import {
  constants,
  type Http2ServerResponse,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';
import { toRawHeaders } from './response-head.ts';

/** An HTTP/2 client: fields in lower case, no reason, no fields of a connection, a reset instead of a closed connection. */
export class Http2Answer implements AnswerWriter {
  readonly #response: Http2ServerResponse;
  protected readonly stream: ServerHttp2Stream;
  /** Something else was said in place of the upstream's answer: its body means nothing. */
  #mute = false;
  #last = false;

  constructor(response: Http2ServerResponse) {
    this.#response = response;
    this.stream = response.stream;
    this.stream.on('error', () => {});
  }

  onClosed(callback: () => void): void {
    this.stream.once('close', callback);
  }

  /** The rest of an upload is not wanted: RFC 9113 section 8.1 lets a whole answer be followed by a reset without error. */
  closeAfter(): void {
    this.#last = true;
  }

  information({ status, lines }: AnswerHead): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    stream.additionalHeaders({ ':status': status, ...grouped(lines) });
  }

  whole(head: AnswerHead, body: string): void {
    if (!this.#answer(head, body === '')) return;
    if (body !== '') this.stream.end(Buffer.from(body, 'latin1'));
    this.#closeIfLast();
  }

  head(head: AnswerHead): void {
    this.#answer(head, false);
  }

  body(chunk: Buffer, written?: () => void): boolean {
    if (this.#mute || this.stream.destroyed) {
      written?.();
      return true;
    }
    return this.stream.write(chunk, written);
  }

  whenWritable(callback: () => void): void {
    this.stream.once('drain', callback);
  }

  end(trailers: string): void {
    if (this.#mute) return;
    // The response object answers `wantTrailers` itself: sending them here as well throws, and closing the stream then loses its end.
    if (trailers !== '') this.#response.addTrailers(grouped(trailers) as Record<string, string>);
    this.stream.end();
    this.#closeIfLast();
  }

  cut(): void {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  switchProtocols(_head: AnswerHead): Duplex | undefined {
    return undefined;
  }

  /** Whether this status means here what it meant in HTTP/1. RFC 9113 allows 100 to 599; an origin's 7xx has no form. */
  protected sayable(status: number): boolean {
    return status <= 599;
  }

  #closeIfLast(): void {
    if (this.#last && !this.stream.destroyed) this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** False: there is nobody left to answer, or this cannot be said in HTTP/2. */
  #answer(head: AnswerHead, endStream: boolean): boolean {
    if (this.sayable(head.status)) return this.respond(head, endStream);
    this.#mute = true;
    this.respond({ status: 502, reason: '', lines: '' }, true);
    return false;
  }

  /** False: there is nobody left to answer. */
  protected respond({ status, lines }: AnswerHead, endStream: boolean): boolean {
    const { stream } = this;
    if (stream.destroyed || stream.closed || stream.headersSent) return false;
    const options: ServerStreamResponseOptions & { sendDate: boolean } = {
      endStream,
      waitForTrailers: !endStream,
      // What the origin said about the time stands, also when it said nothing.
      sendDate: false,
    };
    stream.respond({ ':status': status, ...grouped(lines) }, options);
    return true;
  }
}

/** Fields by lower-case name; repeated ones keep their order. */
function grouped(lines: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  const raw = toRawHeaders(lines);
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    if (name === 'connection' || name === 'upgrade') continue;
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else fields[name] = [before, value];
  }
  return fields;
}
