import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { AnswerHead } from './answer-writer.ts';
import { Http2Answer } from './http2-answer.ts';
import { http1Headers } from './http2-request.ts';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const ACCEPT = /^sec-websocket-accept:[\t ]*(\S*)[\t ]*\r\n/im;

/**
 * A WebSocket that a client opens over HTTP/2 (RFC 8441, extended CONNECT), carried as the upgrade of HTTP/1.1 that servers know. The
 * key of that handshake has no counterpart in HTTP/2, so it is made and checked here.
 */
export class Http2TunnelAnswer extends Http2Answer {
  readonly #key = randomBytes(16).toString('base64');

  /** The fields of the request as an upgrade: the client's, with the key of this side. */
  upgradeHeaders(rawHeaders: readonly string[]): string[] {
    const headers = http1Headers(rawHeaders, false);
    const kept: string[] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (headers[index] !== 'sec-websocket-key') kept.push(headers[index]!, headers[index + 1]!);
    }
    return [...kept, 'Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Key', this.#key];
  }

  /** Undefined: the upstream did not understand the handshake that it answered. */
  override switchProtocols(head: AnswerHead): Duplex | undefined {
    const proof = createHash('sha1').update(this.#key + GUID);
    if (ACCEPT.exec(head.lines)?.[1] !== proof.digest('base64')) return undefined;
    const opened = this.respond({ ...head, status: 200, lines: head.lines.replace(ACCEPT, '') }, false);
    return opened ? this.stream : undefined;
  }

  /** In HTTP/2 any 2xx says that the tunnel stands, so an upstream that answered without switching cannot be quoted. */
  protected override sayable(status: number): boolean {
    return status >= 300 && super.sayable(status);
  }
}
