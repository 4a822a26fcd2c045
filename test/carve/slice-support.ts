/** Monoliths written down in a test, sliced in memory, and what must hold of any slice. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ImportBinding, indexModule } from '../../cli/analysis/interpret/modules.ts';
import { analyzeDeep, type DeepAnalysis } from '../../cli/analysis/pipeline.ts';
import { symbolTable } from '../../cli/analysis/symbols/table.ts';
import { eachChild, type Node } from '../../cli/analysis/syntax/ast.ts';
import { parseFile, type SourceFile } from '../../cli/analysis/syntax/parse.ts';
import type { Decision } from '../../cli/carve/decisions.ts';
import type { OutputFile } from '../../cli/carve/service/spec.ts';
import { requestOf, requiredNames } from '../../cli/carve/slice/common-js.ts';
import { type ServiceSlice, type StubMaker, sliceService } from '../../cli/carve/slice/service-slice.ts';

/** Stubs that can be told from what was taken. */
export const stubs: StubMaker = {
  port: ({ address, form }) => ({
    text:
      form === 'arrow'
        ? `(...args) => call('${address}', args)`
        : `function ${named(address)}(...args) { return call('${address}', args); }`,
    imports: [{ request: '#ports', names: ['call'] }],
  }),
  identity: ({ name }) => ({ text: `ask('${name}')`, imports: [{ request: '#ports', names: ['ask'] }] }),
};

function named(address: string): string {
  return address.slice(address.lastIndexOf('.') + 1);
}

export const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name);

const SCHEMA = `generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Note {
  id       Int    @id @default(autoincrement())
  text     String
  author   User   @relation(fields: [authorId], references: [id])
  authorId Int
}
model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  notes Note[]
}
model Order {
  id Int @id @default(autoincrement())
}
`;

