/** How the end of the body is told to the client. */
export type AnswerFraming = 'none' | 'fixed' | 'chunked' | 'until-close';

/** Writes one answer to one client. Text is latin1: one character a byte. */
export interface AnswerWriter {
  /** An interim answer (1xx). */
  information(status: number, reason: string, lines: string): void;
  /** The whole answer at once. `lines`: header lines with their CRLF, framing fields of the origin included. */
  whole(status: number, reason: string, lines: string, body: string): void;
  /** The head alone: `body` and `end` follow. `chunked`: the body's length is not known. */
  head(status: number, reason: string, lines: string, chunked: boolean): void;
  /** False: wait for the client (`drain` of the response). */
  body(chunk: Buffer): boolean;
  end(trailers: string): void;
  /** Ends the connection, so that the client cannot take what it has for a whole answer. */
  cut(): void;
  /** After this answer the connection is closed. Call before the head. */
  closeAfter(): void;
}
