import { open } from 'node:fs/promises';
import { EXIT, StranglerError } from '../errors.ts';
import { YAML_LIMITS } from './source.ts';

/**
 * Reads a text file, at most one byte beyond the limit, so that a huge or endless file costs nothing; the reader of the text refuses
 * what is too long. Bytes that are not UTF-8 become U+FFFD, which is refused there too. A byte order mark is dropped.
 * Throws `<prefix>_UNREADABLE`.
 */
export async function readTextFile(file: string, prefix: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      if (!(await handle.stat()).isFile()) throw new Error('it is not a regular file');
      const buffer = Buffer.alloc(YAML_LIMITS.bytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      return new TextDecoder('utf-8').decode(buffer.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new StranglerError(`${prefix}_UNREADABLE`, `the file cannot be read: ${reason(error)}`, {
      place: { file },
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
  };
  return known[code ?? ''] ?? message;
}
