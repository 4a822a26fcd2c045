/** The service's package.json. */
import type { Project } from '../project.ts';
import type { ServiceSpec } from '../spec.ts';
import type { Conventions } from './conventions.ts';
import type { Dependencies } from './dependencies.ts';

export interface PackageFacts {
  dependencies: Dependencies;
  conventions: Conventions;
  /** `prisma generate` with its options; undefined: there is no schema. */
  generate: string | undefined;
  /** Loads `.env` by an option of Node, as the monolith's own scripts do. */
  envFileOption: boolean;
  /** The code reads this file: what it says of itself is what the monolith's says, or answers would differ. */
  readByCode?: boolean;
}

/** What the service's own file decides by itself, or what only means something in the monolith's repository. */
const NOT_SAID = new Set(
  [
    'type engines scripts imports dependencies devDependencies optionalDependencies peerDependencies bundledDependencies',
    'overrides resolutions private workspaces packageManager main module exports types bin files publishConfig',
  ].flatMap((names) => names.split(' ')),
);

/** What runs on less than this can't start the generated TypeScript without tsx. */
const NODE = '>=22.18';

/** Text of package.json. */
export function packageJsonText(spec: ServiceSpec, project: Project, facts: PackageFacts): string {
  const { package: monolith, root } = project;
  const { conventions, dependencies, generate } = facts;
  const program = conventions.runner === 'tsx' ? 'tsx' : 'node';
  const env = facts.envFileOption ? ' --env-file-if-exists=.env' : '';
  const imports = subpathImports(monolith.imports, spec.layout.packageDir);
  const overrides = root?.overrides ?? monolith.overrides;
  const resolutions = root?.resolutions ?? monolith.resolutions;
  const text = {
    name: `${spec.capability}-service`,
    version: '1.0.0',
    private: true,
    description: `${spec.capability}, carved out of ${monolith.name ?? root?.name ?? 'the monolith'}.`,
    ...(facts.readByCode === true && saidOfItself(monolith)),
    ...(monolith.type !== undefined && { type: monolith.type }),
    engines: { node: monolith.engines?.node ?? root?.engines?.node ?? NODE },
    scripts: {
      start: `${program}${env} service/main${conventions.extension}`,
      ...(generate !== undefined && { generate }),
      ...(conventions.language === 'ts' && { typecheck: 'tsc --noEmit' }),
      test: `${program} --test service/test/*.test${conventions.extension}`,
    },
    ...(imports !== undefined && { imports }),
    dependencies: dependencies.dependencies,
    ...(Object.keys(dependencies.devDependencies).length > 0 && {
      devDependencies: dependencies.devDependencies,
    }),
    ...(overrides !== undefined && { overrides }),
    ...(resolutions !== undefined && { resolutions }),
  };
  return `${JSON.stringify(text, undefined, 2)}\n`;
}

function saidOfItself(monolith: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(monolith).filter(([name]) => !NOT_SAID.has(name)));
}

/** `#lib/*` leads to the same files from the service's root. */
function subpathImports(imports: Record<string, unknown> | undefined, packageDir: string): unknown {
  if (imports === undefined || packageDir === '') return imports;
  const moved = (target: unknown): unknown => {
    if (typeof target === 'string') return target.replace(/^\.\//, `./${packageDir}/`);
    if (typeof target !== 'object' || target === null) return target;
    return Object.fromEntries(Object.entries(target).map(([key, value]) => [key, moved(value)]));
  };
  return moved(imports);
}

/** package.json of another package of the repository whose code is taken: without scripts and what only its build needs. */
export function otherPackageText(dir: string, project: Project): string {
  const own = project.others.find((other) => other.dir === dir)?.package ?? {};
  const { scripts: _scripts, devDependencies: _dev, dependencies, ...kept } = own;
  const plain = Object.fromEntries(
    Object.entries(dependencies ?? {}).map(([name, version]) => {
      const neighbour = project.others.find((other) => other.package.name === name);
      return [name, neighbour === undefined ? version : `file:${pathBetween(dir, neighbour.dir)}`];
    }),
  );
  const text = { ...kept, ...(Object.keys(plain).length > 0 && { dependencies: plain }) };
  return `${JSON.stringify(text, undefined, 2)}\n`;
}

function pathBetween(from: string, to: string): string {
  return `${'../'.repeat(from.split('/').length)}${to}`;
}
