/** A folder in which a service, or the monolith, is tried: its files, packages as links, generated Prisma client. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Content } from '../write/digest.ts';
import { listFiles } from '../write/target.ts';
import { installedBeside, linkPackages, type Supply, supplyOf, type Wanted, wantedBy } from './packages.ts';
import { gateEnvironment, lastLines, networkEnvironment, runCommand } from './run-process.ts';

/** The toolkit's own packages are looked for from here. */
const TOOLKIT = import.meta.dirname;
const SKIPPED = new Set(['node_modules', '.git', '.hg', '.svn', '.strangler', 'coverage', '.next', '.turbo']);
const INSTALL_LIMIT_MS = 10 * 60_000;

export interface BenchFiles {
  /** A tree to begin with: the team's files beside, or the monolith. Links out of it and packages are left out. */
  copyOf?: string | undefined;
  files: ReadonlyMap<string, { content: Content; executable: boolean }>;
  removed?: readonly string[];
}

export function makeBench(name: string, { copyOf, files, removed = [] }: BenchFiles): string {
  // The real name: programs compare it with what the system tells them.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `strangler-carve-${name}-`)));
  if (copyOf !== undefined && existsSync(copyOf)) copyTree(copyOf, folder);
  for (const path of removed) rmSync(join(folder, path), { force: true });
  for (const [path, { content, executable }] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: executable ? 0o755 : 0o644 });
  }
  return folder;
}

/** Secrets of a developer's machine stay where they are: an application that is tried gets made-up ones. */
function isSecret(name: string): boolean {
  return /^\.env(?:$|\.)/.test(name) && !/\.(?:example|sample|template|dist)$/.test(name);
}

function copyTree(from: string, to: string): void {
  const root = realpathSync(from);
  cpSync(root, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => {
      if (source === root) return true;
      const name = basename(source);
      if (SKIPPED.has(name) || isSecret(name) || name.startsWith('.carve-')) return false;
      const stats = lstatSync(source);
      if (stats.isSymbolicLink()) return staysInside(root, source);
      return stats.isFile() || stats.isDirectory();
    },
  });
}

/** A relative link inside of the tree means the same in the copy. */
function staysInside(root: string, link: string): boolean {
  const target = readlinkSync(link);
  return !target.startsWith('/') && resolve(dirname(link), target).startsWith(root + sep);
}

/**
 * Gives a folder its packages: links to what is installed, or, where that is allowed and something is missing, an installation.
 *
 * @returns what is missing; `failed`: npm’s last words
 */
export async function equip(
  folder: string,
  options: {
    from: readonly string[];
    install: boolean;
    also?: readonly Wanted[];
    signal: AbortSignal /** Packages whose needs count; undefined: all in the folder. */;
    only?: readonly string[];
    /** Folders whose installed packages are all there, whether somebody asks for them or not: what the monolith itself sees. */
    beside?: readonly string[];
  },
): Promise<{ supply: Supply; failed: string[] | undefined }> {
  const packageFiles = listFiles(folder).filter((path) => basename(path) === 'package.json');
  const needing = options.only?.map((dir) => (dir === '' ? 'package.json' : `${dir}/package.json`));
  const { wanted, own } = wantedBy(folder, packageFiles, needing);
  const also = (options.also ?? []).filter(
    ({ name }) => !own.has(name) && !wanted.some((item) => item.name === name),
  );
  const supply = supplyOf([...wanted, ...also], [...options.from, TOOLKIT]);
  const needed = supply.missing.filter(({ tool, name }) => !tool || TOOLS_NEEDED.has(name));
  if (needed.length > 0 && options.install) {
    const extra = also.map(({ name, range }) => `'${name}@${range}'`).join(' ');
    const { code, said, timedOut } = await runCommand(
      `npm install --no-audit --no-fund --loglevel=error ${extra}`,
      {
        cwd: folder,
        env: gateEnvironment(folder, { ...networkEnvironment(), PRISMA_SKIP_POSTINSTALL_GENERATE: '1' }),
        limitMs: INSTALL_LIMIT_MS,
        signal: options.signal,
      },
    );
    if (code === 0) return { supply: { found: [], missing: [] }, failed: undefined };
    const last = lastLines(said, 12);
    return { supply, failed: timedOut ? [...last, 'it took longer than 10 minutes'] : last };
  }
  const named = new Set([...supply.found.map(({ name }) => name), ...own.keys()]);
  const beside = installedBeside(options.beside ?? []).filter(({ name }) => !named.has(name));
  linkPackages(folder, [...supply.found, ...beside], own);
  return { supply, failed: undefined };
}

/** Without these the gates can't do their work, although the service runs without them. */
const TOOLS_NEEDED = new Set(['typescript', 'prisma']);
