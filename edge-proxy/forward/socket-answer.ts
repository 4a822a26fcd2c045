import type { Duplex } from 'node:stream';
import type { AnswerHead, AnswerWriter } from './answer-writer.ts';

/**
 * A client that asked for an upgrade: Node has let go of its socket, so the answer is written on it directly. Unless it is 101, the
 * connection ends with the answer: nobody would read a second request from it.
 */
export class SocketAnswer implements AnswerWriter {
  readonly #socket: Duplex;
  #chunked = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    // Its end is seen by `close`; without a listener an error would end the process.
    socket.on('error', () => {});
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
    this.#socket.write(headText(head, ''), 'latin1');
    return this.#socket;
  }

  #end(last: string): void {
    const socket = this.#socket;
    // Half-closed until the client has seen all of it; a client that never closes is closed for it.
    socket.end(last, 'latin1', () => socket.destroy());
  }
}

function headText({ status, reason, lines }: AnswerHead, more: string): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}${more}\r\n`;
}
