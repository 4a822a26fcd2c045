/**
 * The staging folder of one target, beside it: `.carve-NAME`. Its being there is the lock (making it is exclusive), its owner is named in
 * it, and its journal undoes what a killed carve has begun to move into place.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { readJson } from '../../local-stack/folder/files.ts';
import { lockHolder, tryLock } from '../../local-stack/process/lock.ts';
import { type Content, digestOf } from './digest.ts';
import { access, fileSystemError } from './target.ts';

export interface Staging {
  /** New files stand here, at their paths. */
  fresh: string;
  /** What is replaced or removed is kept here until the end. */
  old: string;
  journal: string;
  /** Removes the folder, and parents of the target that were made for it and are empty. Never throws. */
  end(): void;
}

/** One thing that moving into place does; undone in reverse order. */
export type Step =
  | { do: 'folder'; path: string }
  | { do: 'add'; path: string; digest: string }
  | { do: 'replace'; path: string; digest: string }
  | { do: 'remove'; path: string };

export interface Journal {
  version: 1;
  steps: Step[];
}

export function stagingFolder(target: string): string {
  return join(dirname(target), `.carve-${basename(target)}`);
}

/**
 * Begins a carve into `target`: undoes and clears away what a killed one has left, then makes the staging folder.
 *
 * @throws StranglerError `CARVE_BUSY` while another carve writes there, `CARVE_CANT_WRITE`
 */
export function beginStaging(target: string): Staging {
  const parent = dirname(target);
  const made = makeFolders(parent);
  const folder = stagingFolder(target);
  let lock: ReturnType<typeof tryLock>;
  try {
    lock = tryLock(`${folder}.lock`);
  } catch (error) {
    removeFolders(made);
    throw fileSystemError(error, parent);
  }
  if (lock === undefined) {
    const holder = lockHolder(`${folder}.lock`);
    throw new StranglerError(
      'CARVE_BUSY',
      `another carve${holder === undefined ? '' : ` (process ${holder.pid})`} is writing to ${target}`,
      { exitCode: EXIT.conflict, remedy: 'Wait until it has ended, then run it again.' },
    );
  }
  try {
    recover(target);
    rmSync(folder, { recursive: true, force: true });
    const staging = {
      fresh: join(folder, 'new'),
      old: join(folder, 'old'),
      journal: join(folder, 'journal.json'),
    };
    for (const path of [folder, staging.fresh, staging.old]) mkdirSync(path);
    return {
      ...staging,
      end() {
        try {
          rmSync(folder, { recursive: true, force: true });
        } finally {
          lock.release();
          removeFolders(made);
        }
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    lock.release();
    removeFolders(made);
    throw fileSystemError(error, folder);
  }
}

/** Whether another carve is at work there, or a killed one has left something to put back or to clear away. */
export function isLeftBehind(target: string): boolean {
  return existsSync(stagingFolder(target));
}

/**
 * Puts back what a killed carve had begun to replace. Only where the file is still the one that it wrote: what somebody changed since
 * stays.
 */
export function recover(target: string): void {
  const folder = stagingFolder(target);
  const journal = readJson(join(folder, 'journal.json')) as Journal | undefined;
  if (journal?.version !== 1) return;
  undo(target, join(folder, 'old'), journal.steps);
}

export function undo(target: string, old: string, steps: readonly Step[]): void {
  for (const step of [...steps].reverse()) {
    const path = join(target, step.path);
    if (step.do === 'folder') {
      try {
        rmdirSync(path);
      } catch {
        // Not made yet, or somebody has put something into it since.
      }
      continue;
    }
    if (step.do === 'add') {
      if (digestAt(path) === step.digest) rmSync(path);
      continue;
    }
    const kept = join(old, step.path);
    if (!existsSync(kept)) continue;
    const now = digestAt(path);
    if (now === undefined || (step.do === 'replace' && now === step.digest)) {
      mkdirSync(dirname(path), { recursive: true });
      renameSync(kept, path);
    }
  }
}

function digestAt(path: string): string | undefined {
  try {
    return digestOf(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** Keeps a file under another name without copying it where the file system can. */
export function keepAside(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    writeFileSync(to, readFileSync(from));
  }
}

/** Written through to the disk before anything is moved. */
export function writeDurably(path: string, content: Content, mode?: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a folder and its parents; those that were missing, outermost first. */
function makeFolders(path: string): string[] {
  const made: string[] = [];
  for (let at = path; !existsSync(at) && at !== dirname(at); at = dirname(at)) made.unshift(at);
  access(path, () => mkdirSync(path, { recursive: true }));
  return made;
}

function removeFolders(made: readonly string[]): void {
  for (const folder of [...made].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}
