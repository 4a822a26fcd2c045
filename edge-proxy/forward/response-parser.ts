import { VALUE_CHARACTERS } from './header-names.ts';
import { type BodyFraming, bodyFraming, parseResponseHead, type ResponseHead } from './response-head.ts';
import { cleanTrailers } from './trailers.ts';

/** Told what a stream of bytes means. A callback may end the message (`reset`) but must not feed the parser. */
export interface ParserSink {
  /** An interim answer (1xx other than 101). */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead, framing: BodyFraming): void;
  /**
   * The whole answer lay in one piece: instead of `onHead`, `onBody` and `onEnd`. `body` is latin1, one character a byte, and is the
   * content of a body of fixed length, or empty.
   */
  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void;
  /** A piece of the body. `buffer` belongs to the caller of `execute` and is overwritten afterwards. */
  onBody(buffer: Buffer, start: number, end: number): void;
  /** Trailer lines with their CRLF; '' in most cases. */
  onEnd(trailers: string): void;
  /** 101: the rest of the bytes are no HTTP. */
  onSwitch(head: ResponseHead, rest: Buffer): void;
  onMalformed(detail: string): void;
}

/** What the bytes are, as they come. */
const IDLE = 0;
const HEAD = 1;
const FIXED = 2;
const UNTIL_CLOSE = 3;
const CHUNK_SIZE = 4;
const CHUNK_EXTENSION = 5;
const CHUNK_SIZE_LF = 6;
const CHUNK_DATA = 7;
const CHUNK_DATA_CR = 8;
const CHUNK_DATA_LF = 9;
const TRAILERS = 10;
const SWITCHED = 11;
const FAILED = 12;

/** Pieces up to this size are read as text as a whole: what fits is answered with one string. */
const WHOLE_LIMIT = 16_384;
/** Hex digits of a chunk size: 2^52 bytes at most, so that a double stays exact. */
const MAX_SIZE_DIGITS = 13;
/** Extensions carry nothing that anybody uses; unbounded ones were a way to exhaust servers (CVE-2024-22019). */
const MAX_EXTENSION_BYTES = 1024;
/** Interim answers to one request. */
const MAX_INFORMATION = 32;

/**
 * Reads the answers of one upstream connection, one after the other, straight from the pieces that its socket delivers. Any cutting of
 * the same bytes into pieces gives the same result. Never throws, whatever the bytes; after `onMalformed` it says nothing more.
 */
export class ResponseParser {
  readonly #sink: ParserSink;
  readonly #maxHeadBytes: number;
  #state = IDLE;
  #toHead = false;
  #upgrade = false;
  #pending = '';
  #remaining = 0;
  #digits = 0;
  #extensionBytes = 0;
  #informations = 0;
  /** More bytes came than the answer has: nothing on this connection can be trusted any more. */
  excess = false;

