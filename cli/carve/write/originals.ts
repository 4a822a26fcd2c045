import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { OutputFile } from '../service/spec.ts';
import { digestOf } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** Largest archive of originals that is read, unpacked: what claims more is not ours. Bytes. */
const MAX_UNPACKED = 256 * 1024 * 1024;
const LINE = 120;

/**
 * The files as they were written. A three-way merge needs them, and they can't be made again from a monolith that has changed since.
 * Brotli, because its output does not depend on the processor as that of zlib does; text, so that version control can show it.
 */
export function packOriginals(files: readonly OutputFile[]): string {
  const sorted = mergeable(files).sort((a, b) => (a.path < b.path ? -1 : 1));
  const content = JSON.stringify(Object.fromEntries(sorted.map(({ path, text }) => [path, text])));
  const packed = brotliCompressSync(content, {
    params: {
      // The highest levels take seconds for a large service and save little.
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(content),
    },
  }).toString('base64');
  const lines = packed.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `${lines.join('\n')}\n`;
}

/** Files of which originals are kept: what is no text can't be merged. */
export function mergeable(files: readonly OutputFile[]): OutputFile[] {
  return files.filter((file) => file.bytes === undefined);
}

/** Original texts by path, only those that are what the manifest says. Never throws: without a base there is no merge, and that is told. */
export function unpackOriginals(text: string | undefined, manifest: Manifest): Map<string, string> {
  const found = new Map<string, string>();
  if (text === undefined) return found;
  let content: unknown;
  try {
    const packed = Buffer.from(text.replace(/\s/g, ''), 'base64');
    content = JSON.parse(brotliDecompressSync(packed, { maxOutputLength: MAX_UNPACKED }).toString('utf8'));
  } catch {
    return found;
  }
  if (typeof content !== 'object' || content === null) return found;
  for (const [path, original] of Object.entries(content)) {
    if (typeof original === 'string' && manifest.files[path]?.digest === digestOf(original))
      found.set(path, original);
  }
  return found;
}
