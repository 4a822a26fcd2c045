import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { Unresolved } from '../model.ts';

/** What of a package.json matters here. */
export interface PackageInfo {
  /** Folder of the package. */
  dir: string;
  name: string | undefined;
  json: Record<string, unknown>;
}

/** Reads a package.json; a broken one is reported and left out. */
export function readPackage(path: string, name: string, unresolved: Unresolved[]): PackageInfo | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('not an object');
    const record = json as Record<string, unknown>;
    return {
      dir: dirname(path),
      name: typeof record.name === 'string' ? record.name : undefined,
      json: record,
    };
  } catch (error) {
    unresolved.push({
      kind: 'syntax-error',
      file: name,
      line: 1,
      reason: `package.json: ${(error as Error).message}`,
    });
    return undefined;
  }
}

/** Patterns of the workspace folders declared at `dir`: npm, Yarn and pnpm. */
export function workspacePatterns(dir: string): string[] {
  const pnpm = join(dir, 'pnpm-workspace.yaml');
  const npm = join(dir, 'package.json');
  try {
    if (existsSync(pnpm)) {
      const parsed = parseYaml(readFileSync(pnpm, 'utf8')) as { packages?: unknown } | null;
      return strings(parsed?.packages);
    }
    if (!existsSync(npm)) return [];
    const json = JSON.parse(readFileSync(npm, 'utf8')) as { workspaces?: unknown };
    const declared = json.workspaces;
    if (Array.isArray(declared)) return strings(declared);
    return strings((declared as { packages?: unknown } | undefined)?.packages);
  } catch {
    // A parent folder that is unreadable is no workspace of ours; the project's own package.json is checked elsewhere.
    return [];
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Direct dependencies, of whichever kind. */
export function dependencyNames(info: PackageInfo): Set<string> {
  const names = new Set<string>();
  for (const key of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']) {
    const section = info.json[key];
    if (typeof section === 'object' && section !== null)
      for (const name of Object.keys(section)) names.add(name);
  }
  return names;
}
