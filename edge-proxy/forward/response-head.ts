import { listTokens, TOKEN_CHARACTERS, VALUE_CHARACTERS } from './header-names.ts';

/** How the end of an answer's body is found (RFC 9112 section 6.3). */
export type BodyFraming = 'none' | 'fixed' | 'chunked' | 'until-close';

/** The head of an upstream's answer after the strict reading of `parseResponseHead`. All text is latin1: one character a byte. */
export interface ResponseHead {
  status: number;
  reason: string;
  /** HTTP/1.0 or 1.1. */
  minor: 0 | 1;
  /** End-to-end header lines as they came, each with its CRLF, without the hop-by-hop ones. */
  lines: string;
  /** Declared length; -1: none. */
  contentLength: number;
  chunked: boolean;
  /** The connection may carry another request afterwards. */
  keepAlive: boolean;
  /** What the upstream says it keeps an idle connection, in milliseconds; -1: it does not say. */
  keepAliveMs: number;
  /** Value of `Upgrade`, for 101 and 426. */
  upgrade: string | undefined;
  hasLocation: boolean;
  hasSetCookie: boolean;
}

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;

/**
 * Reads a head that ends with CRLF CRLF at `end` (the index of the first of both). Undefined: malformed. Strict on purpose, because
 * whatever two readers may understand in two ways is how answers are split and queues are poisoned: no bare CR or LF, no folding, no
 * space before a colon, one Content-Length at most, never together with Transfer-Encoding, `chunked` as the only coding.
 */
export function parseResponseHead(text: string, start: number, end: number): ResponseHead | undefined {
  const statusEnd = text.indexOf('\r\n', start);
  const head = parseStatusLine(text, start, statusEnd);
  if (head === undefined) return undefined;
  const stop = end + 2;
  let at = statusEnd + 2;
  let kept = at;
  let connection: string | undefined;
  let transferEncoding: string | undefined;
  while (at < stop) {
    const lineStart = at;
    let code = text.charCodeAt(at);
    while (code < 256 && TOKEN_CHARACTERS[code] === 1) code = text.charCodeAt(++at);
    if (code !== COLON || at === lineStart) return undefined;
    const nameLength = at - lineStart;
    code = text.charCodeAt(++at);
    while (VALUE_CHARACTERS[code] === 1) code = text.charCodeAt(++at);
    if (code !== CR || text.charCodeAt(at + 1) !== LF) return undefined;
    const lineEnd = at + 2;
    at = lineEnd;
    let drop = false;
    switch (nameLength) {
      case 2:
        drop = named(text, lineStart, 'te');
        break;
      case 7:
        if (named(text, lineStart, 'upgrade')) {
          head.upgrade = fieldValue(text, lineStart + nameLength + 1, lineEnd);
          drop = true;
        }
        break;
      case 8:
        if (named(text, lineStart, 'location')) head.hasLocation = true;
        break;
      case 10:
        if (named(text, lineStart, 'set-cookie')) head.hasSetCookie = true;
        else if (named(text, lineStart, 'connection')) {
          const value = fieldValue(text, lineStart + nameLength + 1, lineEnd);
          connection = connection === undefined ? value : `${connection},${value}`;
          drop = true;
        } else if (named(text, lineStart, 'keep-alive')) {
          head.keepAliveMs = keepAliveMs(text.slice(lineStart, lineEnd));
          drop = true;
        }
        break;
      case 14:
        if (named(text, lineStart, 'content-length')) {
          if (head.contentLength !== -1) return undefined;
          head.contentLength = parseLength(fieldValue(text, lineStart + nameLength + 1, lineEnd));
          if (head.contentLength === -1) return undefined;
        }
        break;
      case 16:
        drop = named(text, lineStart, 'proxy-connection');
        break;
      case 17:
        if (named(text, lineStart, 'transfer-encoding')) {
          if (transferEncoding !== undefined) return undefined;
          transferEncoding = fieldValue(text, lineStart + nameLength + 1, lineEnd);
          drop = true;
        }
        break;
    }
    if (drop) {
      if (lineStart > kept) head.lines += text.slice(kept, lineStart);
      kept = lineEnd;
    }
  }
  if (at !== stop) return undefined;
  if (stop > kept) head.lines += text.slice(kept, stop);
  if (transferEncoding !== undefined) {
    if (head.contentLength !== -1 || head.minor === 0) return undefined;
    if (transferEncoding.toLowerCase() !== 'chunked') return undefined;
    head.chunked = true;
  }
  if (connection !== undefined && !applyConnection(head, connection)) return undefined;
  return head;
}

