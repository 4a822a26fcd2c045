/**
 * Runs before `npm pack` (npm's `prepack` life-cycle script): emits the toolkit as JavaScript into dist/, because Node strips no
 * types inside node_modules, and puts beside it what the code reads at run time (SQL, Prisma schemas, styles).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const parts = ['migration-plans', 'edge-proxy', 'cli'];

rmSync(dist, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(import.meta.dirname, 'tsconfig.json')],
  { cwd: root, stdio: 'inherit' },
);

const assets = globSync(
  [
    `{${parts.join(',')}}/**/*.{sql,prisma,toml,json,html,css,svg}`,
    // What carve writes into services is TypeScript that is read as text.
    'cli/carve/ports/runtime/*.ts',
    'cli/carve/service/runtime/template/**/*.ts',
  ],
  { cwd: root, exclude: (name) => /(^|\/)(node_modules|packaging|dist)$/.test(name) },
);
for (const asset of assets) {
  mkdirSync(dirname(join(dist, asset)), { recursive: true });
  cpSync(join(root, asset), join(dist, asset));
}

// A file that is started by its name, such as a worker, must not be looked for under its source's name.
const wrong = globSync('**/*.js', { cwd: dist }).filter((file) =>
  /new URL\(\s*['"`][^'"`]+\.ts['"`]/.test(readFileSync(join(dist, file), 'utf8')),
);
if (wrong.length > 0) {
  console.error(
    `these name a TypeScript file at run time, which the package does not have:\n${wrong.join('\n')}`,
  );
  process.exit(1);
}
console.error(`dist/: ${globSync('**/*.js', { cwd: dist }).length} scripts, ${assets.length} other files`);
