import { ServerResponse } from 'node:http';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';

/**
 * What Node keeps in a response between `writeHead` and the first write: the serialised head. Setting it ourselves is what lets an
 * answer go out with the origin's bytes, as one string and one system call; `writeHead` would check and copy every field again.
 */
interface RawResponse {
  _header: string | null;
  _hasBody: boolean;
  _last: boolean;
  _defaultKeepAlive: boolean;
  _keepAliveTimeout: number;
  _writeRaw(data: string, encoding: 'latin1'): boolean;
  maxRequestsOnConnectionReached?: boolean;
  shouldKeepAlive: boolean;
  chunkedEncoding: boolean;
}

/**
 * The fields that `Http1Answer` relies on are there, as in every Node so far. Asked when a forwarder is made, so that a Node without
 * them is an error at the start and not a broken answer.
 */
export function rawHeadsWork(): boolean {
  const response: object = new ServerResponse({ method: 'GET' } as ConstructorParameters<
    typeof ServerResponse
  >[0]);
  return '_header' in response && '_writeRaw' in response && '_last' in response && '_hasBody' in response;
}

/** Bodies up to this size are framed by copying, which costs less than writing three pieces. */
const COPY_BYTES = 4096;

/** An HTTP/1 client. */
export class Http1Answer implements AnswerWriter {
  readonly #response: ServerResponse;
  readonly #raw: RawResponse;
  readonly #minor: number;
  #chunked = false;
  #close = false;

  constructor(response: ServerResponse, minor: number) {
    this.#response = response;
    this.#raw = response as unknown as RawResponse;
    this.#minor = minor;
  }

  onClosed(callback: () => void): void {
    this.#response.on('close', callback);
  }

  closeAfter(): void {
    this.#close = true;
  }

  information({ status, reason, lines }: AnswerHead): void {
    // RFC 9110 section 15.2: an HTTP/1.0 client does not know interim answers.
    if (this.#minor === 0) return;
    this.#raw._writeRaw(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`, 'latin1');
  }

  whole({ status, reason, lines }: AnswerHead, body: string): void {
    this.#response.statusCode = status;
    this.#raw._header = `HTTP/1.1 ${status} ${reason}\r\n${lines}${this.#connection(false)}\r\n${body}`;
    this.#response.end();
  }

  head({ status, reason, lines }: AnswerHead, sized: boolean): void {
    this.#response.statusCode = status;
    this.#chunked = !sized && this.#minor === 1;
    const framing = this.#chunked ? 'Transfer-Encoding: chunked\r\n' : '';
    const connection = this.#connection(!sized && !this.#chunked);
    this.#raw._header = `HTTP/1.1 ${status} ${reason}\r\n${lines}${framing}${connection}\r\n`;
    // An empty write sends the head with this tick's first piece of the body, if there is one. `flushHeaders` would encode it as UTF-8.
    this.#response.write('', 'latin1');
  }

  body(chunk: Buffer, written?: () => void): boolean {
    const response = this.#response;
    if (!this.#chunked) return response.write(chunk, written);
    const size = chunk.length.toString(16);
    if (chunk.length <= COPY_BYTES) {
      const framed = Buffer.allocUnsafe(size.length + chunk.length + 4);
      framed.write(`${size}\r\n`, 0, 'latin1');
      framed.set(chunk, size.length + 2);
      framed.write('\r\n', size.length + 2 + chunk.length, 'latin1');
      return response.write(framed, written);
    }
    response.write(`${size}\r\n`, 'latin1');
    response.write(chunk, written);
    return response.write('\r\n', 'latin1');
  }

  whenWritable(callback: () => void): void {
    this.#response.once('drain', callback);
  }

  end(trailers: string): void {
    if (this.#chunked) this.#response.end(`0\r\n${trailers}\r\n`, 'latin1');
    else this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  switchProtocols(): undefined {
    return undefined;
  }

  /** What the client is told about the connection, as Node tells it. */
  #connection(untilClose: boolean): string {
    const raw = this.#raw;
    // No body is added or withheld by Node: what is written is what is sent.
    raw._hasBody = true;
    raw.chunkedEncoding = false;
    if (this.#close || untilClose || !raw.shouldKeepAlive || raw.maxRequestsOnConnectionReached === true) {
      raw._last = true;
      return 'Connection: close\r\n';
    }
    raw._last = false;
    if (!raw._defaultKeepAlive || !(raw._keepAliveTimeout > 0)) return 'Connection: keep-alive\r\n';
    return keepAliveLines(raw._keepAliveTimeout);
  }
}

let lastTimeout = -1;
let lastLines = '';

function keepAliveLines(timeoutMs: number): string {
  if (timeoutMs !== lastTimeout) {
    lastTimeout = timeoutMs;
    lastLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(timeoutMs / 1000)}\r\n`;
  }
  return lastLines;
}