  constructor(sink: ParserSink, maxHeadBytes: number) {
    this.#sink = sink;
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** A request was sent, its answer is expected. `toHead`: the request's method was HEAD. `upgrade`: 101 is a possible answer. */
  expect(toHead: boolean, upgrade: boolean): void {
    this.#state = HEAD;
    this.#toHead = toHead;
    this.#upgrade = upgrade;
    this.#pending = '';
    this.#informations = 0;
  }

  /** Nothing of the present answer came yet. */
  get untouched(): boolean {
    return this.#state === HEAD && this.#pending === '' && this.#informations === 0;
  }

  /** The reader lost interest: what still comes means nothing. */
  stop(): void {
    this.#state = FAILED;
    this.#pending = '';
  }

  /** `buffer[0 … length)` came. */
  execute(buffer: Buffer, length: number): void {
    let at = this.#state === HEAD ? this.#readHead(buffer, length) : 0;
    while (at < length) {
      switch (this.#state) {
        case FIXED:
        case CHUNK_DATA:
          at = this.#readData(buffer, at, length);
          break;
        case UNTIL_CLOSE:
          this.#sink.onBody(buffer, at, length);
          return;
        case TRAILERS:
          at = this.#readTrailers(buffer, at, length);
          break;
        case FAILED:
        case SWITCHED:
          return;
        case IDLE:
          this.excess = true;
          this.#fail('bytes beyond the end of the answer');
          return;
        default:
          at = this.#readChunkFrame(buffer, at, length);
      }
    }
  }

  /** The upstream ended its side. True: that ended the answer as it should (body delimited by closing, or no answer expected). */
  eof(): boolean {
    if (this.#state !== UNTIL_CLOSE) return this.#state === IDLE;
    this.#state = IDLE;
    this.#sink.onEnd('');
    return true;
  }

  /** Reads heads until one is final. Returns where the body begins, or `length` when more is needed. */
  #readHead(buffer: Buffer, length: number): number {
    let at = 0;
    while (at < length) {
      const before = this.#pending.length;
      const text = this.#pending + buffer.toString('latin1', at, Math.min(length, at + WHOLE_LIMIT));
      const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      if (end === -1) {
        const taken = text.length - before;
        if (text.length > this.#maxHeadBytes || at + taken < length) {
          if (text.length <= this.#maxHeadBytes) {
            this.#pending = text;
            at += taken;
            continue;
          }
          this.#fail('head too large');
          return length;
        }
        if (hasBareLineEnd(text, Math.max(0, before - 1))) {
          this.#fail('malformed head');
          return length;
        }
        this.#pending = text;
        return length;
      }
      if (end + 4 > this.#maxHeadBytes) {
        this.#fail('head too large');
        return length;
      }
      const head = parseResponseHead(text, 0, end);
      if (head === undefined) {
        this.#fail('malformed head');
        return length;
      }
      this.#pending = '';
      const bodyStart = at + end + 4 - before;
      if (head.status >= 200) return this.#begin(head, bodyStart, length, text, end + 4);
      if (head.status === 101) return this.#switch(head, buffer, bodyStart, length);
      this.#informations += 1;
      if (this.#informations > MAX_INFORMATION) {
        this.#fail('too many interim answers');
        return length;
      }
      this.#sink.onInformation(head);
      at = bodyStart;
    }
    return length;
  }

  /** `text` holds the head and what follows it in this piece (from `textBody`), unless the piece is larger than WHOLE_LIMIT. */
  #begin(head: ResponseHead, bodyStart: number, length: number, text: string, textBody: number): number {
    const framing = bodyFraming(head, this.#toHead);
    if (framing === 'none') {
      this.#finishAt(bodyStart, length);
      this.#sink.onWhole(head, framing, '');
      return length;
    }
    if (framing === 'fixed') {
      const { contentLength } = head;
      if (length - bodyStart >= contentLength && text.length - textBody >= contentLength) {
        this.#finishAt(bodyStart + contentLength, length);
        this.#sink.onWhole(head, framing, text.slice(textBody, textBody + contentLength));
        return length;
      }
      this.#state = FIXED;
      this.#remaining = contentLength;
    } else if (framing === 'chunked') {
      this.#state = CHUNK_SIZE;
      this.#remaining = 0;
      this.#digits = 0;
    } else {
      this.#state = UNTIL_CLOSE;
    }
    this.#sink.onHead(head, framing);
    return bodyStart;
  }

  #switch(head: ResponseHead, buffer: Buffer, bodyStart: number, length: number): number {
    if (!this.#upgrade) {
      this.#fail('101 to a request without Upgrade');
      return length;
    }
    this.#state = SWITCHED;
    this.#sink.onSwitch(head, Buffer.from(buffer.subarray(bodyStart, length)));
    return length;
  }