/** `HTTP/1.1 200 OK`; the space before an empty reason may be missing, as many servers send it. */
function parseStatusLine(text: string, start: number, end: number): ResponseHead | undefined {
  if (end - start < 12 || !text.startsWith('HTTP/1.', start)) return undefined;
  const minor = text.charCodeAt(start + 7) - 0x30;
  if ((minor !== 0 && minor !== 1) || text.charCodeAt(start + 8) !== 0x20) return undefined;
  const hundreds = text.charCodeAt(start + 9) - 0x30;
  const tens = text.charCodeAt(start + 10) - 0x30;
  const ones = text.charCodeAt(start + 11) - 0x30;
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return undefined;
  if (end > start + 12 && text.charCodeAt(start + 12) !== 0x20) return undefined;
  for (let at = start + 13; at < end; at += 1) {
    if (VALUE_CHARACTERS[text.charCodeAt(at)] !== 1) return undefined;
  }
  return {
    status: hundreds * 100 + tens * 10 + ones,
    reason: text.slice(start + 13, end),
    minor,
    lines: '',
    contentLength: -1,
    chunked: false,
    keepAlive: minor === 1,
    keepAliveMs: -1,
    upgrade: undefined,
    hasLocation: false,
    hasSetCookie: false,
  };
}

/** RFC 9112 section 6.3, for the answer to a request that was not CONNECT. */
export function bodyFraming(head: ResponseHead, toHead: boolean): BodyFraming {
  if (toHead || head.status === 204 || head.status === 304 || head.status < 200) return 'none';
  if (head.chunked) return 'chunked';
  if (head.contentLength === 0) return 'none';
  return head.contentLength > 0 ? 'fixed' : 'until-close';
}

/** Name, value, name, value … of header lines with their CRLF. */
export function toRawHeaders(lines: string): string[] {
  const raw: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at);
    const colon = lines.indexOf(':', at);
    raw.push(lines.slice(at, colon), fieldValue(lines, colon + 1, end + 2));
    at = end + 2;
  }
  return raw;
}

function named(text: string, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const wanted = name.charCodeAt(index);
    const code = text.charCodeAt(at + index);
    // Letters alone have a capital; a token has no character that folds onto a hyphen.
    if (code !== wanted && (code | 0x20) !== wanted) return false;
  }
  return true;
}

/** The value between a colon and the CRLF before `lineEnd`, without optional white space around it. */
function fieldValue(text: string, from: number, lineEnd: number): string {
  let start = from;
  let end = lineEnd - 2;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** 1*DIGIT that a double holds exactly; -1: anything else, lists and signs included. */
export function parseLength(value: string): number {
  if (value.length < 1 || value.length > 15) return -1;
  let length = 0;
  for (let index = 0; index < value.length; index += 1) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/** An upstream says the same on all its connections. */
let lastKeepAlive = '';
let lastKeepAliveMs = -1;

function keepAliveMs(line: string): number {
  if (line === lastKeepAlive) return lastKeepAliveMs;
  const match = /[:,;\s]timeout=([0-9]{1,6})/i.exec(line);
  lastKeepAlive = line;
  lastKeepAliveMs = match?.[1] === undefined ? -1 : Number(match[1]) * 1000;
  return lastKeepAliveMs;
}

/** Fields that frame or address the message cannot be declared hop-by-hop: the two readers would then disagree on its end. */
const NEVER_HOP_BY_HOP = new Set(['content-length', 'transfer-encoding', 'host']);
/** Tokens of `Connection` that name no field left in the head. */
const OPTIONS = new Set(['close', 'keep-alive', 'upgrade', 'te']);

function applyConnection(head: ResponseHead, connection: string): boolean {
  // What nearly all say, and what it means in both versions.
  if (connection === 'keep-alive') {
    head.keepAlive = true;
    return true;
  }
  const tokens = listTokens(connection);
  head.keepAlive = !tokens.includes('close') && (head.minor === 1 || tokens.includes('keep-alive'));
  if (tokens.some((token) => NEVER_HOP_BY_HOP.has(token))) return false;
  const named = tokens.filter((token) => !OPTIONS.has(token));
  if (named.length > 0) head.lines = withoutNamed(head.lines, named);
  return true;
}

/** Removes the fields that `Connection` named (RFC 9110 section 7.6.1). */
function withoutNamed(lines: string, names: readonly string[]): string {
  let kept = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at) + 2;
    const name = lines.slice(at, lines.indexOf(':', at)).toLowerCase();
    if (!names.includes(name)) kept += lines.slice(at, end);
    at = end;
  }
  return kept;
}
