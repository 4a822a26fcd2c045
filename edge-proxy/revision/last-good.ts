import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';

const FORMAT = 1;
const FILE = 'last-good-revision.json';

interface LastGoodFile {
  formatVersion: number;
  savedAt: string;
  /** SHA-256 (hex) of the JSON text of `revision`: a torn or edited file is refused. */
  sha256: string;
  revision: Revision;
}

let writes = 0;

/** The last good revision on disk: from it an edge starts while the state store is away. */
export interface LastGood {
  /**
   * Null: none was ever saved. Throws `EDGE_LAST_GOOD_BROKEN` for a file that is torn, altered or of another format: it is never
   * served from.
   */
  load(): Promise<Revision | null>;
  save(revision: Revision): Promise<void>;
}

/** Keeps the file in `folder`. Several processes may share it: the file is replaced as a whole. */
export function lastGoodIn(folder: string, now: () => number = Date.now): LastGood {
  const path = join(folder, FILE);
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw broken(path, 'cannot be read', error);
      }
      return parse(path, text);
    },
    async save(revision) {
      const body = JSON.stringify(revision);
      const sha256 = sha256Of(body);
      const savedAt = new Date(now()).toISOString();
      await replace(
        path,
        `{"formatVersion":${FORMAT},"savedAt":"${savedAt}","sha256":"${sha256}","revision":${body}}\n`,
      );
    },
  };
}

function parse(path: string, text: string): Revision {
  let file: LastGoodFile;
  try {
    file = JSON.parse(text) as LastGoodFile;
  } catch (error) {
    throw broken(path, 'is not complete JSON', error);
  }
  if (typeof file !== 'object' || file === null || file.formatVersion !== FORMAT) {
    throw broken(path, `has format ${String(file?.formatVersion)}, this edge reads ${FORMAT}`);
  }
  if (file.sha256 !== sha256Of(JSON.stringify(file.revision)))
    throw broken(path, 'was altered: its digest does not fit');
  return file.revision;
}

function broken(path: string, what: string, cause?: unknown): StranglerError {
  return new StranglerError('EDGE_LAST_GOOD_BROKEN', `The last good revision on disk ${what}.`, {
    place: { file: path },
    remedy: 'Delete the file; the edge writes it again as soon as it reaches the state store.',
    cause,
  });
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Either the old or the new file is there, whole, whenever the machine stops: write beside, sync, rename, sync the folder. */
async function replace(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  writes += 1;
  const beside = `${path}.${process.pid}-${writes}.tmp`;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
