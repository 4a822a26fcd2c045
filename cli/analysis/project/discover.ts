import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { Unresolved } from '../model.ts';
import { type IgnoreRule, ignored, ignoreRules } from './gitignore.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type PackageInfo, readPackage, workspacePatterns } from './packages.ts';
import { trackedThoughIgnored } from './tracked.ts';

/** What lies in a project's tree, before any of it is parsed. */
export interface ProjectFiles {
  /** The folder that was asked for. */
  dir: string;
  /** The folder nothing is read outside of: the repository's root when `dir` is one of its packages. */
  root: string;
  /** Absolute paths of the sources below `dir`, sorted. */
  sources: string[];
  /** Absolute paths of further sources below `root`, read only when something in `dir` reaches them. */
  reachable: Set<string>;
  /** Sources that a tool wrote, with how one can tell. They are among the reachable ones. */
  generated: Map<string, string>;
  prismaFiles: string[];
  tsconfigs: string[];
  packages: PackageInfo[];
  migrationFiles: string[];
  unresolved: Unresolved[];
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const NO_SOURCE = /(?:\.d\.[cm]?ts|\.min\.js|\.(?:spec|test|e2e-spec|stories|mock)\.[cm]?[jt]sx?)$/;
const SKIPPED_FOLDERS = new Set([
  'node_modules',
  'bower_components',
  'coverage',
  'dist',
  'build',
  'out',
  'tmp',
  '__tests__',
  '__mocks__',
  '__fixtures__',
  'cypress',
  'e2e',
  'test',
  'tests',
]);

/**
 * Lists a Node project's files. Links are never followed: one that leads out of the tree is reported, one inside it
 * would only show the same file twice.
 *
 * @throws StranglerError `ANALYZE_NO_FOLDER`, `ANALYZE_NOT_NODE`
 */
export function discover(dir: string, limits: Limits = DEFAULT_LIMITS): ProjectFiles {
  const asked = resolve(dir);
  if (!existsSync(asked) || !statSync(asked).isDirectory()) {
    throw new StranglerError('ANALYZE_NO_FOLDER', `${dir} is not a folder`, {
      exitCode: EXIT.usage,
      remedy: 'Name the folder that holds the monolith’s package.json.',
    });
  }
  const start = realpathSync(asked);
  const root = repositoryRoot(start);
  const found: ProjectFiles = {
    dir: start,
    root,
    sources: [],
    reachable: new Set(),
    generated: new Map(),
    prismaFiles: [],
    tsconfigs: [],
    packages: [],
    migrationFiles: [],
    unresolved: [],
  };
  let total = 0;
  const ours = start + sep;
  const manifest = join(start, 'package.json');
  const ignoredSources: string[] = [];

  const walk = (folder: string, depth: number, above: readonly IgnoreRule[], outside: boolean): void => {
    if (depth > limits.depth) {
      found.unresolved.push(limitReached(name(folder), `folders deeper than ${limits.depth} are not read`));
      return;
    }
    const rules = [...above, ...rulesOf(folder, folder === root ? '' : name(folder))];
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
      const path = join(folder, entry.name);
      const unwanted = outside || ignored(rules, name(path), entry.isDirectory());
      if (entry.isSymbolicLink()) {
        const finding = linkOutside(path, root);
        if (finding !== undefined) found.unresolved.push({ ...finding, file: name(path) });
      } else if (entry.isDirectory()) {
        const skipped =
          entry.name.startsWith('.') ||
          (SKIPPED_FOLDERS.has(entry.name) && !isPackageFolder(path)) ||
          (path !== start && isCarved(path));
        if (!skipped) walk(path, depth + 1, rules, unwanted);
      } else if (entry.isFile() && (!unwanted || path === manifest)) take(path, entry.name);
      else if (entry.isFile() && SOURCE.test(entry.name) && !NO_SOURCE.test(entry.name))
        ignoredSources.push(path);
    }
  };
  const take = (path: string, base: string): void => {
    if (base === 'package.json') {
      const info = readPackage(path, name(path), found.unresolved);
      if (info !== undefined) found.packages.push(info);
    } else if (/^tsconfig.*\.json$|^jsconfig\.json$/.test(base)) found.tsconfigs.push(path);
    else if (base.endsWith('.prisma')) found.prismaFiles.push(path);
    else if (base === 'migration.sql') found.migrationFiles.push(path);
    else if (SOURCE.test(base) && !NO_SOURCE.test(base)) {
      const { size } = lstatSync(path);
      if (size > limits.fileBytes) {
        found.unresolved.push(limitReached(name(path), `${size} bytes, more than the limit for one file`));
      } else if (!path.startsWith(ours)) found.reachable.add(path);
      else if (found.sources.length >= limits.files || total + size > limits.totalBytes) {
        found.unresolved.push(limitReached(name(path), 'the project is larger than the limit; not read'));
      } else {
        total += size;
        found.sources.push(path);
      }
    }
  };
  const name = (path: string): string => relative(root, path).split(sep).join('/') || '.';

