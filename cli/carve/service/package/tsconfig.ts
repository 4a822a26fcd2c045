/** The monolith's compiler options as one file that extends nothing, for code that stands at the same paths. */
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { withoutComments } from '../../../analysis/project/tsconfig.ts';

export type CompilerOptions = Record<string, unknown>;

export interface ResolvedTsconfig {
  /** Paths in it are relative to `layout.base`. */
  options: CompilerOptions;
  /** Bases that could not be read: mostly packages that are not installed. */
  missing: string[];
}

type Read = (path: string) => { compilerOptions?: CompilerOptions; extends?: unknown } | undefined;

/** JSON with comments and trailing commas. */
export function parseJsonc(text: string): Record<string, unknown> {
  return JSON.parse(withoutComments(text.replace(/^\uFEFF/, ''))) as Record<string, unknown>;
}

/** Options of `file` and of all that it extends, the nearest winning. */
export function resolveTsconfig(
  file: string,
  base: string,
  read: Read,
  find: (from: string, name: string) => string | undefined,
  seen: ReadonlySet<string> = new Set(),
): ResolvedTsconfig {
  const json = seen.has(file) ? undefined : read(file);
  if (json === undefined) return { options: {}, missing: [] };
  const bases = (Array.isArray(json.extends) ? json.extends : [json.extends]).filter(
    (name): name is string => typeof name === 'string',
  );
  const options: CompilerOptions = {};
  const missing: string[] = [];
  for (const name of bases) {
    const target = find(file, name);
    if (target === undefined) {
      missing.push(name);
      continue;
    }
    const inherited = resolveTsconfig(target, base, read, find, new Set([...seen, file]));
    Object.assign(options, inherited.options);
    missing.push(...inherited.missing);
  }
  const own = json.compilerOptions ?? {};
  const hasBaseUrl = 'baseUrl' in own || 'baseUrl' in options;
  Object.assign(options, relocated(own, dirname(file), base, hasBaseUrl));
  return { options, missing };
}

/** Options that name paths, rewritten from the folder of their file to `base`. */
function relocated(
  options: CompilerOptions,
  from: string,
  base: string,
  hasBaseUrl: boolean,
): CompilerOptions {
  const moved = (path: unknown): unknown => {
    if (typeof path !== 'string' || isAbsolute(path) || path.startsWith('${')) return path;
    const there = relative(base, join(from, path)).split(sep).join('/');
    return there === '' ? '.' : there.startsWith('.') ? there : `./${there}`;
  };
  const result: CompilerOptions = { ...options };
  for (const key of ['baseUrl', 'rootDir', 'outDir', 'declarationDir']) {
    if (key in result) result[key] = moved(result[key]);
  }
  for (const key of ['rootDirs', 'typeRoots']) {
    if (Array.isArray(result[key])) result[key] = (result[key] as unknown[]).map(moved);
  }
  // Targets of `paths` are relative to `baseUrl` where there is one, also an inherited one, which is itself rewritten.
  if (typeof options.paths === 'object' && options.paths !== null && !hasBaseUrl) {
    result.paths = Object.fromEntries(
      Object.entries(options.paths).map(([pattern, targets]) => [
        pattern,
        Array.isArray(targets) ? targets.map(moved) : targets,
      ]),
    );
  }
  return result;
}

/** About output, projects and unused names: the service emits nothing, and slicing leaves names that nobody uses. */
const DROPPED = new Set([
  'noUnusedLocals',
  'noUnusedParameters',
  'outDir',
  'outFile',
  'rootDir',
  'declaration',
  'declarationMap',
  'declarationDir',
  'emitDeclarationOnly',
  'isolatedDeclarations',
  'sourceMap',
  'inlineSourceMap',
  'inlineSources',
  'sourceRoot',
  'mapRoot',
  'removeComments',
  'composite',
  'incremental',
  'tsBuildInfoFile',
  'noEmit',
  'noEmitOnError',
  'plugins',
  'typeRoots',
]);

export interface TsconfigNeeds {
  /** Generated imports name files with `.ts`. */
  importsWithExtension: boolean;
  modules: 'esm' | 'cjs';
  /** Packages of the service, also those that only bring types. */
  packages: ReadonlySet<string>;
  /** Files that are not to be checked. */
  exclude: string[];
}

/** The text of the service's tsconfig.json. */
export function tsconfigText(resolved: ResolvedTsconfig | undefined, needs: TsconfigNeeds): string {
  const given = resolved?.options ?? {};
  const options: CompilerOptions = {};
  // What a base that is not installed would have said at least.
  if (resolved === undefined || resolved.missing.length > 0) Object.assign(options, fallback(needs.modules));
  for (const [key, value] of Object.entries(given)) if (!DROPPED.has(key)) options[key] = value;
  if (Array.isArray(options.types)) options.types = typesOf(options.types, needs.packages);
  options.skipLibCheck = true;
  options.noEmit = true;
  if (needs.importsWithExtension) options.allowImportingTsExtensions = true;
  const exclude = ['node_modules', 'dist', ...needs.exclude];
  return `${JSON.stringify({ compilerOptions: options, include: ['**/*'], exclude }, undefined, 2)}\n`;
}

function fallback(modules: 'esm' | 'cjs'): CompilerOptions {
  return modules === 'esm'
    ? {
        target: 'es2022',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        strict: true,
        esModuleInterop: true,
      }
    : { target: 'es2022', module: 'node16', moduleResolution: 'node16', strict: true, esModuleInterop: true };
}

/** Only types that are there: `jest` or `vitest/globals` stayed with the tests. The generated code needs Node's. */
function typesOf(types: unknown[], packages: ReadonlySet<string>): unknown[] {
  const kept = types.filter((type) => {
    if (typeof type !== 'string' || type.startsWith('.')) return true;
    const name = type.startsWith('@') ? type.split('/').slice(0, 2).join('/') : (type.split('/')[0] ?? type);
    return name === 'node' || packages.has(name) || packages.has(`@types/${name}`);
  });
  return kept.includes('node') ? kept : ['node', ...kept];
}
