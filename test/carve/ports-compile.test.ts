import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monolithPatch } from '../../cli/carve/ports/monolith/patch.ts';
import { portFiles } from '../../cli/carve/ports/service-files.ts';
import { type Folder, folderOf, portOf, specOf, write } from './ports-support.ts';

const compiler = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
const unused = '--noUnusedLocals --noUnusedParameters --noImplicitReturns --noFallthroughCasesInSwitch';
const strictest = `--strict ${unused} --exactOptionalPropertyTypes --noPropertyAccessFromIndexSignature --noUncheckedIndexedAccess --isolatedModules --noImplicitOverride --erasableSyntaxOnly`;

describe.each(['express', 'fastify'] as const)('what is generated for %s in TypeScript', (framework) => {
  let folder: Folder;
  beforeAll(() => {
    folder = folderOf({
      'package.json': '{}',
      'app.ts': "import make from './make';\nexport const app = make();\n",
      'make.ts': 'export default function make(): object { return {}; }\n',
      'a.ts': 'async function f(id: number): Promise<number> { return id; }\nexport function who() {}\n',
    });
    const spec = specOf({
      framework,
      language: 'ts',
      app: { file: 'app.ts', exported: 'app', kind: 'value', args: '', created: { file: 'app.ts', line: 2 } },
      ports: [portOf({ file: 'a.ts', name: 'f', batch: true })],
      identity: [{ name: 'who', file: 'a.ts', line: 2, framework, properties: ['user'], exported: 'who' }],
    });
    for (const { path, after } of monolithPatch(spec, folder.read)!.changed)
      write(folder.path, { [path]: after });
    for (const { path, text } of portFiles(spec)) write(folder.path, { [path]: text });
  });
  afterAll(() => folder?.remove());

  it.each([
    [
      'without any strictness, as CommonJS',
      '--module commonjs --moduleResolution bundler --target es2020 --strict false',
    ],
    [
      'without strict nulls, for a bundler',
      '--module esnext --moduleResolution bundler --target esnext --strict --strictNullChecks false',
    ],
    ['as strictly as can be', `--module commonjs --moduleResolution bundler --target es2022 ${strictest}`],
  ])('compiles %s', (_how, options) => {
    const files = ['app.ts', 'service/ports/client.ts', 'service/ports/identity.ts', 'service/ports/many.ts'];
    let told = '';
    try {
      execFileSync(
        process.execPath,
        [
          compiler,
          '--noEmit',
          '--skipLibCheck',
          '--esModuleInterop',
          '--types',
          'node',
          ...options.split(' '),
          ...files,
        ],
        { cwd: folder.path, encoding: 'utf8', stdio: 'pipe' },
      );
    } catch (error) {
      told = String((error as { stdout: unknown }).stdout);
    }
    expect(told).toBe('');
  });
});
