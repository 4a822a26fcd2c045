import type { ConnectSettings } from './port.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import type { TimerWheel } from './timer-wheel.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Who has sent a request on a connection and waits for its answer. */
export interface ConnectionUser {
  onInformation(head: ResponseHead): void;
  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void;
  onHead(head: ResponseHead, framing: BodyFraming): void;
  /** `release`: the chunk lies in a buffer that wants to be given back; not calling it costs memory, never correctness. */
  onChunk(chunk: Buffer, release: (() => void) | undefined): void;
  onEnd(trailers: string): void;
  /** 101. From now on the bytes come to the connection's tunnel. */
  onSwitch(head: ResponseHead, rest: Buffer): void;
  /** The upstream takes more of the request's body. */
  onWritable(): void;
  /** The connection broke before the answer was complete, and is gone. */
  onBroken(failure: BrokenConnection): void;
}

export interface BrokenConnection {
  kind: 'malformed' | 'cut';
  /** For logs: never shown to a client. */
  detail: string;
  /** An idle connection that the upstream had given up: it broke before any byte of an answer. */
  stale: boolean;
  /** The system refused the very first byte of the request: the upstream cannot have seen it. */
  undelivered: boolean;
}

/** Who has a connection after 101. */
export interface TunnelEnd {
  onData(chunk: Buffer): void;
  onWritable(): void;
  /** The upstream has sent its last byte. */
  onEnd(): void;
  onClosed(): void;
}

/** Where a connection goes. */
export interface Origin {
  host: string;
  port: number;
  secure: boolean;
  settings: ConnectSettings;
}

export interface ConnectionOwner {
  readonly wheel: TimerWheel;
  readonly origin: Origin;
  readonly maxHeadBytes: number;
  onDefect(error: unknown): void;
  onConnected(connection: UpstreamConnection): void;
  onConnectFailed(connection: UpstreamConnection, error: Error, timedOut: boolean): void;
  /** The connection has answered and can be used again. */
  onReusable(connection: UpstreamConnection): void;
  onClosed(connection: UpstreamConnection): void;
}
