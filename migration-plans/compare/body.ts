import zlib from 'node:zlib';
import type { CapturedAnswer } from './answer.ts';
import type { HeaderMap } from './headers.ts';

/** A decompressed body beyond this is compared as it came: a small body must not become gigabytes. */
export const MAX_DECODED_BYTES = 16 * 1024 * 1024;

export type DecodedBody = { bytes: Uint8Array } | { problem: string };

/** Undoes Content-Encoding, last coding first (RFC 9110 section 8.4), within MAX_DECODED_BYTES. Never throws. */
export function decodeBody(
  body: Uint8Array,
  headers: HeaderMap,
  maxBytes: number = MAX_DECODED_BYTES,
): DecodedBody {
  const codings = (headers.values.get('content-encoding') ?? [])
    .join(',')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length === 0 || body.length === 0) return { bytes: body };
  if (codings.length > 3) return { problem: 'is encoded more than three times' };
  let bytes = body;
  for (const coding of codings.reverse()) {
    const decode = decoderOf(coding);
    if (decode === undefined) return { problem: `has the unknown encoding ${coding.slice(0, 20)}` };
    try {
      bytes = decode(bytes, maxBytes);
    } catch (error) {
      const tooLarge = error instanceof RangeError;
      return {
        problem: tooLarge ? `is larger than ${maxBytes} bytes when decoded` : `can't be decoded as ${coding}`,
      };
    }
  }
  return { bytes };
}

function decoderOf(coding: string): ((bytes: Uint8Array, maxOutputLength: number) => Uint8Array) | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength });
    case 'deflate':
      // Servers send both forms under this name; the zlib header tells them apart (RFC 1950 section 2.2).
      return (bytes, maxOutputLength) =>
        (bytes[0]! & 0x0f) === 8 && ((bytes[0]! << 8) | (bytes[1] ?? 0)) % 31 === 0
          ? zlib.inflateSync(bytes, { maxOutputLength })
          : zlib.inflateRawSync(bytes, { maxOutputLength });
    case 'br':
      return (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { maxOutputLength });
    case 'zstd':
      return typeof zlib.zstdDecompressSync === 'function'
        ? (bytes, maxOutputLength) => zlib.zstdDecompressSync(bytes, { maxOutputLength })
        : undefined;
    default:
      return undefined;
  }
}

export interface MediaType {
  /** Lower case, such as `application/json`; empty: none given. */
  essence: string;
  /** Lower-case names; the value of `charset` in lower case. `boundary` is left out: it is random by design. */
  parameters: Map<string, string>;
}

export function parseMediaType(value: string | undefined): MediaType {
  const [essence = '', ...rest] = (value ?? '').split(';');
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at < 0) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    const text = part
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (name !== 'boundary') parameters.set(name, name === 'charset' ? text.toLowerCase() : text);
  }
  return { essence: essence.trim().toLowerCase(), parameters };
}

export type BodyForm = 'json' | 'json-lines' | 'html' | 'csv' | 'text' | 'bytes';

export function formOf({ essence }: MediaType): BodyForm {
  if (essence === 'application/json' || essence.endsWith('+json') || essence === 'text/json') return 'json';
  if (/^application\/(?:x-)?(?:ndjson|jsonl|json-lines|jsonlines)$/.test(essence)) return 'json-lines';
  if (essence === 'text/html' || essence === 'application/xhtml+xml') return 'html';
  if (essence === 'text/csv' || essence === 'text/tab-separated-values') return 'csv';
  if (essence.startsWith('text/') || essence.endsWith('+xml')) return 'text';
  return /^application\/(?:xml|javascript|x-javascript|ecmascript|x-www-form-urlencoded|yaml|x-yaml|graphql|sql)$/.test(
    essence,
  )
    ? 'text'
    : 'bytes';
}

/**
 * The text of a body by its charset; undefined: it is not text in it, or a charset that is not known. A byte order mark is kept,
 * since JSON must not have one.
 */
export function textOf(bytes: Uint8Array, mediaType: MediaType): string | undefined {
  try {
    return new TextDecoder(mediaType.parameters.get('charset') ?? 'utf-8', {
      fatal: true,
      ignoreBOM: true,
    }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function sizeOf(answer: CapturedAnswer): number {
  return answer.body?.length ?? answer.bodyBytes;
}
