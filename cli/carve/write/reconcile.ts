/** Decides for every file what a carve does to it, from what it made before, what it makes now and what lies there. Pure. */
import type { OutputFile } from '../service/spec.ts';
import { type Content, contentOf, digestOf } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** A file of the target as found. */
export interface FoundFile {
  digest: string;
  content: Content;
  executable: boolean;
}

export type MergeOutcome = { clean: true; text: string } | { clean: false; why: string };
export type Merge = (mine: string, base: string, theirs: string) => MergeOutcome;

export type Action =
  | { kind: 'add'; path: string; content: Content; digest: string; executable: boolean }
  /** Nobody changed it: the new text replaces the old one. */
  | { kind: 'update'; path: string; content: Content; digest: string; executable: boolean }
  /** The team and the monolith changed different parts. */
  | { kind: 'merge'; path: string; content: Content; digest: string; executable: boolean }
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
  for (const file of files) {
    const { path, executable = false } = file;
    made.add(path);
    const old = before?.files[path];
    const present = found.get(path);
    const content = contentOf(file);
    const digest = digestOf(content);
    const unchanged = old?.digest === digest && (old.executable === true) === executable;
    if (present === undefined) {
      if (old === undefined) actions.push({ kind: 'add', path, content, digest, executable });
      else if (unchanged) actions.push({ kind: 'keep', path, why: 'the team removed it' });
      else conflicts.push({ path, why: 'the team removed it, and it would be written otherwise now' });
      continue;
    }
    if (present.digest === digest && present.executable === executable) {
      actions.push({ kind: 'same', path });
      continue;
    }
    if (old === undefined) {
      conflicts.push({ path, why: 'a file of that name lies there and is not carve’s' });
      continue;
    }
    if (present.digest === old.digest) {
      // Only the mode is the team's: it stays.
      if (unchanged) actions.push({ kind: 'keep', path, why: 'the team changed its mode' });
      else actions.push({ kind: 'update', path, content, digest, executable });
      continue;
    }
    if (unchanged) {
      actions.push({ kind: 'keep', path, why: 'the team changed it' });
      continue;
    }
    if (typeof present.content !== 'string' || typeof content !== 'string') {
      conflicts.push({ path, why: 'the team changed it too, and it is no text that could be merged' });
      continue;
    }
    const base = originals.get(path);
    if (base === undefined) {
      conflicts.push({ path, why: 'the team changed it, and what carve wrote before is not known any more' });
      continue;
    }
    const merged = merge(present.content, base, content);
    if (!merged.clean) conflicts.push({ path, why: `the team changed it too: ${merged.why}` });
    else if (merged.text === present.content)
      actions.push({ kind: 'keep', path, why: 'the team’s version holds it already' });
    else
      actions.push({
        kind: 'merge',
        path,
        content: merged.text,
        digest: digestOf(merged.text),
        executable: present.executable,
      });
  }
  for (const [path, old] of Object.entries(before?.files ?? {})) {
    if (made.has(path)) continue;
    const present = found.get(path);
    if (present === undefined) continue;
    if (present.digest === old.digest) actions.push({ kind: 'remove', path });
    else actions.push({ kind: 'keep', path, why: 'carve no longer makes it, but the team changed it' });
  }
  return { actions, conflicts };
}
