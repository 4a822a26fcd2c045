import { existsSync } from 'node:fs';

/** A checkout runs the TypeScript itself; a package holds the emitted JavaScript, because Node strips no types in node_modules. */
export async function start() {
  const source = new URL('../main.ts', import.meta.url);
  const main = existsSync(source) ? source : new URL('../../dist/cli/main.js', import.meta.url);
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
}
