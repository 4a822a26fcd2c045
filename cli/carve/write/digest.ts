import { createHash } from 'node:crypto';
import type { OutputFile } from '../service/spec.ts';

/** SHA-256 in hex. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What is written: text, or the bytes of a file that is none. */
export type Content = string | Uint8Array;

export function contentOf({ text, bytes }: Pick<OutputFile, 'text' | 'bytes'>): Content {
  return bytes ?? text;
}
