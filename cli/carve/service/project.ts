/**
 * The one place that reads the monolith's files for what is written here; everything after it is pure. What is not there
 * is undefined: a carve does not fail for want of a tsconfig.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  type CompilerOptions,
  parseJsonc,
  type ResolvedTsconfig,
  resolveTsconfig,
} from './package/tsconfig.ts';
import type { ServiceSpec } from './spec.ts';

export interface PackageJson {
  name?: string;
  version?: string;
  type?: string;
  main?: string;
  exports?: unknown;
  imports?: Record<string, unknown>;
  engines?: Record<string, string>;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  overrides?: unknown;
  resolutions?: unknown;
  [key: string]: unknown;
}

export interface TextFile {
  /** Relative to `layout.base`, with forward slashes; may begin with `../` where the monolith keeps it outside. */
  path: string;
  text: string;
}

/** What the monolith's own files say about how its code is built, run and stored. */
export interface Project {
  /** Of the application's package. */
  package: PackageJson;
  /** Packages whose code is taken, by folder relative to `layout.base`. */
  others: { dir: string; package: PackageJson }[];
  /** Root of the repository's workspaces, where that is another one. */
  root: PackageJson | undefined;
  tsconfig: ResolvedTsconfig | undefined;
  schema: TextFile[];
  migrations: TextFile[];
  migrationLock: string | undefined;
  prismaConfig: TextFile | undefined;
  /** Installed version of a package that no package.json asks for. */
  installed(name: string): string | undefined;
}

/** Reads what `serviceFiles` needs to know beside the spec. */
export function readProject(spec: ServiceSpec): Project {
  const { base, packageDir, otherPackages } = spec.layout;
  const home = join(base, packageDir);
  const root = workspaceRoot(home);
  const place = (path: string): string => relative(base, path).split(sep).join('/');
  const textFile = (path: string): TextFile => ({ path: place(path), text: readFileSync(path, 'utf8') });
  return {
    package: readPackage(home) ?? {},
    others: otherPackages.map((dir) => ({ dir, package: readPackage(join(base, dir)) ?? {} })),
    root: root === undefined ? undefined : readPackage(root),
    tsconfig: spec.language === 'ts' ? readTsconfig(home, base, root) : undefined,
    schema: spec.schemaFiles.map(textFile),
    migrations: [...spec.migrationFiles].sort().map(textFile),
    migrationLock: migrationLock(spec.migrationFiles),
    prismaConfig: prismaConfig([home, base, ...schemaHomes(spec)]).map(textFile)[0],
    installed: (name) =>
      [home, base]
        .map((dir) => readJson(join(dir, 'node_modules', name, 'package.json'))?.version)
        .find((version) => typeof version === 'string') as string | undefined,
  };
}

function readPackage(dir: string): PackageJson | undefined {
  return readJson(join(dir, 'package.json')) as PackageJson | undefined;
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return parseJsonc(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The nearest folder above whose workspaces hold the package. */
function workspaceRoot(home: string): string | undefined {
  for (let dir = dirname(home); ; dir = dirname(dir)) {
    const found = readPackage(dir);
    const patterns = [...listed(found?.workspaces), ...pnpmPatterns(join(dir, 'pnpm-workspace.yaml'))];
    const place = relative(dir, home).split(sep).join('/');
    if (found && patterns.some((pattern) => globFor(pattern).test(place))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}

/** `workspaces` is a list, or a map with one. */
function listed(workspaces: unknown): string[] {
  const list = Array.isArray(workspaces)
    ? workspaces
    : (workspaces as { packages?: unknown } | undefined)?.packages;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function pnpmPatterns(file: string): string[] {
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(/^\s*-\s*['"]?([^'"#\n]+?)['"]?\s*$/gm)].map(
    (match) => match[1] ?? '',
  );
}

function globFor(pattern: string): RegExp {
  const source = pattern
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'));
  return new RegExp(`^${source}$`);
}

/** The application's own tsconfig, or that of its repository, which holds for it too. */
function readTsconfig(home: string, base: string, root: string | undefined): ResolvedTsconfig | undefined {
  const dirs = [home, base, ...(root === undefined ? [] : [root])];
  const start = dirs.map((dir) => join(dir, 'tsconfig.json')).find(existsSync);
  if (start === undefined) return undefined;
  return resolveTsconfig(
    start,
    base,
    (path) => readJson(path) as { compilerOptions?: CompilerOptions } | undefined,
    extended,
  );
}

/** The file that `extends` names: a path, or a package that may or may not be installed. */
function extended(from: string, name: string): string | undefined {
  const candidates = (path: string) => [path, `${path}.json`, join(path, 'tsconfig.json')];
  if (name.startsWith('.') || isAbsolute(name)) {
    return candidates(resolve(dirname(from), name)).find(
      (path) => path.endsWith('.json') && existsSync(path),
    );
  }
  for (let dir = dirname(from); ; dir = dirname(dir)) {
    const found = candidates(join(dir, 'node_modules', name)).find(
      (path) => path.endsWith('.json') && existsSync(path),
    );
    if (found !== undefined || dir === dirname(dir)) return found;
  }
}

function schemaHomes(spec: ServiceSpec): string[] {
  return spec.schemaFiles.flatMap((file) => [
    dirname(file),
    dirname(dirname(file)),
    dirname(dirname(dirname(file))),
  ]);
}

function prismaConfig(dirs: string[]): string[] {
  const names = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].flatMap((ext) => [
    `prisma.config.${ext}`,
    `.config/prisma.${ext}`,
  ]);
  return dirs.flatMap((dir) => names.map((name) => join(dir, name))).filter(existsSync);
}

function migrationLock(files: string[]): string | undefined {
  for (const file of files) {
    const lock = join(dirname(dirname(file)), 'migration_lock.toml');
    if (basename(file) === 'migration.sql' && existsSync(lock)) return readFileSync(lock, 'utf8');
  }
  return undefined;
}
