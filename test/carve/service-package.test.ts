import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serviceFiles } from '../../cli/carve/service/files.ts';
import { runWith } from '../../cli/carve/service/package/run-with.ts';
import type { OutputFile, ServiceSpec } from '../../cli/carve/service/spec.ts';
import { folderOf, generate, SHAPES, specOf } from './service-harness.ts';

async function written(
  monolith: Record<string, string>,
  spec: Partial<ServiceSpec> = {},
  taken: OutputFile[] = [],
): Promise<Map<string, string>> {
  const base = folderOf(monolith);
  const files = await serviceFiles(
    specOf(base, {
      ...SHAPES['express-cjs'].spec,
      ...spec,
      layout: { packageDir: '', otherPackages: [], ...spec.layout, base },
      schemaFiles: (spec.schemaFiles ?? []).map((file) => join(base, file)),
    }),
    taken,
  );
  return new Map(files.map((file) => [file.path, file.text]));
}

const json = (files: Map<string, string>, path = 'package.json') => JSON.parse(files.get(path) ?? '{}');
const ts = { language: 'ts', app: { ...SHAPES['express-ts'].spec.app } } as const;

it('writes the same bytes for the same input', async () => {
  const [first, second] = [await generate(SHAPES['fastify-ts']), await generate(SHAPES['fastify-ts'])];
  expect(second.files).toEqual(first.files);
  expect(first.files.map((file) => file.path)).toEqual(first.files.map((file) => file.path).sort());
});

