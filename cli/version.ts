import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the toolkit's package.json, in a checkout and in an installed package alike. */
export function toolkitFolder(): string {
  let folder = import.meta.dirname;
  for (;;) {
    if (manifest(folder)?.name === 'strangler') return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the package.json of strangler is missing');
    folder = parent;
  }
}

export function toolkitVersion(): string {
  return manifest(toolkitFolder())?.version ?? 'unknown';
}

/** How another process of the toolkit is started: the same file that this one was started from. */
export function commandFile(): string {
  return join(toolkitFolder(), 'cli/bin/strangler.js');
}

function manifest(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name?: string;
      version?: string;
    };
  } catch {
    return undefined;
  }
}
