import { listTokens } from './header-names.ts';
import { parseLength } from './response-head.ts';
import { isTraceparent } from './trace-context.ts';

/** Why the edge itself refuses a request. */
export interface Refusal {
  status: 400 | 417 | 431 | 501 | 505 | 508;
  code: string;
}

/** What is known of a request after one pass over its head. */
export interface RequestHead {
  /** End-to-end header lines as they came, each with its CRLF, without hop-by-hop and forwarding fields. */
  lines: string;
  host: string | undefined;
  /** Declared length of the body; 0: none; -1: chunked. */
  contentLength: number;
  expectContinue: boolean;
  acceptsTrailers: boolean;
  /** Value of `Upgrade`, if `Connection` lists it. */
  upgrade: string | undefined;
  /** Valid and single, or undefined. */
  traceparent: string | undefined;
  /** Forwarding fields as the peer sent them; lists joined as RFC 9110 section 5.3 allows. */
  forwardedFor: string | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
  forwarded: string | undefined;
  via: string | undefined;
  /** The other `X-Forwarded-*` fields as lines, odd spellings included: kept only from a trusted peer. */
  otherForwarded: string;
  /** The request line's target, in origin form (or `*`). */
  target: string;
}

/** `Host` of RFC 9110 section 7.2 without user information: a name, an address or a bracketed IPv6 address, and a port. */
const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
/** No control characters, no space, no fragment: a target that two readers cannot cut differently. */
const TARGET = /^[\x21\x22\x24-\x7e\x80-\xff]+$/;
/** More fields than any client sends, fewer than make looking at them expensive. */
export const MAX_HEADER_FIELDS = 256;

/** Fields that frame or address the request cannot be declared hop-by-hop. */
const NEVER_HOP_BY_HOP = new Set(['content-length', 'transfer-encoding', 'host']);
const CONNECTION_OPTIONS = new Set(['close', 'keep-alive', 'upgrade', 'te', 'http2-settings']);

/**
 * Reads what Node's parser let through, refuses what is still ambiguous, and builds the lines to send on, in one pass. Pure.
 * `rawHeaders`: name, value, name, value … Refusals follow RFC 9112 sections 3.2, 6.1 and 6.3 where it leaves the choice, the safe side.
 */
export function readRequestHead(
  target: string,
  minor: number,
  rawHeaders: readonly string[],
): RequestHead | Refusal {
  const count = rawHeaders.length;
  if (count > 2 * MAX_HEADER_FIELDS) return { status: 431, code: 'too-many-headers' };
  const head: RequestHead = {
    lines: '',
    host: undefined,
    contentLength: 0,
    expectContinue: false,
    acceptsTrailers: false,
    upgrade: undefined,
    traceparent: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    forwarded: undefined,
    via: undefined,
    otherForwarded: '',
    target,
  };
  if (!TARGET.test(target)) return { status: 400, code: 'bad-target' };
  let lines = '';
  let connection: string | undefined;
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let traceparents = 0;
  for (let index = 0; index < count; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    // Most fields end here: no other field of interest has both this length and this first letter.
    switch ((name.length << 8) | (name.charCodeAt(0) | 0x20)) {
      case TE:
        if (!is(name, 'te')) break;
        if (listTokens(value).some((token) => token === 'trailers')) head.acceptsTrailers = true;
        continue;
      case VIA:
        if (!is(name, 'via')) break;
        head.via = joined(head.via, value);
        break;
      case HOST_NAME:
        if (!is(name, 'host')) break;
        if (head.host !== undefined) return { status: 400, code: 'duplicate-host' };
        if (!isHost(value)) return { status: 400, code: 'bad-host' };
        head.host = value;
        break;
      case EXPECT:
        if (!is(name, 'expect')) break;
        if (value.toLowerCase() !== '100-continue') return { status: 417, code: 'unknown-expectation' };
        head.expectContinue = true;
        break;
      case UPGRADE:
        if (!is(name, 'upgrade')) break;
        head.upgrade = joined(head.upgrade, value);
        continue;
      case FORWARDED:
        if (!is(name, 'forwarded')) break;
        head.forwarded = joined(head.forwarded, value);
        continue;
      case CONNECTION:
        if (!is(name, 'connection')) break;
        connection = joined(connection, value);
        continue;
      case KEEP_ALIVE:
        if (!is(name, 'keep-alive')) break;
        continue;
      case TRACEPARENT:
        if (!is(name, 'traceparent')) break;
        traceparents += 1;
        head.traceparent = value;
        continue;
      case CONTENT_LENGTH:
        if (!is(name, 'content-length')) break;
        if (contentLength !== undefined) return { status: 400, code: 'duplicate-content-length' };
        contentLength = value;
        break;
      case HTTP2_SETTINGS:
        if (!is(name, 'http2-settings')) break;
        continue;
      case PROXY_CONNECTION:
        if (!is(name, 'proxy-connection')) break;
        continue;
      case TRANSFER_ENCODING:
        if (!is(name, 'transfer-encoding')) break;
        if (transferEncoding !== undefined) return { status: 400, code: 'duplicate-transfer-encoding' };
        transferEncoding = value;
        continue;
      default:
        if (name.length > 12 && (name.charCodeAt(0) | 0x20) === 0x78 && isForwarding(name)) {
          noteForwarding(head, name, value);
          continue;
        }
    }
    lines += `${name}: ${value}\r\n`;
  }
  head.lines = lines;
  if (head.host === undefined && minor === 1) return { status: 400, code: 'missing-host' };
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return { status: 400, code: 'length-and-transfer-encoding' };
    if (minor === 0) return { status: 400, code: 'transfer-encoding-in-1.0' };
    // RFC 9112 section 6.1: a coding that is not understood is answered 501, never guessed.
    if (transferEncoding.toLowerCase() !== 'chunked')
      return { status: 501, code: 'unknown-transfer-encoding' };
    head.contentLength = -1;
  } else if (contentLength !== undefined) {
    head.contentLength = parseLength(contentLength);
    if (head.contentLength === -1) return { status: 400, code: 'bad-content-length' };
  }
  if (traceparents > 0) keepTraceparent(head, traceparents);
  if (target.charCodeAt(0) !== 0x2f && target !== '*') {
    const refusal = absoluteForm(head, target);
    if (refusal !== undefined) return refusal;
  }
  return connection === undefined ? withoutUpgrade(head) : applyConnection(head, connection);
}

