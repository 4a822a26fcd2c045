import {
  constants,
  type Http2ServerResponse,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from 'node:http2';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';
import { toRawHeaders } from './response-head.ts';

/** An HTTP/2 client: fields in lower case, no reason, no fields of a connection, a reset instead of a closed connection. */
export class Http2Answer implements AnswerWriter {
  readonly #response: Http2ServerResponse;
  readonly #stream: ServerHttp2Stream;

  constructor(response: Http2ServerResponse) {
    this.#response = response;
    this.#stream = response.stream;
    this.#stream.on('error', () => {});
  }

  onClosed(callback: () => void): void {
    this.#stream.once('close', callback);
  }

  closeAfter(): void {}

  information({ status, lines }: AnswerHead): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    stream.additionalHeaders({ ':status': status, ...grouped(lines) });
  }

  whole(head: AnswerHead, body: string): void {
    const stream = this.#stream;
    if (!this.#respond(head, body === '')) return;
    if (body !== '') stream.end(Buffer.from(body, 'latin1'));
  }

  head(head: AnswerHead): void {
    this.#respond(head, false);
  }

  body(chunk: Buffer, written?: () => void): boolean {
    if (this.#stream.destroyed) return true;
    return this.#stream.write(chunk, written);
  }

  whenWritable(callback: () => void): void {
    this.#stream.once('drain', callback);
  }

  end(trailers: string): void {
    // The response object answers `wantTrailers` itself: sending them here as well throws, and closing the stream then loses its end.
    if (trailers !== '') this.#response.addTrailers(grouped(trailers) as Record<string, string>);
    this.#stream.end();
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  switchProtocols(): undefined {
    return undefined;
  }

  /** False: there is nobody left to answer, or this cannot be said in HTTP/2. */
  #respond({ status, lines }: AnswerHead, endStream: boolean): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.headersSent) return false;
    // RFC 9113 allows three digits from 100 to 599; an origin's 7xx has no form here.
    if (status > 599) {
      stream.respond({ ':status': 502 }, { endStream: true });
      return false;
    }
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