describe('package.json', () => {
  it("has what the code imports, at the monolith's versions, and what the generated code needs", async () => {
    const files = await written(
      {
        'package.json': JSON.stringify({
          name: 'shop',
          engines: { node: '^20.11' },
          dependencies: { express: '^4.18.2', lodash: '4.17.21', ejs: '^3.1.0', 'left-pad': '1' },
          devDependencies: { '@types/express': '^4', '@types/lodash': '^4', jest: '^29' },
        }),
      },
      { dependencies: ['express', 'lodash/fp'] },
      [{ path: 'app.js', text: "app.set('view engine', 'ejs');" }],
    );
    expect(json(files)).toMatchObject({ name: 'items-service', private: true, engines: { node: '^20.11' } });
    expect(json(files).type).toBeUndefined();
    expect(json(files).dependencies).toEqual({
      '@aws-sdk/client-servicediscovery': '3.1138.0',
      ejs: '^3.1.0',
      express: '^4.18.2',
      lodash: '4.17.21',
      'prom-client': '15.1.3',
    });
    expect(json(files).devDependencies).toBeUndefined();
    expect(json(files).scripts).toEqual({
      start: 'node service/main.js',
      test: 'node --test service/test/*.test.js',
    });
    expect(files.get('Dockerfile')).toContain('FROM node:20-slim');
  });

  it('takes versions from the root of the workspaces, types for TypeScript, and tsx where Node cannot run the code', async () => {
    const files = await written(
      {
        'package.json': JSON.stringify({
          workspaces: ['apps/*', 'packages/*'],
          devDependencies: { typescript: '~5.4.0', '@types/express': '^4.17.0', tsx: '^4.7.0' },
        }),
        'apps/api/package.json': JSON.stringify({
          name: '@shop/api',
          imports: { '#lib/*': './src/lib/*' },
          dependencies: { express: '^4.18.2', '@shop/db': 'workspace:*' },
        }),
        'packages/db/package.json': JSON.stringify({
          name: '@shop/db',
          main: 'src/index.ts',
          scripts: { build: 'tsc' },
          dependencies: { pg: '^8.0.0' },
          devDependencies: { typescript: '*' },
        }),
      },
      {
        ...ts,
        modules: 'cjs',
        layout: { base: '', packageDir: 'apps/api', otherPackages: ['packages/db'] },
        dependencies: ['express', '@shop/db', 'pg', 'nowhere'],
      },
    );
    const own = json(files);
    expect(own.dependencies).toMatchObject({
      '@shop/db': 'file:packages/db',
      pg: '^8.0.0',
      tsx: '^4.7.0',
    });
    expect(own.devDependencies).toEqual({
      '@types/express': '^4.17.0',
      '@types/node': '22.18.0',
      typescript: '~5.4.0',
    });
    expect(own.imports).toEqual({ '#lib/*': './apps/api/src/lib/*' });
    expect(own.scripts.start).toBe('tsx service/main.ts');
    expect(json(files, 'packages/db/package.json')).toEqual({
      name: '@shop/db',
      main: 'src/index.ts',
      dependencies: { pg: '^8.0.0' },
    });
    expect(own.dependencies.nowhere).toBeUndefined();
    expect(files.get('README.md')).toContain('asks for `nowhere`');
  });

  it('takes types that came along with another package, and such as have no package to them', async () => {
    const files = await written(
      {
        'package.json': JSON.stringify({
          dependencies: { express: '^4.18.2' },
          devDependencies: { '@types/express': '^4.17.0', '@types/passport-jwt': '^3.0.0' },
        }),
        'node_modules/jsonwebtoken/package.json': '{ "version": "8.5.1" }',
        'node_modules/@types/jsonwebtoken/package.json': '{ "version": "8.5.9" }',
        'node_modules/@types/express-serve-static-core/package.json': '{ "version": "4.17.31" }',
      },
      { ...ts, modules: 'cjs', dependencies: ['express', 'jsonwebtoken', 'express-serve-static-core'] },
    );
    expect(json(files).dependencies).toMatchObject({ express: '^4.18.2', jsonwebtoken: '^8.5.1' });
    expect(json(files).dependencies['express-serve-static-core']).toBeUndefined();
    expect(json(files).devDependencies).toMatchObject({
      '@types/express': '^4.17.0',
      '@types/express-serve-static-core': '^4.17.31',
      '@types/jsonwebtoken': '^8.5.9',
    });
    expect(files.get('README.md')).not.toContain('express-serve-static-core');
  });

  it('loads .env as the monolith does', async () => {
    const dotenv = await written({ 'package.json': '{ "dependencies": { "dotenv": "^16.0.0" } }' });
    expect(json(dotenv).dependencies.dotenv).toBe('^16.0.0');
    expect(dotenv.get('service/environment.js')).toContain("require('dotenv/config');");
    const option = await written({
      'package.json': '{ "scripts": { "start": "node --env-file=.env server.js" } }',
    });
    expect(json(option).scripts.start).toBe('node --env-file-if-exists=.env service/main.js');
    const none = await written({ 'package.json': '{}' });
    expect(none.get('service/environment.js')).not.toContain('dotenv');
  });

  it('names files by the module system of their kind, whatever the package is', async () => {
    const commonJs = await written({ 'package.json': '{ "type": "module" }' }, { modules: 'cjs' });
    expect(commonJs.get('service/main.cjs')).toContain("require('./application.cjs')");
    const modules = await written(
      { 'package.json': '{}' },
      { modules: 'esm', app: { ...SHAPES['fastify-esm'].spec.app } },
    );
    expect(modules.get('service/main.mjs')).toContain("from './application.mjs'");
    expect(modules.get('service/application.mjs')).toContain("from '../app.js'");
  });
});

it('moves the addresses of the platform aside where the application has routes of these names', async () => {
  const routes = [{ method: 'GET', path: '/healthz', file: 'app.js', line: 1 }];
  const files = await written({ 'package.json': '{}' }, { routes });
  expect(files.get('service/about.js')).toContain(
    "{ health: '/-/healthz', ready: '/readyz', metrics: '/metrics' }",
  );
  expect(files.get('Dockerfile')).toContain('/-/healthz');
});

