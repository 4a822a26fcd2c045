/** Decides for every file what a carve does to it, from what it made before, what it makes now and what lies there. Pure. */
import type { OutputFile } from '../service/spec.ts';
import { digestOf } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** A file of the target as found. */
export interface FoundFile {
  text: string;
  executable: boolean;
}

export type MergeOutcome = { clean: true; text: string } | { clean: false; why: string };
export type Merge = (mine: string, base: string, theirs: string) => MergeOutcome;

export type Action =
  | { kind: 'add'; path: string; text: string; executable: boolean }
  /** Nobody changed it: the new text replaces the old one. */
  | { kind: 'update'; path: string; text: string; executable: boolean }
  /** The team and the monolith changed different parts. */
  | { kind: 'merge'; path: string; text: string; executable: boolean }
  /** Not made any more, and nobody changed it. */
  | { kind: 'remove'; path: string }
  | { kind: 'same'; path: string }
  /** The team's version stays: what carve makes has not changed since. */
  | { kind: 'keep'; path: string; why: string };

export interface Conflict {
  path: string;
  why: string;
}

export interface Reconciliation {
  actions: Action[];
  conflicts: Conflict[];
}

/**
 * @param found undefined for a path where there is nothing
 * @param originals of the carve before, for merging
 */
export function reconcile(
  files: readonly OutputFile[],
  before: Manifest | undefined,
  found: ReadonlyMap<string, FoundFile>,
  originals: ReadonlyMap<string, string>,
  merge: Merge,
): Reconciliation {
  const actions: Action[] = [];
  const conflicts: Conflict[] = [];
  const made = new Set<string>();
  for (const { path, text, executable = false } of files) {
    made.add(path);
    const old = before?.files[path];
    const present = found.get(path);
    const digest = digestOf(text);
    const unchanged = old?.digest === digest && (old.executable === true) === executable;
    if (present === undefined) {
      if (old === undefined) actions.push({ kind: 'add', path, text, executable });
      else if (unchanged) actions.push({ kind: 'keep', path, why: 'the team removed it' });
      else conflicts.push({ path, why: 'the team removed it, and it would be written otherwise now' });
      continue;
    }
    if (present.text === text && present.executable === executable) {
      actions.push({ kind: 'same', path });
      continue;
    }
    if (old === undefined) {
      conflicts.push({ path, why: 'a file of that name lies there and is not carve’s' });
      continue;
    }
    const theirs = digestOf(present.text);
    if (theirs === old.digest) {
      // Only the mode is the team's: it stays.
      if (unchanged) actions.push({ kind: 'keep', path, why: 'the team changed its mode' });
      else actions.push({ kind: 'update', path, text, executable });
      continue;
    }
    if (unchanged) {
      actions.push({ kind: 'keep', path, why: 'the team changed it' });
      continue;
    }
    const base = originals.get(path);
    if (base === undefined) {
      conflicts.push({ path, why: 'the team changed it, and what carve wrote before is not known any more' });
      continue;
    }
    const merged = merge(present.text, base, text);
    if (!merged.clean) conflicts.push({ path, why: `the team changed it too: ${merged.why}` });
    else if (merged.text === present.text)
      actions.push({ kind: 'keep', path, why: 'the team’s version holds it already' });
    else actions.push({ kind: 'merge', path, text: merged.text, executable: present.executable });
  }
  for (const [path, old] of Object.entries(before?.files ?? {})) {
    if (made.has(path)) continue;
    const present = found.get(path);
    if (present === undefined) continue;
    if (digestOf(present.text) === old.digest) actions.push({ kind: 'remove', path });
    else actions.push({ kind: 'keep', path, why: 'carve no longer makes it, but the team changed it' });
  }
  return { actions, conflicts };
}
