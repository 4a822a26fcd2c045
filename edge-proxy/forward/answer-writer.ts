import type { Duplex } from 'node:stream';

/** The head of an answer as it goes to the client. Text is latin1: one character a byte. */
export interface AnswerHead {
  status: number;
  reason: string;
  /** Header lines with their CRLF, the origin's `Content-Length` included. */
  lines: string;
}

/** Writes one answer to one client. Nothing throws: a client that is gone is told by `closed`. */
export interface AnswerWriter {
  /** The client's connection closed, or the answer is out. Called at most once. */
  onClosed(callback: () => void): void;
  /** After this answer the connection is closed. Call before the head. */
  closeAfter(): void;
  /** An interim answer (1xx). */
  information(head: AnswerHead): void;
  /** The whole answer at once. */
  whole(head: AnswerHead, body: string): void;
  /** The head alone: `body` and `end` follow. `sized`: the lines declare the body's length, or there is none. */
  head(head: AnswerHead, sized: boolean): void;
  /** False: wait for `whenWritable`. `written`: the client has it, or never will. */
  body(chunk: Buffer, written?: () => void): boolean;
  whenWritable(callback: () => void): void;
  /** `trailers`: lines with their CRLF. */
  end(trailers: string): void;
  /** Ends the connection (or the stream), so that the client cannot take what it has for a whole answer. */
  cut(): void;
  /** 101: writes the head and gives the connection away. Undefined: this client cannot be upgraded. */
  switchProtocols(head: AnswerHead): Duplex | undefined;
}