describe('tsconfig.json', () => {
  it('is self-contained: extends are resolved, paths lead to the same files, output and unused names are no matter', async () => {
    const files = await written(
      {
        'package.json': '{}',
        'config/base.json':
          '{ "compilerOptions": { "strict": true, "noUnusedLocals": true, "baseUrl": "..", "target": "es2020" } }',
        'apps/api/package.json': '{ "type": "module" }',
        'apps/api/tsconfig.json': `{
          "extends": ["../../config/base"], // shared
          "compilerOptions": { "paths": { "@/*": ["apps/api/src/*"] }, "outDir": "dist", "target": "es2022", "types": ["node", "jest"] },
        }`,
      },
      { ...ts, modules: 'esm', layout: { base: '', packageDir: 'apps/api', otherPackages: [] } },
    );
    expect(json(files, 'tsconfig.json')).toEqual({
      compilerOptions: {
        strict: true,
        baseUrl: '.',
        target: 'es2022',
        paths: { '@/*': ['apps/api/src/*'] },
        types: ['node'],
        skipLibCheck: true,
        noEmit: true,
        allowImportingTsExtensions: true,
      },
      include: ['**/*'],
      exclude: ['node_modules', 'dist'],
    });
  });

  it("is the repository's where the application's package has none", async () => {
    const files = await written(
      {
        'package.json': '{ "workspaces": ["apps/*"] }',
        'tsconfig.json': '{ "compilerOptions": { "strict": false } }',
        'apps/api/package.json': '{ "type": "module" }',
      },
      { ...ts, modules: 'esm', layout: { base: '', packageDir: 'apps/api', otherPackages: [] } },
    );
    expect(json(files, 'tsconfig.json').compilerOptions.strict).toBe(false);
  });

  it('is strict where a base is not installed, and the page says so', async () => {
    const files = await written(
      { 'package.json': '{}', 'tsconfig.json': '{ "extends": "@tsconfig/node22/tsconfig.json" }' },
      { ...ts, modules: 'cjs' },
    );
    expect(json(files, 'tsconfig.json').compilerOptions).toMatchObject({ strict: true, module: 'node16' });
    expect(files.get('README.md')).toContain('extends `@tsconfig/node22/tsconfig.json`');
  });
});

describe('what runs the code', () => {
  const esm = (text: string, path = 'src/app.ts'): OutputFile[] => [{ path, text }];
  it.each([
    ["import { a } from './a.ts';\nexport type B = string;", undefined],
    ['declare enum E { A }\nnamespace T { export type A = string }', undefined],
    ["import { a } from './a';", 'imports "./a" without its extension'],
    ["export * from './a.js';", 'imports "./a.js", which is a .ts file'],
    ["import { a } from '@/lib/a';", 'imports "@/lib/a" by an alias'],
    ['export enum Color { Red }', 'declares an enum'],
    ['class A { constructor(private readonly b: string) {} }', 'has parameter properties'],
    ['@Injectable() class A {}', 'has decorators'],
    ['namespace N { export const a = 1 }', 'declares a namespace'],
  ])('%j', (text, because) => {
    expect(runWith(esm(text), 'ts', 'esm').because).toBe(because && `src/app.ts ${because}`);
  });
  it('is tsx for TypeScript that becomes CommonJS, and Node for JavaScript', () => {
    expect(runWith(esm(''), 'ts', 'cjs').runner).toBe('tsx');
    expect(runWith(esm('', 'app.js'), 'js', 'cjs').runner).toBe('node');
  });
});

describe('Prisma of an older major version', () => {
  const schema =
    'datasource db {\n  provider = "mysql"\n  url = env("SHOP_DB")\n}\nmodel Item {\n  id Int @id\n}\n';
  it('is installed, generated and configured as in the monolith; what is not written is said', async () => {
    const files = await written(
      {
        'package.json':
          '{ "dependencies": { "@prisma/client": "^6.1.0" }, "devDependencies": { "prisma": "^6.1.0" } }',
        'prisma/schema.prisma': schema,
      },
      { schemaFiles: ['prisma/schema.prisma'], models: { owned: ['Item'], shared: [] } },
    );
    expect(json(files).dependencies['@prisma/client']).toBe('^6.1.0');
    expect(json(files).devDependencies).toEqual({ prisma: '^6.1.0' });
    expect(json(files).scripts.generate).toBe('prisma generate --schema prisma/schema.prisma');
    expect(files.get('service/about.js')).toContain("const databaseVariable = 'SHOP_DB';");
    expect(files.get('Dockerfile')).toContain('openssl');
    expect([...files.keys()].filter((path) => /prisma\.config|migration/.test(path))).toEqual([]);
    expect(files.get('README.md')).toContain('this database is mysql');
  });
});
