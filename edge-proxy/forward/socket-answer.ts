import type { Duplex } from 'node:stream';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';

/** What a client may say before its upgrade is answered; beyond it the rest waits in its own socket. Bytes. */
const MAX_EARLY_BYTES = 65_536;

/**
 * A client that asked for an upgrade: Node has let go of its socket, so the answer is written on it directly. Unless it is 101, the
 * connection ends with the answer: nobody would read a second request from it.
 */
export class SocketAnswer implements AnswerWriter {
  readonly #socket: Duplex;
  #chunked = false;
  #early: Buffer[] = [];
  #earlyBytes = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
    // Its end is seen by `close`; without a listener an error would end the process.
    socket.on('error', () => {});
    // Node no longer reads this socket, and who does not read is not told that the other side has left.
    socket.on('data', this.#keep);
    socket.on('end', this.#left);
  }

  onClosed(callback: () => void): void {
    this.#socket.once('close', callback);
  }

  closeAfter(): void {}

  information(head: AnswerHead): void {
    this.#socket.write(headText(head, ''), 'latin1');
  }

  whole(head: AnswerHead, body: string): void {
    this.#end(headText(head, 'Connection: close\r\n') + body);
  }

  head(head: AnswerHead, sized: boolean): void {
    this.#chunked = !sized;
    const framing = sized ? '' : 'Transfer-Encoding: chunked\r\n';
    this.#socket.write(headText(head, `${framing}Connection: close\r\n`), 'latin1');
  }

  body(chunk: Buffer, written?: () => void): boolean {
    const socket = this.#socket;
    if (!this.#chunked) return socket.write(chunk, written);
    socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    socket.write(chunk, written);
    return socket.write('\r\n', 'latin1');
  }

  whenWritable(callback: () => void): void {
    this.#socket.once('drain', callback);
  }

  end(trailers: string): void {
    this.#end(this.#chunked ? `0\r\n${trailers}\r\n` : '');
  }

  cut(): void {
    this.#socket.destroy();
  }

  switchProtocols(head: AnswerHead): Duplex {
    const socket = this.#socket;
    this.#stopReading();
    if (this.#early.length > 0) socket.unshift(Buffer.concat(this.#early));
    this.#early = [];
    socket.write(headText(head, ''), 'latin1');
    return socket;
  }

  readonly #keep = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#socket.pause();
  };

  /** Nobody is there any more for whom the upgrade could be. */
  readonly #left = (): void => {
    this.#socket.destroy();
  };

  #stopReading(): void {
    this.#socket.pause();
    this.#socket.off('data', this.#keep);
    this.#socket.off('end', this.#left);
  }

  #end(last: string): void {
    const socket = this.#socket;
    // An answer that is no upgrade is for a client that may have half-closed: it is still there to read it.
    socket.off('end', this.#left);
    // Half-closed until the client has seen all of it; a client that never closes is closed for it.
    socket.end(last, 'latin1', () => socket.destroy());
  }
}

function headText({ status, reason, lines }: AnswerHead, more: string): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}${more}\r\n`;
}
