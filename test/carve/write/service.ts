/** A small service in several versions, as a carve would make it. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputFile } from '../../../cli/carve/service/spec.ts';
import type { Origin } from '../../../cli/carve/write/manifest.ts';

export const origin: Origin = {
  capability: 'reviews',
  capabilities: [],
  monolith: { name: 'shop', packageDir: '', otherPackages: [] },
  decisions: null,
  symbols: [{ file: 'src/reviews.js', name: 'list', as: 'moved', digest: 'd'.repeat(64) }],
};

const LINES = Array.from({ length: 12 }, (_, index) => `const line${index} = ${index};`);

export function files(version: number): OutputFile[] {
  const code = LINES.map((line, index) => (index === 0 ? `const version = ${version};` : line)).join('\n');
  return [
    { path: 'package.json', text: '{ "name": "reviews" }\n' },
    { path: 'src/reviews.js', text: `${code}\n` },
    { path: 'service/start.sh', text: '#!/bin/sh\nexec node service/main.js\n', executable: true },
    ...(version === 1 ? [{ path: 'src/old/only-first.js', text: 'first\n' }] : []),
    // Larger than a limited process may write.
    ...(version === 5 ? [{ path: 'src/big.js', text: '/'.repeat(100_000) }] : []),
    ...(version >= 2 ? [{ path: 'src/new/deep/added.js', text: 'added\n' }] : []),
  ];
}

/** Everything in a folder, with modes and links: two equal ones are the same tree. */
export function tree(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string, prefix: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) found[prefix + name] = `-> ${readlinkSync(path)}`;
      else if (stats.isDirectory()) walk(path, `${prefix}${name}/`);
      else
        found[prefix + name] =
          `${(stats.mode & 0o111) === 0 ? '' : 'x '}${readFileSync(path).toString('latin1')}`;
    }
  };
  if (existsSync(dir)) walk(dir, '');
  return found;
}