  /** The answer ends at `end`. Told before the sink is, so that it knows whether the connection may be used again. */
  #finishAt(end: number, length: number): void {
    this.#state = IDLE;
    if (end < length) this.excess = true;
  }

  #readData(buffer: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#remaining);
    this.#remaining -= end - at;
    if (this.#remaining > 0) {
      this.#sink.onBody(buffer, at, end);
      return end;
    }
    if (this.#state === CHUNK_DATA) {
      this.#state = CHUNK_DATA_CR;
      this.#sink.onBody(buffer, at, end);
      return end;
    }
    this.#sink.onBody(buffer, at, end);
    // The sink may have given the connection up meanwhile.
    if (this.#state !== FIXED) return length;
    this.#finishAt(end, length);
    this.#sink.onEnd('');
    return length;
  }

  /** Everything of the chunked coding but data and trailers, octet by octet. */
  #readChunkFrame(buffer: Buffer, from: number, length: number): number {
    let at = from;
    while (at < length) {
      const byte = buffer[at] as number;
      at += 1;
      switch (this.#state) {
        case CHUNK_SIZE: {
          const digit = hexDigit(byte);
          if (digit !== -1) {
            this.#digits += 1;
            if (this.#digits > MAX_SIZE_DIGITS) return this.#fail('chunk size overflow', length);
            this.#remaining = this.#remaining * 16 + digit;
          } else if (this.#digits === 0) return this.#fail('chunk size without digits', length);
          else if (byte === 0x0d) this.#state = CHUNK_SIZE_LF;
          else if (byte === 0x3b || byte === 0x20 || byte === 0x09) {
            this.#state = CHUNK_EXTENSION;
            this.#extensionBytes = 1;
          } else return this.#fail('malformed chunk size', length);
          break;
        }
        case CHUNK_EXTENSION:
          this.#extensionBytes += 1;
          if (byte === 0x0d) this.#state = CHUNK_SIZE_LF;
          else if (VALUE_CHARACTERS[byte] !== 1) return this.#fail('malformed chunk extension', length);
          else if (this.#extensionBytes > MAX_EXTENSION_BYTES) {
            return this.#fail('chunk extension too long', length);
          }
          break;
        case CHUNK_SIZE_LF:
          if (byte !== 0x0a) return this.#fail('bare CR after a chunk size', length);
          this.#digits = 0;
          if (this.#remaining > 0) {
            this.#state = CHUNK_DATA;
            return at;
          }
          this.#state = TRAILERS;
          this.#pending = '';
          return at;
        case CHUNK_DATA_CR:
          if (byte !== 0x0d) return this.#fail('chunk longer than its size', length);
          this.#state = CHUNK_DATA_LF;
          break;
        case CHUNK_DATA_LF:
          if (byte !== 0x0a) return this.#fail('bare CR after a chunk', length);
          this.#state = CHUNK_SIZE;
          break;
        default:
          return length;
      }
    }
    return at;
  }

  #readTrailers(buffer: Buffer, at: number, length: number): number {
    // The end is CRLF CRLF, where the first CRLF is that of the last chunk's size line when there is no trailer.
    const before = this.#pending.length;
    const text = this.#pending + buffer.toString('latin1', at, Math.min(length, at + this.#maxHeadBytes + 4));
    let end = -1;
    if (text.startsWith('\r\n')) end = 0;
    else if (text.length > 1 || text !== '\r') {
      const found = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
      if (found !== -1) end = found + 2;
    }
    if (end === -1) {
      if (text.length > this.#maxHeadBytes) return this.#fail('trailers too large', length);
      if (hasBareLineEnd(text, Math.max(0, before - 1))) return this.#fail('malformed trailers', length);
      this.#pending = text;
      return length;
    }
    if (end > this.#maxHeadBytes) return this.#fail('trailers too large', length);
    const lines = text.slice(0, end);
    const trailers = lines === '' ? '' : cleanTrailers(lines);
    if (trailers === undefined) return this.#fail('malformed trailers', length);
    this.#pending = '';
    this.#finishAt(at + end + 2 - before, length);
    this.#sink.onEnd(trailers);
    return length;
  }

  #fail(detail: string, at = 0): number {
    this.#state = FAILED;
    this.#pending = '';
    this.#sink.onMalformed(detail);
    return at;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** A CR without LF after it or an LF without CR before it, other than a CR at the very end whose LF may still come. */
function hasBareLineEnd(text: string, from: number): boolean {
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (at === 0 || text.charCodeAt(at - 1) !== 0x0d) return true;
  }
  for (let at = text.indexOf('\r', from); at !== -1; at = text.indexOf('\r', at + 1)) {
    if (at + 1 < text.length && text.charCodeAt(at + 1) !== 0x0a) return true;
  }
  return false;
}
