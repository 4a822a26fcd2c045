import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type CloudMapState, EMPTY_STATE } from '../state.ts';
import {
  decodeJournal,
  decodeSnapshot,
  encodeEntry,
  encodeHeader,
  encodeSnapshot,
  type JournalEntry,
  type Owner,
  replay,
} from './format.ts';
import { lockFile } from './lock.ts';

/** Keeps what happened. */
export interface CloudMapStore {
  /** Resolves once the entries are durable; when it rejects, none of them is kept. `after`: the state that they lead to. */
  append(entries: readonly JournalEntry[], after: CloudMapState): Promise<void>;
  close(): Promise<void>;
}

export const MEMORY_STORE: CloudMapStore = {
  append: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Journal entries after which the state is written as a snapshot and the journal begins anew. */
const ENTRIES_PER_SNAPSHOT = 1000;

/**
 * Opens the data folder, makes it where missing, and gives the state it holds.
 *
 * @throws StranglerError when the folder is in use, damaged, of another version or of another owner
 */
export async function openStore(
  folder: string,
  owner: Owner,
): Promise<{ store: CloudMapStore; state: CloudMapState }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lockFile(join(folder, 'lock'));
  try {
    const store = await FileStore.load(folder, owner, unlock);
    return { store, state: store.loaded };
  } catch (error) {
    await unlock();
    throw error;
  }
}

class FileStore implements CloudMapStore {
  readonly #folder: string;
  readonly #owner: Owner;
  readonly #unlock: () => Promise<void>;
  readonly loaded: CloudMapState;
  #journal: FileHandle;
  /** Length of the journal up to the last durable entry. */
  #length: number;
  #sequence: number;
  #sinceSnapshot: number;
  /** Set when the journal may hold something that was never answered, or lack something that was. */
  #broken: unknown;

  private constructor(init: {
    folder: string;
    owner: Owner;
    unlock: () => Promise<void>;
    loaded: CloudMapState;
    journal: FileHandle;
    length: number;
    sequence: number;
    sinceSnapshot: number;
  }) {
    this.#folder = init.folder;
    this.#owner = init.owner;
    this.#unlock = init.unlock;
    this.loaded = init.loaded;
    this.#journal = init.journal;
    this.#length = init.length;
    this.#sequence = init.sequence;
    this.#sinceSnapshot = init.sinceSnapshot;
  }

  static async load(folder: string, owner: Owner, unlock: () => Promise<void>): Promise<FileStore> {
    const snapshotFile = join(folder, 'snapshot.json');
    const journalFile = join(folder, 'journal.jsonl');
    const snapshotText = await readIfPresent(snapshotFile);
    const snapshot = snapshotText
      ? decodeSnapshot(snapshotText.toString('utf8'), owner, snapshotFile)
      : { state: EMPTY_STATE, sequence: 0 };
    const journalBytes = (await readIfPresent(journalFile)) ?? Buffer.alloc(0);
    const { entries, wholeBytes } = decodeJournal(journalBytes, owner, journalFile);
    const missing = entries.filter((entry) => entry.sequence > snapshot.sequence);

    const journal = await openJournal(journalFile, wholeBytes, owner);
    return new FileStore({
      folder,
      owner,
      unlock,
      loaded: missing.reduce(replay, snapshot.state),
      journal: journal.handle,
      length: journal.length,
      sequence: missing.at(-1)?.sequence ?? snapshot.sequence,
      sinceSnapshot: missing.length,
    });
  }

  async append(entries: readonly JournalEntry[], after: CloudMapState): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const lines = entries.map((entry, index) => `${encodeEntry(this.#sequence + 1 + index, entry)}\n`);
    const bytes = Buffer.from(lines.join(''));
    try {
      await writeAll(this.#journal, bytes, this.#length);
      await this.#journal.datasync();
    } catch (error) {
      await this.#takeBack(error);
      throw error;
    }
    this.#length += bytes.length;
    this.#sequence += entries.length;
    this.#sinceSnapshot += entries.length;
    if (this.#sinceSnapshot >= ENTRIES_PER_SNAPSHOT) await this.#compact(after);
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#unlock();
  }

  /** A failed write may have left half a line, or whole ones that nobody was told of. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.#journal.truncate(this.#length);
      await this.#journal.datasync();
    } catch {
      this.#broken = cause; // from now on every write fails with the first error: the disk can't be trusted
    }
  }

  /** A crash between the two renames leaves a journal whose entries the snapshot has: loading skips them by number. */
  async #compact(state: CloudMapState): Promise<void> {
    this.#sinceSnapshot = 0;
    try {
      const snapshot = encodeSnapshot({ state, sequence: this.#sequence }, this.#owner);
      await replaceFile(this.#folder, 'snapshot.json', snapshot);
    } catch {
      return; // the journal still has everything; tried again after as many entries
    }
    try {
      await replaceFile(this.#folder, 'journal.jsonl', `${encodeHeader(this.#owner)}\n`);
      const next = await open(join(this.#folder, 'journal.jsonl'), 'r+');
      await this.#journal.close();
      this.#journal = next;
      this.#length = (await next.stat()).size;
    } catch (error) {
      // what was appended is durable, but the open journal may no longer be the one in the folder
      this.#broken = error;
    }
  }
}

async function openJournal(
  file: string,
  wholeBytes: number,
  owner: Owner,
): Promise<{ handle: FileHandle; length: number }> {
  const handle = await open(file, wholeBytes === 0 ? 'w+' : 'r+', 0o600);
  try {
    await handle.truncate(wholeBytes);
    let length = wholeBytes;
    if (length === 0) {
      const header = Buffer.from(`${encodeHeader(owner)}\n`);
      await writeAll(handle, header, 0);
      length = header.length;
    }
    await handle.datasync();
    return { handle, length };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** Whole or not at all: written beside, made durable, renamed, and the folder made durable too. */
async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readIfPresent(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
