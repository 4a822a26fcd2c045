/** The monolith without what patches added to it. Reads files, changes none. */
import { basename, dirname, join } from 'node:path';
import { portsFileName, readTraces, type Stripped, withoutAdded } from './traces.ts';

export interface PortsFile {
  path: string;
  /** The capability's part of its name. */
  capability: string;
  /** By the absolute path of each file that the patch changed: what it added there. */
  added: Map<string, string[]>;
}

const HEAD = '// Generated for the service ';

/** Of the given paths, absolute. A file that is only called like one is none. */
export function portsFilesIn(paths: Iterable<string>, read: (path: string) => string): PortsFile[] {
  const found: PortsFile[] = [];
  for (const path of paths) {
    const capability = portsFileName(basename(path));
    if (capability === undefined) continue;
    const text = read(path);
    if (!text.startsWith(HEAD)) continue;
    const added = new Map<string, string[]>();
    for (const trace of readTraces(text)) {
      const target = join(dirname(path), trace.path);
      added.set(target, [...(added.get(target) ?? []), trace.text]);
    }
    found.push({ path, capability, added });
  }
  return found;
}

/** A file as it would be without some patches; undefined: it would not be there. */
export function withoutPatches(
  files: readonly PortsFile[],
  path: string,
  text: string,
): Stripped | undefined {
  if (files.some((file) => file.path === path)) return undefined;
  const added = files.flatMap((file) => file.added.get(path) ?? []);
  return withoutAdded(basename(path), text, added);
}
