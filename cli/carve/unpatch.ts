/** Takes back what a patch of carve did to a monolith, by what the ports file says of it: byte for byte, or not at all. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { EXIT, type Finding, StranglerError } from '../../migration-plans/errors.ts';
import { discover } from '../analysis/project/discover.ts';
import { withoutAdded } from './ports/monolith/traces.ts';
import { type PortsFile, portsFilesIn } from './ports/monolith/unpatched.ts';
import { fileSystemError } from './write/target.ts';

export interface Unpatched {
  /** Files that were changed back or removed, from the folder. */
  files: string[];
  /** Puts everything back as it was found. */
  redo(): void;
}

/** The ports files of all capabilities in a folder. */
export function portsFilesOf(folder: string): PortsFile[] {
  const { sources, reachable, generated } = discover(folder);
  return portsFilesIn([...sources, ...reachable, ...generated.keys()], (path) => readFileSync(path, 'utf8'));
}

/**
 * @param capability as it stands in the name of the ports file
 * @returns undefined: there is no such patch
 * @throws StranglerError `CARVE_PATCH_REFUSED` where something that was added is not there any more as it was
 */
export function unpatch(folder: string, capability: string): Unpatched | undefined {
  const files = portsFilesOf(folder).filter((file) => file.capability === capability);
  if (files.length === 0) return undefined;
  const name = (path: string): string => relative(folder, path);
  const before = new Map<string, string>();
  const after = new Map<string, string | undefined>();
  const missing: Finding[] = [];
  for (const file of files) {
    before.set(file.path, readFileSync(file.path, 'utf8'));
    after.set(file.path, undefined);
    for (const [path, added] of file.added) {
      const text = readText(path);
      const stripped = text === undefined ? undefined : withoutAdded(path, text, added);
      for (const one of stripped?.missing ?? added)
        missing.push({
          code: 'CARVE_PATCH_REFUSED',
          message: `${name(path)} does not hold ${JSON.stringify(one.trim())} any more`,
          severity: 'error',
          place: { file: path },
        });
      if (text === undefined || stripped === undefined) continue;
      before.set(path, text);
      after.set(path, stripped.text);
    }
  }
  if (missing.length > 0)
    throw new StranglerError(
      'CARVE_PATCH_REFUSED',
      `what the patch of ${capability} added was changed since; nothing was taken back`,
      {
        exitCode: EXIT.conflict,
        findings: missing,
        remedy: `Take it out by hand, with ${files.map(({ path }) => name(path)).join(', ')}, whose end says what was added where.`,
      },
    );
  const redo = (): void => {
    for (const [path, text] of before) writeFileSync(path, text);
  };
  try {
    for (const [path, text] of after) {
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
    }
  } catch (error) {
    redo();
    throw fileSystemError(error, folder);
  }
  return { files: [...after.keys()].map(name).sort(), redo };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