const key = (name: string): number => (name.length << 8) | name.charCodeAt(0);
const TE = key('te');
const VIA = key('via');
const HOST_NAME = key('host');
const EXPECT = key('expect');
const UPGRADE = key('upgrade');
const FORWARDED = key('forwarded');
const CONNECTION = key('connection');
const KEEP_ALIVE = key('keep-alive');
const TRACEPARENT = key('traceparent');
const CONTENT_LENGTH = key('content-length');
const HTTP2_SETTINGS = key('http2-settings');
const PROXY_CONNECTION = key('proxy-connection');
const TRANSFER_ENCODING = key('transfer-encoding');

/** Most requests name the same host as the one before. */
let lastHost = '';

function isHost(value: string): boolean {
  if (value === lastHost) return true;
  if (!HOST.test(value)) return false;
  lastHost = value;
  return true;
}

function is(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** Also with underscores: servers that turn names into variables (CGI, WSGI, PHP) cannot tell the two apart. */
function isForwarding(name: string): boolean {
  return /^x[-_]forwarded[-_]/i.test(name);
}

function noteForwarding(head: RequestHead, name: string, value: string): void {
  switch (name.toLowerCase()) {
    case 'x-forwarded-for':
      head.forwardedFor = joined(head.forwardedFor, value);
      break;
    case 'x-forwarded-proto':
      head.forwardedProto = joined(head.forwardedProto, value);
      break;
    case 'x-forwarded-host':
      head.forwardedHost = joined(head.forwardedHost, value);
      break;
    default:
      head.otherForwarded += `${name}: ${value}\r\n`;
  }
}

/** A trace that is broken is begun anew, and what belonged to the old one is not sent with the new one (W3C Trace Context 3.2). */
function keepTraceparent(head: RequestHead, count: number): void {
  if (count === 1 && head.traceparent !== undefined && isTraceparent(head.traceparent)) return;
  head.traceparent = undefined;
  head.lines = withoutNamed(head.lines, ['tracestate']);
}

/**
 * `GET http://host/path`: sent on in origin form. RFC 9112 section 3.2.2 lets the target win over `Host`; a reader that does not know
 * that sees another host, so both must agree.
 */
function absoluteForm(head: RequestHead, target: string): Refusal | undefined {
  const match = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  if (match?.[1] === undefined || head.host === undefined) return { status: 400, code: 'bad-target' };
  if (match[1].toLowerCase() !== head.host.toLowerCase()) return { status: 400, code: 'host-mismatch' };
  const rest = match[2] ?? '';
  head.target = rest.startsWith('/') ? rest : `/${rest}`;
  return undefined;
}

function withoutUpgrade(head: RequestHead): RequestHead {
  head.upgrade = undefined;
  return head;
}

function applyConnection(head: RequestHead, connection: string): RequestHead | Refusal {
  if (connection === 'keep-alive' || connection === 'close') return withoutUpgrade(head);
  const tokens = listTokens(connection);
  if (tokens.some((token) => NEVER_HOP_BY_HOP.has(token))) return { status: 400, code: 'bad-connection' };
  if (!tokens.includes('upgrade')) head.upgrade = undefined;
  const named = tokens.filter((token) => !CONNECTION_OPTIONS.has(token));
  if (named.length === 0) return head;
  head.lines = withoutNamed(head.lines, named);
  if (named.includes('expect')) head.expectContinue = false;
  if (named.includes('traceparent')) head.traceparent = undefined;
  if (named.includes('via')) head.via = undefined;
  return head;
}

/** Removes the fields that `Connection` named (RFC 9110 section 7.6.1). */
function withoutNamed(lines: string, names: readonly string[]): string {
  let kept = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at) + 2;
    if (!names.includes(lines.slice(at, lines.indexOf(':', at)).toLowerCase())) kept += lines.slice(at, end);
    at = end;
  }
  return kept;
}
