/**
 * What a text looks like, as a word of a small vocabulary. Formats are what a field that differs between two answers of the
 * monolith itself is still checked by, so chance must not move a random value from one format to another: see `joinFormats`.
 */
export type Format = string;

/** What a program writes when it has no value: `undefined` where an id should be. */
const NONSENSE = /^(?:undefined|null|nan|none|nil|\[object [a-z]+\]|-?infinity|invalid date|%s|\{\{.*\}\})$/i;
const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-]\d\d:?(?:\d\d)?))?$/;
const ISO_DATE = /^\d{4}-\d\d-\d\d$/;
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*, \d\d[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -]\d{2,4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EMAIL = /^[^\s@<>]{1,64}@[^\s@<>]{1,190}\.[a-z]{2,24}$/i;
const URL = /^[a-z][a-z0-9+.-]{1,20}:\/\/\S+$/i;
const JWT = /^[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/;
const DECIMAL = /^[+-]?\d{1,30}\.(\d{1,30})$/;
const MONEY = /^(?:[$€£¥] ?-?[\d.,']+|-?[\d.,']+ ?(?:[$€£¥]|[A-Z]{3}))$/;
/** Texts longer than this are `text` without looking further. */
const MAX_LOOK = 4096;

export function formatOf(text: string): Format {
  const { length } = text;
  if (length === 0) return 'empty';
  if (length > MAX_LOOK) return 'text';
  if (length <= 40 && NONSENSE.test(text)) return 'nonsense';
  const first = text.charCodeAt(0);
  const digitFirst = first >= 0x30 && first <= 0x39;
  if (digitFirst || first === 0x2d || first === 0x2b) {
    if (length <= 30 && /^[+-]?\d+$/.test(text)) return 'digits';
    const decimal = length <= 62 ? DECIMAL.exec(text) : null;
    if (decimal !== null) return decimal[1]!.length <= 3 ? `decimal.${decimal[1]!.length}` : 'decimal';
    if (digitFirst && length <= 40) {
      if (ISO_DATE.test(text)) return 'iso-date';
      const iso = ISO_TIME.exec(text);
      if (iso !== null) return isoFormat(iso);
    }
  }
  if (length === 36 && UUID.test(text)) return 'uuid';
  if (length <= 40 && HTTP_DATE.test(text)) return 'http-date';
  if (text === 'true' || text === 'false') return 'boolean-word';
  if (length <= 32 && MONEY.test(text)) return 'money';
  if (/\s/.test(text)) return 'text';
  if (first === 0x2f) return 'path';
  if (URL.test(text)) return 'url';
  if (EMAIL.test(text)) return 'email';
  if (length >= 40 && text.startsWith('eyJ') && JWT.test(text)) return 'jwt';
  if (length >= 8 && /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text)) return `hex${length <= 128 ? length : ''}`;
  if (length >= 20 && /^[\w+/=.~:-]+$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text)) return 'token';
  return /^[\p{L}]+$/u.test(text) ? 'word' : 'text';
}

function isoFormat(match: RegExpExecArray): Format {
  const fraction = match[7] === undefined ? '' : `.${match[7].length}`;
  const zone = match[8] !== undefined ? 'Z' : match[9] !== undefined ? '±' : '';
  return `iso-time${fraction}${zone === '' ? '' : ` ${zone}`}`;
}

/**
 * The format that both texts share; undefined: they differ in format. A random token may by chance consist of digits only, so
 * classes of characters widen (digits of equal length < hex < token; word < text). Formats with a meaning never do.
 */
export function joinFormats(left: string, right: string): { left: Format; right: Format; shared: boolean } {
  const a = formatOf(left);
  const b = formatOf(right);
  if (a === b)
    return a === 'word' ? { left: 'text', right: 'text', shared: true } : { left: a, right: b, shared: true };
  if (left.length === right.length && left.length >= 8 && isHexLike(a) && isHexLike(b)) {
    const hex = a === 'digits' ? b : a;
    return { left: hex, right: hex, shared: true };
  }
  if (opaque(a) && opaque(b) && left.length >= 20 && right.length >= 20 && (a === 'token' || b === 'token')) {
    return { left: 'token', right: 'token', shared: true };
  }
  if (loose(a, left) && loose(b, right)) return { left: 'text', right: 'text', shared: true };
  return { left: a, right: b, shared: false };
}

function isHexLike(format: Format): boolean {
  return format === 'digits' || format.startsWith('hex');
}

function opaque(format: Format): boolean {
  return format === 'token' || format === 'word' || format === 'digits' || format.startsWith('hex');
}

/** Words, names and short codes: one free text may be any of these. */
function loose(format: Format, text: string): boolean {
  return format === 'text' || format === 'word' || (format.startsWith('hex') && text.length < 16);
}

/** True for values that are opaque by nature, such as session ids: another server must issue another one. */
export function isOpaque(format: Format): boolean {
  return format === 'token' || format === 'jwt' || format === 'uuid' || /^hex\d\d/.test(format);
}

/**
 * A text with its changing parts replaced by classes: `Generated at 12:01 by node-3` → `Generated at #:# by node-#`. Two texts with
 * the same template are the same sentence about other values.
 */
export function templateOf(text: string): string {
  return text
    .slice(0, MAX_LOOK)
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '#')
    .replace(/(?=[\w+/=-]*\d)[\w+/=-]{8,}/g, '#')
    .replace(/\d+(?:[.,]\d+)*/g, '#')
    .replace(
      /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w{0,6}\b|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w{0,6}\b/g,
      '@',
    )
    .replace(/\s+/g, ' ')
    .trim();
}

/** Milliseconds since the epoch of a text or number that is a time; undefined: it is none. Texts without a zone are read as UTC. */
export function timeOf(value: string | number): number | undefined {
  if (typeof value === 'number') {
    if (value > 1e12 && value < 4e12) return value;
    return value > 1e9 && value < 4e9 ? value * 1000 : undefined;
  }
  if (value.length < 10 || value.length > 40) return undefined;
  const iso = ISO_TIME.exec(value);
  if (iso !== null) {
    const zone = iso[8] !== undefined || iso[9] === undefined ? 'Z' : isoOffset(iso[9]);
    const fraction = (iso[7] ?? '').slice(0, 3).padEnd(3, '0');
    const time = Date.parse(
      `${iso[1]}-${iso[2]}-${iso[3]}T${iso[4]}:${iso[5]}:${iso[6] ?? '00'}.${fraction}${zone}`,
    );
    return Number.isNaN(time) ? undefined : time;
  }
  if (ISO_DATE.test(value) || HTTP_DATE.test(value)) {
    const time = Date.parse(value);
    return Number.isNaN(time) ? undefined : time;
  }
  return /^\d{10}$|^\d{13}$/.test(value) ? timeOf(Number(value)) : undefined;
}

function isoOffset(offset: string): string {
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  return `${offset[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
