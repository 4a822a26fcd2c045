/** Where the packages of a gate folder come from: what the monolith has installed, else the toolkit's own. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { satisfies } from './version-range.ts';

export interface Wanted {
  name: string;
  range: string;
  /** Only for building and checking: another version does as well. */
  tool: boolean;
}

export interface Found {
  name: string;
  /** Real folder of the package. */
  dir: string;
  version: string;
}

export interface Supply {
  found: Found[];
  /** Not installed anywhere in a version that fits. */
  missing: { name: string; range: string; tool: boolean; seen: string[] }[];
}

interface PackageJson {
  name?: string;
  version?: string;
  bin?: string | Record<string, string>;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** What a gate folder's package.json files ask for; packages of the folder itself by the folder they stand in. */
export function wantedBy(
  folder: string,
  packageFiles: readonly string[],
  needing: readonly string[] = packageFiles,
): { wanted: Wanted[]; own: Map<string, string> } {
  const wanted = new Map<string, Wanted>();
  const own = new Map<string, string>();
  const packages = packageFiles.map((file) => ({
    dir: dirname(join(folder, file)),
    counts: needing.includes(file),
    json: readPackage(join(folder, file)),
  }));
  for (const { dir, json } of packages)
    if (json.name !== undefined && dir !== folder) own.set(json.name, dir);
  for (const { dir, json, counts } of packages) {
    if (!counts) continue;
    for (const [name, range] of Object.entries({
      ...json.devDependencies,
      ...json.optionalDependencies,
      ...json.dependencies,
    })) {
      if (own.has(name)) continue;
      const local = /^(?:file|link):(.*)$/.exec(range)?.[1];
      if (local !== undefined && existsSync(resolve(dir, local, 'package.json'))) {
        own.set(name, resolve(dir, local));
        continue;
      }
      const tool = json.dependencies?.[name] === undefined;
      const before = wanted.get(name);
      if (before === undefined || (before.tool && !tool)) wanted.set(name, { name, range, tool });
    }
  }
  return { wanted: [...wanted.values()], own };
}

/**
 * @param from folders from which packages are looked for as Node does, in order: the monolith's packages, then the toolkit
 */
export function supplyOf(wanted: readonly Wanted[], from: readonly string[]): Supply {
  const supply: Supply = { found: [], missing: [] };
  for (const { name, range, tool } of wanted) {
    const seen: Found[] = [];
    for (const start of from) {
      const dir = locate(name, start);
      if (dir === undefined || seen.some((item) => item.dir === dir)) continue;
      seen.push({ name, dir, version: readPackage(join(dir, 'package.json')).version ?? '0.0.0' });
    }
    // What the monolith itself runs with fits where the range can't be read.
    const fits =
      seen.find((item) => satisfies(item.version, range) ?? item === seen[0]) ?? (tool ? seen[0] : undefined);
    if (fits !== undefined) supply.found.push(fits);
    else supply.missing.push({ name, range, tool, seen: seen.map((item) => item.version) });
  }
  return supply;
}

/** Folder of an installed package, links resolved; undefined: none from there up to the root. */
export function locate(name: string, start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const dir = join(folder, 'node_modules', ...name.split('/'));
    if (existsSync(join(dir, 'package.json'))) return realpathSync(dir);
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * All that lies in the folders' own `node_modules`, the first of a name: code may import what no package.json asks for, and works as long
 * as another package brings it along.
 */
export function installedBeside(from: readonly string[]): Found[] {
  const found = new Map<string, Found>();
  for (const start of from) {
    const modules = join(start, 'node_modules');
    if (!existsSync(modules)) continue;
    const names = readdirSync(modules).flatMap((name) => {
      if (name.startsWith('.')) return [];
      return name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name];
    });
    for (const name of names) {
      const file = join(modules, name, 'package.json');
      if (found.has(name) || !existsSync(file)) continue;
      found.set(name, {
        name,
        dir: realpathSync(join(modules, name)),
        version: readPackage(file).version ?? '0.0.0',
      });
    }
  }
  return [...found.values()];
}

/** Makes `node_modules` of links in a gate folder, with the commands in `.bin`. */
export function linkPackages(
  folder: string,
  found: readonly Found[],
  own: ReadonlyMap<string, string>,
): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const { name, dir } of found) {
    const place = join(modules, ...name.split('/'));
    mkdirSync(dirname(place), { recursive: true });
    if (name === '@prisma/client') copyShell(dir, place);
    else symlinkSync(dir, place, 'dir');
    linkCommands(name, place, join(modules, '.bin'));
  }
  for (const [name, dir] of own) {
    const place = join(modules, ...name.split('/'));
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(dir, place, 'dir');
  }
}

/**
 * Up to Prisma 6 the generated client is found from the real place of `@prisma/client`, and `generate` writes there: a link would show
 * the monolith's client, and overwrite it. Files of the package's own folder are copied, folders below it linked, but for the generator:
 * up to Prisma 6.2 it does nothing where its real name is not the one by which it was started.
 */
function copyShell(dir: string, place: string): void {
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(dir)) {
    if (name === 'node_modules') continue;
    const from = join(dir, name);
    if (name === 'generator-build') cpSync(from, join(place, name), { recursive: true });
    else if (statSync(from).isDirectory()) symlinkSync(from, join(place, name), 'dir');
    else copyFileSync(from, join(place, name));
  }
}

function linkCommands(name: string, place: string, bin: string): void {
  const { bin: commands } = readPackage(join(place, 'package.json'));
  const entries =
    typeof commands === 'string' ? { [name.split('/').at(-1) ?? name]: commands } : (commands ?? {});
  for (const [command, file] of Object.entries(entries)) {
    if (!/^[\w.-]+$/.test(command)) continue;
    const target = join(place, file);
    const link = join(bin, command);
    if (!existsSync(target) || lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(target, link);
  }
}

export function readPackage(file: string): PackageJson {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as PackageJson) : {};
  } catch {
    return {};
  }
}
