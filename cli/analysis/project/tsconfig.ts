import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** Path aliases that hold for one folder of sources. */
export interface PathAliases {
  /** `[pattern, absolute targets]`, the longest pattern first. A pattern holds at most one `*`. */
  patterns: [pattern: string, targets: string[]][];
  baseUrl: string | undefined;
}

const NONE: PathAliases = { patterns: [], baseUrl: undefined };

/**
 * Reads `paths` and `baseUrl` of tsconfig files, through `extends`, tolerant of what is not installed: a monorepo
 * without its dependencies often extends a shared package's configuration that is not there.
 */
export class TsconfigReader {
  readonly #root: string;
  readonly #byFolder = new Map<string, PathAliases>();
  readonly #byFile = new Map<string, PathAliases>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Aliases for a source in `folder`: those of the nearest tsconfig upwards that declares any. */
  forFolder(folder: string): PathAliases {
    const known = this.#byFolder.get(folder);
    if (known !== undefined) return known;
    let aliases = NONE;
    for (const base of ['tsconfig.json', 'tsconfig.base.json', 'tsconfig.app.json', 'jsconfig.json']) {
      const file = join(folder, base);
      if (!existsSync(file)) continue;
      aliases = this.#read(file, new Set());
      if (aliases.patterns.length > 0 || aliases.baseUrl !== undefined) break;
    }
    const bare = aliases.patterns.length === 0 && aliases.baseUrl === undefined;
    if (bare && folder !== this.#root && folder.length > this.#root.length) {
      aliases = this.forFolder(dirname(folder));
    }
    this.#byFolder.set(folder, aliases);
    return aliases;
  }

  #read(file: string, seen: Set<string>): PathAliases {
    const known = this.#byFile.get(file);
    if (known !== undefined) return known;
    if (seen.has(file)) return NONE;
    seen.add(file);
    const json = parseJsonc(file);
    const options = (json?.compilerOptions ?? {}) as { paths?: unknown; baseUrl?: unknown };
    let patterns: PathAliases['patterns'] = [];
    let baseUrl = typeof options.baseUrl === 'string' ? resolve(dirname(file), options.baseUrl) : undefined;
    const bases = Array.isArray(json?.extends) ? json.extends : [json?.extends];
    for (const base of bases) {
      const target = typeof base === 'string' ? this.#extended(file, base) : undefined;
      if (target === undefined) continue;
      const inherited = this.#read(target, seen);
      patterns = inherited.patterns;
      baseUrl ??= inherited.baseUrl;
    }
    if (typeof options.paths === 'object' && options.paths !== null) {
      const origin = baseUrl ?? dirname(file);
      patterns = Object.entries(options.paths)
        .map(([pattern, targets]): [string, string[]] => [
          pattern,
          (Array.isArray(targets) ? targets : [])
            .filter((target) => typeof target === 'string')
            .map((target) => resolve(origin, target)),
        ])
        .sort(([a], [b]) => b.length - a.length);
    }
    const aliases = { patterns, baseUrl };
    this.#byFile.set(file, aliases);
    return aliases;
  }

  #extended(from: string, base: string): string | undefined {
    const path = isAbsolute(base) || base.startsWith('.') ? resolve(dirname(from), base) : undefined;
    if (path === undefined) return undefined;
    return [path, `${path}.json`, join(path, 'tsconfig.json')].find(
      (candidate) => candidate.endsWith('.json') && existsSync(candidate) && candidate.startsWith(this.#root),
    );
  }
}

/** The targets that `request` may mean, in order of preference. */
export function aliasTargets(aliases: PathAliases, request: string): string[] {
  for (const [pattern, targets] of aliases.patterns) {
    const star = pattern.indexOf('*');
    if (star === -1) {
      if (pattern === request) return targets;
      continue;
    }
    const head = pattern.slice(0, star);
    const tail = pattern.slice(star + 1);
    if (request.length < head.length + tail.length || !request.startsWith(head) || !request.endsWith(tail))
      continue;
    const middle = request.slice(head.length, request.length - tail.length);
    return targets.map((target) => target.replace('*', () => middle));
  }
  return aliases.baseUrl === undefined ? [] : [join(aliases.baseUrl, request)];
}

function parseJsonc(file: string): (Record<string, unknown> & { extends?: unknown }) | undefined {
  try {
    const parsed: unknown = JSON.parse(withoutComments(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    // A tsconfig that cannot be read gives no aliases; every import that needed one is then listed as unresolved.
    return undefined;
  }
}

/** JSON with comments and trailing commas, as tsconfig files are written, turned into JSON. */
export function withoutComments(text: string): string {
  return text
    .replace(
      /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_all, string: string | undefined) => string ?? ' ',
    )
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_all, string: string | undefined) => string ?? '');
}
