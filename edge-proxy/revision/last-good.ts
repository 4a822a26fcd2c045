import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';
import { readRevision } from '../../migration-plans/revision/validate.ts';

const FORMAT = 1;
const FILE = 'last-good-revision.json';

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
      const savedAt = new Date(now()).toISOString();
      await replace(path, pieces(savedAt, revision));
    },
  };
}

/** Characters that are written at a time. */
const PIECE = 65_536;

/** The file's text, made while it is written: a large revision at once would keep requests waiting. */
function* pieces(savedAt: string, { plans, states, ...rest }: Revision): Generator<string> {
  const opened = (object: object): string => JSON.stringify(object).slice(0, -1);
  let text = `${opened({ formatVersion: FORMAT, savedAt })},"revision":${opened(rest)}`;
  for (const [key, members] of Object.entries({ plans, states })) {
    text += `,"${key}":{`;
    let separator = '';
    for (const [name, member] of Object.entries(members)) {
      text += `${separator}${JSON.stringify(name)}:${JSON.stringify(member)}`;
      separator = ',';
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    text += '}';
  }
  yield `${text}}}\n`;
}

function parse(path: string, text: string): Revision {
  let file: { formatVersion?: unknown; revision?: unknown } | null;
  try {
    file = JSON.parse(text) as typeof file;
  } catch (error) {
    throw broken(path, 'is not complete JSON', error);
  }
  if (file?.formatVersion !== FORMAT) {
    throw broken(path, `has format ${String(file?.formatVersion)}, this edge reads ${FORMAT}`);
  }
  // The revision carries the digest of its content, so nothing of it can have been changed or lost.
  const read = readRevision(file.revision);
  if ('problem' in read) throw broken(path, `cannot be trusted: ${read.problem}`);
  return read.revision;
}

function broken(path: string, what: string, cause?: unknown): StranglerError {
  return new StranglerError('EDGE_LAST_GOOD_BROKEN', `The last good revision on disk ${what}.`, {
    place: { file: path },
    remedy: 'Delete the file; the edge writes it again as soon as it reaches the state store.',
    cause,
  });
}

/** Either the old or the new file is there, whole, whenever the machine stops: write beside, sync, rename, sync the folder. */
async function replace(path: string, text: Iterable<string>): Promise<void> {
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
