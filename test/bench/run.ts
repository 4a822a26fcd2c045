import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The benchmarks by name; each is a script that explains itself with --help or in its first lines. */
const BENCHES: Record<string, string> = {
  proxy: 'proxy/run.ts',
  shadow: 'shadow/run.ts',
  carve: 'carve/carve.bench.ts',
  compare: 'compare/run.ts',
  observe: 'observe/run.ts',
};

const [name = '', ...rest] = process.argv.slice(2);
const script = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (script === undefined) {
  const known = Object.keys(BENCHES).join(' | ');
  console.error(
    `${name === '' ? '' : `There is no benchmark "${name}". `}npm run bench -- ${known} [options]`,
  );
  process.exit(2);
}
const child = spawn(process.execPath, [join(import.meta.dirname, script), ...rest], { stdio: 'inherit' });
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