/** Writes a monolith that the test's end removes. A `package.json` and a schema with Note, User and Order come with it. */
export function monolith(files: Readonly<Record<string, string>>, framework = 'express'): string {
  const dir = mkdtempSync(join(tmpdir(), 'slice-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const all = {
    'package.json': JSON.stringify({
      name: 'monolith',
      ...(!('app.js' in files && /\brequire\(|module\.exports/.test(files['app.js'] ?? '')) && {
        type: 'module',
      }),
      dependencies: { [framework]: '*', '@prisma/client': '*' },
    }),
    'prisma/schema.prisma': SCHEMA,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

export interface Sliced extends Omit<ServiceSlice, 'files'> {
  files: OutputFile[];
  deep: DeepAnalysis;
  /** Text of every taken file by its path. */
  text: Record<string, string>;
}

export function decided(choices: Readonly<Record<string, string>>): Map<string, Decision> {
  return new Map(Object.entries(choices).map(([key, choose]) => [key, { choose, because: 'a test' }]));
}

export function sliceDeep(
  deep: DeepAnalysis,
  capability: string,
  choices: Readonly<Record<string, string>> = {},
): Sliced {
  const sliced = sliceService(deep, capability, decided(choices));
  const files = sliced.files(stubs);
  return { ...sliced, deep, files, text: Object.fromEntries(files.map(({ path, text }) => [path, text])) };
}

/** Carves `notes` out of a monolith written down here: the model Note and the routes with `/notes` in their path. */
export function slice(
  files: Readonly<Record<string, string>>,
  { framework, choices }: { framework?: string; choices?: Readonly<Record<string, string>> } = {},
): Sliced {
  const deep = analyzeDeep({ dir: monolith(files, framework), capabilities: ['notes=Note'] });
  for (const suggestion of deep.analysis.suggestions)
    if (suggestion.source === 'given')
      suggestion.routes = deep.analysis.routes
        .filter((route) => route.path.includes('/notes'))
        .map(({ method, path }) => ({ method, path }));
  return sliceDeep(deep, 'notes', choices);
}

/**
 * Everything that is broken in a slice, in words: files that do not parse, imports of what was not taken, names that a file
 * does not export or does not declare any more, routes that are lost or added.
 */
export function brokenIn({ deep, files, plan, spec }: Sliced): string[] {
  const found: string[] = [];
  const parsed = new Map<string, SourceFile>();
  for (const { path, text, bytes } of files) {
    if (bytes !== undefined || !/\.[cm]?[jt]sx?$/.test(path)) continue;
    const source = parseFile(join(spec.layout.base, path), path, text);
    if ('program' in source) parsed.set(source.path, source);
    else found.push(`${path}:${source.line} does not parse: ${source.message}`);
  }
  const taken = new Set(files.map(({ path }) => join(spec.layout.base, path)));
  for (const source of parsed.values()) {
    for (const { request, names } of importsOf(source)) {
      if (request === '#ports') continue;
      const target = deep.run.vm.resolver.resolve(source.path, request);
      if (target.kind !== 'file') continue;
      if (!taken.has(target.path)) {
        found.push(`${source.name} imports ${request}, which is not taken`);
        continue;
      }
      const exported = exportsOf(deep, parsed, target.path);
      for (const name of names)
        if (exported !== undefined && !exported.has(name))
          found.push(`${source.name} imports ${name} of ${request}, which does not export it`);
    }
  }
  for (const source of parsed.values()) found.push(...undeclared(deep, source));
  found.push(...routesOf(deep, files, plan, spec.layout.base));
  return found;
}

function importsOf({ program }: SourceFile): { request: string; names: string[] }[] {
  const found: { request: string; names: string[] }[] = [];
  const walk = (node: Node): void => {
    if (node.type === 'ImportDeclaration')
      found.push({
        request: node.source.value,
        names: node.specifiers.flatMap((item) =>
          item.type === 'ImportSpecifier'
            ? [item.imported.type === 'Literal' ? String(item.imported.value) : item.imported.name]
            : item.type === 'ImportDefaultSpecifier'
              ? ['default']
              : [],
        ),
      });
    else if (node.type === 'ExportAllDeclaration') found.push({ request: node.source.value, names: [] });
    else if (node.type === 'ExportNamedDeclaration' && node.source !== null)
      found.push({
        request: node.source.value,
        names: node.specifiers.map((item) =>
          item.local.type === 'Literal' ? String(item.local.value) : item.local.name,
        ),
      });
    for (const name of requiredNames(node) ?? [])
      found.push({ request: name.request, names: name.imported === '*' ? [] : [name.imported] });
    const request = requestOf(node);
    if (request !== undefined) found.push({ request, names: [] });
    eachChild(node, walk);
  };
  walk(program);
  return found;
}

/** Undefined where the names can't be told, such as behind `export *` of a package. */
function exportsOf(
  deep: DeepAnalysis,
  parsed: ReadonlyMap<string, SourceFile>,
  path: string,
): Set<string> | undefined {
  const source = parsed.get(path);
  if (source === undefined) return undefined;
  if (!source.esm) {
    const names = new Set(
      [...source.text.matchAll(/(?:module\.)?exports\.(\w+)\s*=/g)].map((match) => match[1] ?? ''),
    );
    const list = /module\.exports\s*=\s*\{([^}]*)\}/.exec(source.text)?.[1];
    if (list === undefined) return /module\.exports\s*=/.test(source.text) ? undefined : names;
    for (const match of list.matchAll(/(?:^|,)\s*(\w+)/g)) names.add(match[1] ?? '');
    return names.add('default');
  }
  if (source.program.body.some((statement) => statement.type === 'TSExportAssignment')) return undefined;
  const state = indexModule(source);
  const names = new Set(state.exports.keys());
  for (const request of state.stars) {
    const target = deep.run.vm.resolver.resolve(path, request);
    const inner = target.kind === 'file' ? exportsOf(deep, parsed, target.path) : undefined;
    if (inner === undefined) return undefined;
    for (const name of inner) if (name !== 'default') names.add(name);
  }
  return names;
}

/** Names that a file's authors declared or imported at its top, and that the slice mentions without either. */
function undeclared(deep: DeepAnalysis, source: SourceFile): string[] {
  const before = deep.tables.get(source.path);
  if (before === undefined) return [];
  const state = indexModule(source);
  const declares = new Set([...symbolTable(state).byName.keys(), ...state.imports.keys()]);
  const missing = [...before.byName.keys(), ...before.module.imports.keys()].filter(
    (name) => !declares.has(name),
  );
  // Taken for imports, their mentions are found where scopes are respected.
  for (const name of missing)
    state.imports.set(name, { request: '', imported: name, typeOnly: false } as ImportBinding);
  const found = new Set(
    symbolTable(state).symbols.flatMap((symbol) => symbol.mentions.map((mention) => mention.name)),
  );
  return missing
    .filter((name) => found.has(name))
    .map((name) => `${source.name} mentions ${name}, which it no longer declares`);
}

/** The taken files, analysed by themselves, must serve the capability's routes and no others. */
function routesOf(deep: DeepAnalysis, files: Sliced['files'], plan: Sliced['plan'], base: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'sliced-'));
  try {
    for (const { path, text, bytes } of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), bytes ?? text);
    }
    const copy = (path: string): void => {
      const name = relative(base, path);
      if (!name.startsWith('..')) cpSync(path, join(dir, name), { recursive: true });
    };
    for (const { dir: folder } of deep.files.packages)
      for (const name of ['package.json', 'tsconfig.json'])
        if (existsSync(join(folder, name))) copy(join(folder, name));
    for (const path of deep.schemas) copy(path);
    const home = relative(base, deep.dir);
    const again = analyzeDeep({ dir: join(dir, home.startsWith('..') ? '' : home) });
    const name = (route: { method: string; path: string }): string => `${route.method} ${route.path}`;
    const served = new Set(again.analysis.routes.map(name));
    const wanted = new Set(plan.routes.map(name));
    return [
      ...[...wanted].filter((route) => !served.has(route)).map((route) => `${route} is lost`),
      ...[...served].filter((route) => !wanted.has(route)).map((route) => `${route} is added`),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
