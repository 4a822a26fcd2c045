import type { CompiledRoute } from '../../migration-plans/routing/table.ts';
import type { Peer } from '../forward/forwarding-headers.ts';

/** What the hot path knows of a request when it is about to be forwarded. Nothing here is copied. */
export interface MirroredRequest {
  route: CompiledRoute;
  method: string;
  /** As it came: undecoded path and query. */
  url: string;
  /** Name, value, name, value … as received from the client. */
  rawHeaders: readonly string[];
  /** Bucket (0–9999) of the request's sticky key, or of a random one if it has none. */
  bucket: number;
  /** The other end of the connection: what the forwarding headers of the copy say is made from it. */
  peer: Peer;
  traceId: string | undefined;
}

/** Follows the body of a request on its way to the monolith. Methods are cheap, never throw and never wait. */
export interface RequestTap {
  /** A body follows. */
  begin(): void;
  /** True: the piece is kept by reference, so its memory must not be given back or used again. */
  chunk(data: Uint8Array): boolean;
  /** All of the body has come. */
  end(): void;
}

/** Follows the answer that the user gets. Methods are cheap, never throw and never wait. */
export interface ShadowCapture {
  /** Undefined: the request's body is not asked for, as with every read. */
  readonly request?: RequestTap | undefined;
  /** `headerLines`: as the user got them, each with its CRLF, without the empty line. */
  head(status: number, headerLines: string): void;
  /** Instead of `chunk`: all of the body at once, latin1, one character a byte. */
  whole(body: string): void;
  /** The chunk is kept by reference and must not be reused by the caller. */
  chunk(data: Uint8Array): void;
  /** The user's answer is complete: from here on the copy may be sent. */
  end(): void;
  /** The user's answer will not complete (client gone, monolith failed). Nothing is sent. */
  abort(reason: 'client-aborted' | 'monolith-failed'): void;
}

/**
 * The only thing that the hot path knows of shadowing. `begin` decides whether the request is mirrored; undefined means no,
 * which costs one comparison. Writes are mirrored only to a sandbox, with their body.
 */
export interface ShadowPort {
  begin(request: MirroredRequest): ShadowCapture | undefined;
}

/** Mirrors nothing. */
export const NO_SHADOW: ShadowPort = { begin: () => undefined };
