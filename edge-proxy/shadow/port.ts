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

/** Follows the answer that the user gets. Methods are cheap, never throw and never wait. */
export interface ShadowCapture {
  head(status: number, rawHeaders: readonly string[]): void;
  /** The chunk is kept by reference and must not be reused by the caller. */
  chunk(data: Uint8Array): void;
  /** The user's answer is complete: from here on the copy may be sent. */
  end(): void;
  /** The user's answer will not complete (client gone, monolith failed). Nothing is sent. */
  abort(reason: 'client-aborted' | 'monolith-failed'): void;
}

/**
 * The only thing that the hot path knows of shadowing. `begin` decides whether the request is mirrored; undefined means no,
 * which costs one comparison. Requests with a body (writes) are mirrored only to a sandbox and pass `requestBody`.
 */
export interface ShadowPort {
  begin(request: MirroredRequest): ShadowCapture | undefined;
}

/** Mirrors nothing. */
export const NO_SHADOW: ShadowPort = { begin: () => undefined };