  walk(root, 0, [], false);
  if (found.sources.length === 0 && ignoredSources.some((path) => path.startsWith(ours))) {
    // A tree in which git ignores everything is read as if there were no git.
    for (const path of ignoredSources) take(path, basename(path));
  } else {
    const tracked = ignoredSources.length === 0 ? new Set<string>() : trackedThoughIgnored(root);
    for (const path of ignoredSources) {
      if (tracked.has(path)) {
        take(path, basename(path));
        continue;
      }
      found.reachable.add(path);
      found.generated.set(path, 'git ignores it');
    }
    found.sources.sort();
  }
  if (
    !found.packages.some(
      (info) => start === info.dir || start.startsWith(info.dir + sep) || info.dir.startsWith(ours),
    )
  ) {
    throw new StranglerError('ANALYZE_NOT_NODE', `${dir} is not a Node project: there is no package.json`, {
      exitCode: EXIT.usage,
      place: { file: join(dir, 'package.json') },
      remedy:
        'Name the folder that holds package.json. For a monolith in another language use `strangler observe`.',
    });
  }
  return found;
}

function rulesOf(folder: string, base: string): IgnoreRule[] {
  const file = join(folder, '.gitignore');
  return existsSync(file) && lstatSync(file).isFile() ? ignoreRules(base, readFileSync(file, 'utf8')) : [];
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function isPackageFolder(path: string): boolean {
  return existsSync(join(path, 'package.json'));
}

/** A service that was carved out of a monolith may stand in its folder; it is no part of it any more. */
function isCarved(path: string): boolean {
  return existsSync(join(path, 'service.carve.json'));
}

function limitReached(file: string, reason: string): Unresolved {
  return { kind: 'limit', file, line: 1, reason };
}

function linkOutside(path: string, root: string): Omit<Unresolved, 'file'> | undefined {
  try {
    const target = realpathSync(path);
    if (target === root || target.startsWith(root + sep)) return undefined;
    return { kind: 'link-out-of-tree', line: 1, reason: 'a link that leads out of the tree is not followed' };
  } catch (error) {
    const reason = `a link that leads nowhere (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`;
    return { kind: 'broken-link', line: 1, reason };
  }
}

/** The nearest folder upwards that declares workspaces and owns `dir`; `dir` itself where there is none. */
function repositoryRoot(dir: string): string {
  for (let at = dirname(dir), from = dir; at !== from; from = at, at = dirname(at)) {
    if (existsSync(join(at, 'nx.json')) || workspacePatterns(at).length > 0) {
      const path = relative(at, dir).split(sep).join('/');
      const owned =
        existsSync(join(at, 'nx.json')) || workspacePatterns(at).some((pattern) => matches(pattern, path));
      return owned ? at : dir;
    }
    if (existsSync(join(at, '.git'))) break;
  }
  return dir;
}

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?/g, '\0')
    .replace(/\*/g, '[^/]*')
    .replace(/\0/g, '(?:.*/)?');
  return new RegExp(`^${source}(?:/|$)`).test(path);
}
