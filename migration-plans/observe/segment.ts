import { canonicalSegment } from '../routing/path.ts';

/**
 * What a path segment is by its looks alone. What looks like a value is never kept as text: only its kind is. Words stay words until
 * there are too many of them beside each other (`any`, see `path-tree.ts`).
 */
export const SEGMENT_KINDS = [
  'number',
  'uuid',
  'hash',
  'date',
  'email',
  'handle',
  'id',
  'token',
  'file',
  'encoded',
  'text',
  /** Words of which there are too many to be names of routes. */
  'any',
  /** Words that name languages; recognised only when read, by what stands below them. */
  'locale',
] as const;
export type SegmentKind = (typeof SEGMENT_KINDS)[number];

/** A word as it stands in the path, in canonical form, or `{kind}`. No word has braces. */
export type Token = string;

/** A word longer than this is a title somebody wrote. */
const MAX_WORD = 40;
/** What is longer is not looked at. */
const MAX_SEGMENT = 512;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d{2}(?:-\d{2})?(?:T[\d:.+Z-]{2,24})?$/i;
const EMAIL = /^[^@\s/]{1,64}@[^@\s/]{1,190}\.[a-z]{2,24}$/i;
const JWT = /^eyJ[\w-]{6,}/;
const VERSION = /^v?\d{1,3}(?:\.\d{1,3}){0,2}$/i;
const EXTENSION = /^(.{1,120})\.([a-z][a-z0-9]{0,9})$/i;
/** The same resource in another form: `/products/12.json` is a `/products/:id`. */
const FORMATS = new Set([
  'json',
  'xml',
  'html',
  'htm',
  'csv',
  'rss',
  'atom',
  'yaml',
  'yml',
  'txt',
  'pdf',
  'md',
  'ics',
  'xlsx',
]);
/** A part of a file's name that a build made from its content. */
const BUILD_HASH = /(?:^|[.\-_~])(?=[A-Za-z]*\d|[a-z]*[A-Z]{1,8}[a-z]+[A-Z])[A-Za-z0-9_]{8,64}(?=[.\-_~]|$)/;
/** What a plan's template may hold as text. */
const WORD = /^[A-Za-z0-9._~!$&'()+,=:@-]*$/;
/** Links that log in, confirm or reset carry the secret right behind one of these. */
const BEFORE_SECRET =
  /^(?:reset|reset-password|password-reset|password|verify|verification|verify-email|confirm|confirmation|activate|activation|invite|invites|invitation|unsubscribe|magic|magic-link|token|tokens|session|sessions|login|share|s)$/i;

const PARAMETERS = new Map<SegmentKind, Token>(SEGMENT_KINDS.map((kind) => [kind, `{${kind}}`]));
const KINDS = new Map<Token, SegmentKind>(SEGMENT_KINDS.map((kind) => [`{${kind}}`, kind]));

export function tokenOf(kind: SegmentKind): Token {
  return PARAMETERS.get(kind)!;
}

/** Undefined: a word. */
export function kindOf(token: Token): SegmentKind | undefined {
  return token.charCodeAt(0) === 0x7b ? KINDS.get(token) : undefined;
}

/** Reads one raw segment. `before` is the one in front of it, as far as it is a word. */
export function readSegment(raw: string, before: string | undefined): Token {
  const matrix = raw.indexOf(';');
  const segment = matrix === -1 ? raw : raw.slice(0, matrix);
  if (isPlainWord(segment)) {
    return segment.length >= 16 &&
      before !== undefined &&
      BEFORE_SECRET.test(before) &&
      !segment.includes('-')
      ? '{token}'
      : segment;
  }
  const kind = isNumber(segment) ? 'number' : valueKind(segment);
  if (
    before !== undefined &&
    segment.length >= 8 &&
    kind !== 'number' &&
    kind !== 'email' &&
    /\d/.test(segment)
  )
    if (BEFORE_SECRET.test(before)) return '{token}';
  if (kind !== undefined) return tokenOf(kind);
  return WORD.test(segment) ? segment : (canonicalSegment(segment) ?? '{encoded}');
}

/** Most values. */
function isNumber(segment: string): boolean {
  if (segment.length > MAX_SEGMENT) return false;
  for (let at = 0; at < segment.length; at++) {
    const code = segment.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return segment !== '';
}

/** Most segments: lower-case letters and hyphens, not too many of them. */
function isPlainWord(segment: string): boolean {
  if (segment.length > MAX_WORD) return false;
  for (let at = 0; at < segment.length; at++) {
    const code = segment.charCodeAt(at);
    if ((code < 0x61 || code > 0x7a) && code !== 0x2d) return false;
  }
  return segment.charCodeAt(0) !== 0x2d;
}

function valueKind(segment: string): SegmentKind | undefined {
  if (segment.length > MAX_SEGMENT) return 'text';
  const text = decoded(segment);
  if (text === undefined) return 'encoded';
  if (isNumber(text)) return 'number';
  if (UUID.test(text)) return 'uuid';
  if (DATE.test(text)) return 'date';
  if (text.includes('@')) {
    if (EMAIL.test(text)) return 'email';
    return text.startsWith('@') ? 'handle' : 'text';
  }
  if (VERSION.test(text)) return undefined;
  if (JWT.test(text)) return 'token';
  const file = EXTENSION.exec(text);
  if (file !== null) return fileKind(file[1]!, file[2]!.toLowerCase());
  return runKind(text);
}

/** Undefined: what servers read differently, or what is no text. */
function decoded(segment: string): string | undefined {
  if (WORD.test(segment)) return segment;
  const canonical = canonicalSegment(segment);
  if (canonical === undefined) return undefined;
  try {
    const text = decodeURIComponent(canonical);
    // Letters of any language make words and addresses; anything else was encoded because it is a value.
    return /^[\p{L}\p{M}\p{N}._~@+-]+$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function fileKind(base: string, extension: string): SegmentKind | undefined {
  const kind = /^\d+$/.test(base)
    ? 'number'
    : UUID.test(base)
      ? 'uuid'
      : DATE.test(base)
        ? 'date'
        : runKind(base);
  if (kind !== undefined) return FORMATS.has(extension) ? kind : 'file';
  if (BUILD_HASH.test(base)) return 'file';
  return base.length > MAX_WORD ? 'file' : undefined;
}

/** By the mixture of its characters. */
function runKind(text: string): SegmentKind | undefined {
  let digits = 0;
  let upper = 0;
  let lower = 0;
  let separators = 0;
  let changes = 0;
  let last = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    let now = 4;
    if (code >= 0x30 && code <= 0x39) {
      digits++;
      now = 1;
    } else if (code >= 0x41 && code <= 0x5a) {
      upper++;
      now = 2;
    } else if (code >= 0x61 && code <= 0x7a) {
      lower++;
      now = 3;
    } else separators++;
    if (at > 0 && now !== last) changes++;
    last = now;
  }
  const { length } = text;
  if (
    separators === 0 &&
    /^[0-9a-f]+$/i.test(text) &&
    digits > 0 &&
    length >= 7 &&
    (length >= 8 || digits >= 2)
  )
    return 'hash';
  // `cus_Nf2xB4` as payment providers name things.
  if (/^[a-z]{1,8}_[0-9A-Za-z]{6,}$/.test(text) && (digits > 0 || (length >= 14 && upper > 2 && lower > 2)))
    return 'id';
  if (length >= 20 && digits > 1 && upper > 0 && lower > 0) return 'token';
  if (length >= 20 && separators === 0 && digits > 1) return 'token';
  if (length >= 16 && upper > 0 && lower > 0 && changes > length / 3) return 'token';
  // Numbers of orders, articles and customers, also behind a word: `ord-10023`, `blue-shirt-4711`, `INV-2024-0001`.
  if (digits >= 4) return 'id';
  if (upper > 0 && lower === 0 && digits >= 2) return 'id';
  if (upper > 0 && lower > 0 && digits > 0 && length >= 6 && changes > length / 3) return 'id';
  if (/[,=:*!$&'()]/.test(text) && (/[,=*]/.test(text) || text.startsWith(':'))) return 'text';
  return length > MAX_WORD ? 'text' : undefined;
}

/** A value with nothing left of it but its form: `mechanical-keyboard` is `aaaaaaaaaa-aaaaaaaa`, `A-12` is `A-99`. */
export function redactedSample(value: string): string {
  const form = value
    .slice(0, 24)
    .replace(/\p{Lu}/gu, 'A')
    .replace(/[^\P{L}A]/gu, 'a')
    .replace(/\p{N}/gu, '9')
    .replace(/[^Aa9._@%-]/g, '?');
  return value.length > 24 ? `${form}…` : form;
}
