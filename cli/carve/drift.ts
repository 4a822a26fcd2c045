/** Compares a service's manifest with what a carve would make today. Pure. */
import type { Refusal } from './model.ts';
import type { Manifest, SourceSymbol } from './write/manifest.ts';

export interface Drift {
  /** Code of the monolith that the service was made from and that is not the same any more. */
  symbols: { file: string; name: string; as: SourceSymbol['as']; change: 'changed' | 'gone' | 'new' }[];
  /** Files of the service that would be written otherwise. */
  files: { path: string; change: 'changed' | 'gone' | 'new' }[];
  /** Entries of the decisions file that nothing asks for any more: a warning, no drift, as the service would be the same. */
  staleDecisions: string[];
  /** The decisions file is another one than the service was made with. */
  decisionsChanged: boolean;
  /** What must be decided before the service can be carved again. */
  refusals: Refusal[];
}

export function driftOf(
  before: Manifest,
  now: {
    /** Every symbol that the monolith has. */
    symbols: readonly SourceSymbol[];
    /** As a carve would write it; undefined while refusals are open. */
    manifest: Manifest | undefined;
    staleDecisions: readonly string[];
    decisions: string | null;
    refusals: readonly Refusal[];
  },
): Drift {
  return {
    symbols: symbolDrift(before.symbols, now.symbols, now.manifest?.symbols ?? []),
    files: now.manifest === undefined ? [] : fileDrift(before.files, now.manifest.files),
    staleDecisions: [...now.staleDecisions],
    decisionsChanged: before.decisions !== now.decisions,
    refusals: [...now.refusals],
  };
}

export function hasDrift(drift: Drift): boolean {
  return drift.symbols.length > 0 || drift.files.length > 0 || drift.refusals.length > 0;
}

function symbolDrift(
  before: readonly SourceSymbol[],
  all: readonly SourceSymbol[],
  wanted: readonly SourceSymbol[],
): Drift['symbols'] {
  const [old, current] = [byName(before), byName(all)];
  const found: Drift['symbols'] = [];
  for (const [key, list] of old) {
    const [first] = list;
    const now = current.get(key);
    if (first === undefined || (now !== undefined && digests(list) === digests(now))) continue;
    const { file, name, as } = first;
    found.push({ file, name, as, change: now === undefined ? 'gone' : 'changed' });
  }
  for (const [key, [first]] of byName(wanted)) {
    if (first !== undefined && !old.has(key))
      found.push({ file: first.file, name: first.name, as: first.as, change: 'new' });
  }
  return found.sort((a, b) => compare(a.file, b.file) || compare(a.name, b.name));
}

function digests(symbols: readonly SourceSymbol[]): string {
  return symbols
    .map(({ digest }) => digest)
    .sort()
    .join();
}

/** Several statements without a name may lie in one file: they are compared together. */
function byName(symbols: readonly SourceSymbol[]): Map<string, SourceSymbol[]> {
  const found = new Map<string, SourceSymbol[]>();
  for (const symbol of symbols) {
    const key = `${symbol.file}\0${symbol.name}`;
    found.set(key, [...(found.get(key) ?? []), symbol]);
  }
  return found;
}

function fileDrift(before: Manifest['files'], now: Manifest['files']): Drift['files'] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return paths.flatMap((path): Drift['files'] => {
    const [old, fresh] = [before[path], now[path]];
    if (old === undefined) return [{ path, change: 'new' }];
    if (fresh === undefined) return [{ path, change: 'gone' }];
    return old.digest === fresh.digest && old.executable === fresh.executable
      ? []
      : [{ path, change: 'changed' }];
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
