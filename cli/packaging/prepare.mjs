/**
 * Runs after `npm ci` (npm's `prepare` life-cycle script): what a fresh checkout needs that npm does not do itself.
 * 1. generates the Prisma clients of every package that has a schema;
 * 2. puts `strangler` into node_modules/.bin, so that `npx strangler` works from any folder of the checkout.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'node_modules/.bin');

function generatePrismaClients() {
  // Prisma's command line insists on a schema engine that it would download; generating needs none, any executable will do.
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  };
  const schemas = globSync('{migration-plans,monolith,services/*}/**/schema.prisma', {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name.endsWith('/node_modules'),
  });
  for (const schema of schemas) {
    try {
      execFileSync(
        process.execPath,
        [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schema],
        {
          cwd: root,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      console.log(`generated the Prisma client of ${schema}`);
    } catch (error) {
      console.error(
        `could not generate the Prisma client of ${schema}:\n${error.stdout ?? ''}${error.stderr ?? error}`,
      );
      process.exitCode = 1;
    }
  }
}

function linkCommand() {
  const target = join(root, 'cli/bin/strangler.js');
  if (!existsSync(target)) return;
  chmodSync(target, 0o755);
  mkdirSync(bin, { recursive: true });
  const link = join(bin, 'strangler');
  rmSync(link, { force: true });
  if (process.platform === 'win32') writeFileSync(`${link}.cmd`, `@node "${target}" %*\r\n`);
  else symlinkSync(relative(bin, target), link);
}

generatePrismaClients();
linkCommand();
