import { existsSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import type { PackageInfo } from './packages.ts';
import { aliasTargets, TsconfigReader } from './tsconfig.ts';

/** Where an import leads: a file of the project, a package outside it, or nowhere that can be seen. */
export type Resolution =
  | { kind: 'file'; path: string }
  | { kind: 'external'; name: string }
  | { kind: 'missing'; request: string };

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

/**
 * Resolves module requests inside one project, without needing its dependencies installed: packages of the repository
 * are found by name, and an entry that points to build output is traced back to its source.
 */
export class ModuleResolver {
  readonly #root: string;
  readonly #files: ReadonlySet<string>;
  readonly #packages = new Map<string, PackageInfo>();
  readonly #packageDirs: PackageInfo[];
  readonly #tsconfigs: TsconfigReader;
  readonly #cache = new Map<string, Resolution>();
  readonly #resolver = new ResolverFactory({
    extensions: EXTENSIONS,
    extensionAlias: {
      '.js': ['.ts', '.tsx', '.js', '.jsx'],
      '.mjs': ['.mts', '.mjs'],
      '.cjs': ['.cts', '.cjs'],
      '.jsx': ['.tsx', '.jsx'],
    },
    conditionNames: ['source', 'development', 'node', 'import', 'require', 'default'],
    mainFields: ['source', 'module', 'main'],
    symlinks: false,
    builtinModules: false,
  });

  constructor(root: string, packages: PackageInfo[], files: ReadonlySet<string>) {
    this.#root = root;
    this.#files = files;
    this.#tsconfigs = new TsconfigReader(root);
    for (const info of packages) if (info.name !== undefined) this.#packages.set(info.name, info);
    this.#packageDirs = [...packages].sort((a, b) => b.dir.length - a.dir.length);
  }

  resolve(from: string, request: string): Resolution {
    const folder = dirname(from);
    const key = `${folder}\0${request}`;
    let found = this.#cache.get(key);
    if (found === undefined) {
      found = this.#find(folder, request);
      this.#cache.set(key, found);
    }
    return found;
  }

  #find(folder: string, request: string): Resolution {
    if (isBuiltin(request)) return { kind: 'external', name: request.replace(/^node:/, '') };
    if (/^\.{0,2}\//.test(request) || request === '.' || request === '..') {
      const path = this.#path(resolve(folder, request));
      return path === undefined ? { kind: 'missing', request } : { kind: 'file', path };
    }
    for (const target of aliasTargets(this.#tsconfigs.forFolder(folder), request)) {
      const path = this.#path(target);
      if (path !== undefined) return { kind: 'file', path };
    }
    const owner = this.#packageDirs.find((info) => folder === info.dir || folder.startsWith(info.dir + sep));
    const inner = request.startsWith('#') ? this.#imports(owner, request) : this.#moduleAlias(owner, request);
    if (inner !== undefined) return { kind: 'file', path: inner };
    const [name, rest] = splitPackage(request);
    const local = this.#packages.get(name);
    if (local !== undefined) {
      const path = this.#inPackage(local, rest);
      return path === undefined ? { kind: 'missing', request } : { kind: 'file', path };
    }
    if (request.startsWith('#') || request.startsWith('~/') || request.startsWith('@/'))
      return { kind: 'missing', request };
    return { kind: 'external', name: request };
  }

  /** A file of the tree for an absolute path without its extension, with another one, or of a folder. */
  #path(path: string): string | undefined {
    if (this.#files.has(path)) return path;
    if (!path.startsWith(this.#root + sep)) return undefined;
    const { path: found } = this.#resolver.sync(dirname(path), `./${path.slice(dirname(path).length + 1)}`);
    if (found !== undefined && this.#known(found)) return found;
    return this.#built(path);
  }

  #known(path: string): boolean {
    return this.#files.has(path) || (path.endsWith('.json') && path.startsWith(this.#root + sep));
  }

  /** `dist/index.js` that was never built stands for `src/index.ts`. */
  #built(path: string): string | undefined {
    const relative = path.slice(this.#root.length);
    for (const output of ['dist', 'build', 'lib', 'out']) {
      const marker = `${sep}${output}${sep}`;
      const at = relative.lastIndexOf(marker);
      if (at === -1) continue;
      const head = this.#root + relative.slice(0, at);
      const tail = relative
        .slice(at + marker.length)
        .replace(/\.d\.[cm]?ts$|\.[cm]?js$/, '')
        .replace(/^(?:src|esm|cjs)\//, '');
      for (const source of ['src', '.']) {
        for (const extension of ['.ts', '.tsx', '.mts', '.js', '.mjs', `${sep}index.ts`, `${sep}index.js`]) {
          const candidate = join(head, source, tail + extension);
          if (this.#files.has(candidate)) return candidate;
        }
      }
    }
    return undefined;
  }

  #inPackage(info: PackageInfo, rest: string): string | undefined {
    const targets = [
      ...exportTargets(info.json.exports, rest === '' ? '.' : `./${rest}`),
      ...(rest === ''
        ? [
            info.json.source,
            info.json.module,
            info.json.main,
            info.json.types,
            'src/index',
            'index',
            'src/main',
          ]
        : [rest, `src/${rest}`]),
    ];
    for (const target of targets) {
      if (typeof target !== 'string') continue;
      const path = this.#path(resolve(info.dir, target));
      if (path !== undefined) return path;
    }
    return undefined;
  }

  #imports(owner: PackageInfo | undefined, request: string): string | undefined {
    if (owner === undefined) return undefined;
    for (const target of exportTargets(owner.json.imports, request)) {
      const path = this.#path(resolve(owner.dir, target));
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /** Aliases of the `module-alias` package, declared in package.json. */
  #moduleAlias(owner: PackageInfo | undefined, request: string): string | undefined {
    const aliases = owner?.json._moduleAliases;
    if (owner === undefined || typeof aliases !== 'object' || aliases === null) return undefined;
    for (const [alias, target] of Object.entries(aliases)) {
      if (typeof target !== 'string' || (request !== alias && !request.startsWith(`${alias}/`))) continue;
      const path = resolve(owner.dir, target) + request.slice(alias.length);
      return this.#path(path) ?? this.#built(path);
    }
    return undefined;
  }
}

function splitPackage(request: string): [name: string, rest: string] {
  const parts = request.split('/');
  const length = request.startsWith('@') ? 2 : 1;
  return [parts.slice(0, length).join('/'), parts.slice(length).join('/')];
}

/** Every target that an `exports` or `imports` map may give for `request`, whatever the conditions. */
function exportTargets(map: unknown, request: string): string[] {
  if (typeof map === 'string') return request === '.' ? [map] : [];
  if (typeof map !== 'object' || map === null) return [];
  const entries = Object.entries(map);
  if (!entries.some(([key]) => key.startsWith('.') || key.startsWith('#'))) {
    return request === '.' ? entries.flatMap(([, value]) => leaves(value)) : [];
  }
  for (const [key, value] of entries) {
    const star = key.indexOf('*');
    if (star === -1) {
      if (key === request) return leaves(value);
      continue;
    }
    const head = key.slice(0, star);
    const tail = key.slice(star + 1);
    if (!request.startsWith(head) || !request.endsWith(tail)) continue;
    const middle = request.slice(head.length, request.length - tail.length);
    return leaves(value).map((target) => target.replaceAll('*', () => middle));
  }
  return [];
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return [];
}

/** Whether `path` is a folder of the tree. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
