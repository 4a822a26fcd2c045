import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A checkout runs the TypeScript itself; a package holds the emitted JavaScript, because Node strips no types in node_modules. */
export async function start() {
  const source = new URL('../main.ts', import.meta.url);
  const checkout = existsSync(source);
  // Beside the packages, where only those who could change the code anyway can write. Where that is nobody, Node goes without.
  const cache = checkout ? '../../node_modules/.cache/strangler' : '../../../.cache/strangler';
  enableCompileCache(fileURLToPath(new URL(cache, import.meta.url)));
  const main = checkout ? source : new URL('../../dist/cli/main.js', import.meta.url);
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
}
