import type { RequestHead } from './request-head.ts';

/** Which headers tell the upstream about the client. */
export interface ForwardingHeaders {
  /** `X-Forwarded-For`, `-Proto` and `-Host`. */
  xForwarded: boolean;
  /** `Forwarded` (RFC 7239). */
  forwarded: boolean;
  /**
   * Name in `Via` of requests (RFC 9110 section 7.6.3 asks gateways for it); undefined: none. Some servers, nginx by default among them,
   * no longer compress for a request with `Via`: switch it off in front of such a one.
   */
  via: string | undefined;
  /** `Via` in answers too. */
  viaInAnswers: boolean;
}

export const DEFAULT_FORWARDING_HEADERS: ForwardingHeaders = {
  xForwarded: true,
  forwarded: true,
  via: 'strangler',
  viaInAnswers: false,
};

/** What is known of the connection that a request came on. */
export interface Peer {
  /** Undefined on a Unix socket. */
  address: string | undefined;
  encrypted: boolean;
  /** Its forwarding headers are believed. */
  trusted: boolean;
}

/** A chain that passes this edge more often than that goes in circles. */
export const MAX_VIA_HOPS = 8;

/**
 * The lines to add. From a peer that is not trusted everything it said about other hops is dropped: an upstream that believes
 * `X-Forwarded-For` would otherwise believe the client.
 */
export function forwardingLines(head: RequestHead, peer: Peer, options: ForwardingHeaders): string {
  const address = peer.address === undefined ? 'unknown' : plainAddress(peer.address);
  const scheme = peer.encrypted ? 'https' : 'http';
  let lines = '';
  if (options.xForwarded) {
    if (peer.trusted) {
      const before = head.forwardedFor;
      lines += `X-Forwarded-For: ${before === undefined || before === '' ? address : `${before}, ${address}`}\r\n`;
      lines += `X-Forwarded-Proto: ${head.forwardedProto ?? scheme}\r\n`;
      const host = head.forwardedHost ?? head.host;
      if (host !== undefined) lines += `X-Forwarded-Host: ${host}\r\n`;
      lines += head.otherForwarded;
    } else {
      lines += `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: ${scheme}\r\n`;
      if (head.host !== undefined) lines += `X-Forwarded-Host: ${head.host}\r\n`;
    }
  }
  if (!options.xForwarded && peer.trusted) lines += passedOn(head);
  if (options.forwarded) {
    const hop = forwardedHop(address, head.host, scheme);
    const before = peer.trusted ? head.forwarded : undefined;
    lines += `Forwarded: ${before === undefined || before === '' ? hop : `${before}, ${hop}`}\r\n`;
  } else if (peer.trusted && head.forwarded !== undefined) lines += `Forwarded: ${head.forwarded}\r\n`;
  if (options.via !== undefined) lines += `Via: 1.1 ${options.via}\r\n`;
  return lines;
}

/** What a trusted proxy said, when the edge adds nothing of its own. */
function passedOn(head: RequestHead): string {
  let lines = '';
  if (head.forwardedFor !== undefined) lines += `X-Forwarded-For: ${head.forwardedFor}\r\n`;
  if (head.forwardedProto !== undefined) lines += `X-Forwarded-Proto: ${head.forwardedProto}\r\n`;
  if (head.forwardedHost !== undefined) lines += `X-Forwarded-Host: ${head.forwardedHost}\r\n`;
  return lines + head.otherForwarded;
}

/** How often this edge's name is in a `Via` already. */
export function ownHops(via: string, name: string): number {
  let hops = 0;
  for (const hop of via.split(',')) {
    const [, by] = hop.trim().split(/[ \t]+/);
    if (by === name) hops += 1;
  }
  return hops;
}

/** `::ffff:192.0.2.1`, an IPv4 client on a dual-stack listener, is written as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** One element of RFC 7239: IPv6 addresses in brackets and quotes, a host with a port in quotes. */
function forwardedHop(address: string, host: string | undefined, scheme: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  return `for=${node}${host === undefined ? '' : forwardedHost(host)};proto=${scheme}`;
}

/** Most requests name the same host as the one before. */
let lastHost: string | undefined;
let lastForwardedHost = '';

function forwardedHost(host: string): string {
  if (host === lastHost) return lastForwardedHost;
  lastHost = host;
  lastForwardedHost = `;host=${/^[\w.-]+$/.test(host) ? host : `"${host}"`}`;
  return lastForwardedHost;
}
