import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { StranglerError } from '../migration-plans/errors.ts';

/** Which peers may say on whose behalf they call (`X-Forwarded-For`, `Forwarded`). */
export interface ProxyTrust {
  trusts(address: string): boolean;
}

const GROUPS: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * `entries`: addresses, CIDR ranges, `loopback` or `private`. Empty: nobody is trusted, and forwarding headers of clients mean
 * nothing. Throws `EDGE_TRUST_PROXY` for anything else.
 */
export function proxyTrust(entries: readonly string[]): ProxyTrust {
  const list = new BlockList();
  for (const entry of entries.flatMap((name) => GROUPS[name] ?? [name])) {
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    const max = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? max : Number(bits);
    if (version === 0 || !/^\d{1,3}$/.test(bits ?? '0') || prefix > max) {
      throw new StranglerError('EDGE_TRUST_PROXY', `"${entry}" is no address or range to trust.`, {
        remedy:
          'Give addresses such as 10.0.0.7, ranges such as 10.0.0.0/8, or the names loopback and private.',
        exitCode: 2,
      });
    }
    list.addSubnet(address, prefix, family);
  }
  const empty = entries.length === 0;
  return {
    trusts(address) {
      if (empty) return false;
      const version = isIP(address);
      return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** Bounds of what is looked at in forwarding headers, whatever a client sends. */
const MAX_HEADER = 4_096;
const MAX_HOPS = 32;

const PEER = Symbol('peer');
interface Peer {
  readonly address: string;
  readonly trusted: boolean;
}
type SocketWithPeer = Socket & { [PEER]?: Peer };

/**
 * Address of the client: of the connection, or, where that is a trusted proxy, the rightmost address in the forwarding
 * headers that is not one. Whatever stands further left was written by somebody nobody vouches for.
 */
export function clientAddressOf(request: IncomingMessage, trust: ProxyTrust): string {
  const peer = peerOf(request.socket, trust);
  if (!peer.trusted) return peer.address;
  const hops = forwardedHops(request);
  let client = peer.address;
  for (let index = hops.length - 1; index >= 0 && hops.length - index <= MAX_HOPS; index -= 1) {
    const hop = plainAddress(hops[index]!);
    if (isIP(hop) === 0) break;
    client = hop;
    if (!trust.trusts(hop)) break;
  }
  return client;
}

/** Whether the other end of the connection is a trusted proxy. */
export function isFromTrustedProxy(request: IncomingMessage, trust: ProxyTrust): boolean {
  return peerOf(request.socket, trust).trusted;
}

/** Looked up once a connection: asking the socket and the list costs more than the rest of the decision. */
function peerOf(socket: SocketWithPeer, trust: ProxyTrust): Peer {
  let peer = socket[PEER];
  if (peer === undefined) {
    const address = unmapped(socket.remoteAddress ?? '');
    peer = { address, trusted: trust.trusts(address) };
    socket[PEER] = peer;
  }
  return peer;
}

function forwardedHops(request: IncomingMessage): string[] {
  const forwardedFor = request.headers['x-forwarded-for'];
  if (typeof forwardedFor === 'string') return forwardedFor.slice(-MAX_HEADER).split(',');
  const { forwarded } = request.headers;
  if (typeof forwarded !== 'string') return [];
  // RFC 7239 section 4: elements by comma, pairs by semicolon; `for` may be quoted, with brackets and a port.
  return forwarded
    .slice(-MAX_HEADER)
    .split(',')
    .map((element) => /(?:^|;)\s*for=("[^"]*"|[^;]*)/i.exec(element)?.[1]?.replaceAll('"', '') ?? '');
}

/** Without port and brackets: `[2001:db8::1]:443`, `192.0.2.1:80`. */
function plainAddress(hop: string): string {
  const text = hop.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed) return unmapped(bracketed[1]!);
  const colon = text.indexOf(':');
  return unmapped(colon !== -1 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text);
}

/** An IPv4 client on a dual-stack listener is still that IPv4 client; the zone of a link-local address means nothing elsewhere. */
function unmapped(text: string): string {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
