/** The packages of the service, at the versions that the monolith asks for. */
import type { PackageJson, Project } from '../project.ts';
import type { OutputFile, ServiceSpec } from '../spec.ts';

/** What the generated code needs, where the monolith does not say a version of its own. */
const GENERATED = { '@aws-sdk/client-servicediscovery': '3.1138.0', 'prom-client': '15.1.3' };
const TSX = '4.23.15';
const TYPESCRIPT = '5.9.3';
const NODE_TYPES = '22.18.0';

export interface Dependencies {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  /** Imported, but no package.json of the monolith asks for them, and they are not installed there. */
  unknown: string[];
}

/** The name of the package that an import names: `@prisma/client/edge` is of `@prisma/client`. */
export function packageOf(request: string): string {
  return request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Everything that the service installs. `tsx`: it is needed to run it. */
export function dependenciesOf(
  spec: ServiceSpec,
  project: Project,
  taken: readonly OutputFile[],
  needs: { tsx: boolean; generators: string[] },
): Dependencies {
  const packages = [project.package, project.root ?? {}, ...project.others.map((other) => other.package)];
  const dependencies: Record<string, string> = { ...GENERATED };
  const devDependencies: Record<string, string> = {};
  const unknown: string[] = [];
  const typed = spec.language === 'ts';
  // A package of which there are but types, such as `express-serve-static-core`.
  const onlyTypes: string[] = [];
  const local = new Map(project.others.map(({ dir, package: { name } }) => [name, dir]));
  const names = new Set([
    ...spec.dependencies.map(packageOf),
    ...namedInText(taken, packages),
    ...peersOfPrisma(spec, packages),
  ]);
  for (const name of [...names, ...Object.keys(GENERATED)]) {
    if (name === project.package.name || name.startsWith('#')) continue;
    const dir = local.get(name);
    const asked = dir === undefined ? askedVersion(name, packages) : `file:${dir}`;
    if (asked !== undefined) dependencies[name] = asked;
    else if (dependencies[name] === undefined) {
      // It comes along with another package, as it does in the monolith.
      const installed = project.installed(name);
      if (installed !== undefined) dependencies[name] = `^${installed}`;
      else if (typed && typesOf(name, packages, project) !== undefined) onlyTypes.push(name);
      else unknown.push(name);
    }
  }
  if (dependencies['@prisma/client'] !== undefined || project.schema.length > 0) {
    devDependencies.prisma = askedVersion('prisma', packages) ?? dependencies['@prisma/client'] ?? '*';
  }
  for (const generator of needs.generators) {
    const asked = askedVersion(generator, packages);
    if (asked !== undefined) devDependencies[generator] = asked;
  }
  if (needs.tsx) dependencies.tsx = askedVersion('tsx', packages) ?? TSX;
  if (typed) {
    devDependencies.typescript = askedVersion('typescript', packages) ?? TYPESCRIPT;
    devDependencies['@types/node'] = askedVersion('@types/node', packages) ?? NODE_TYPES;
    for (const name of [...Object.keys(dependencies), ...onlyTypes]) {
      const version = typesOf(name, packages, project);
      if (version !== undefined) devDependencies[typesPackage(name)] = version;
    }
  }
  for (const name of Object.keys(dependencies)) delete devDependencies[name];
  return {
    dependencies: sorted(dependencies),
    devDependencies: sorted(devDependencies),
    unknown: unknown.sort(),
  };
}

function typesPackage(name: string): string {
  return `@types/${name.startsWith('@') ? name.slice(1).replace('/', '__') : name}`;
}

/** The types of a package as the monolith has them: asked for, or come along with another package. */
function typesOf(name: string, packages: readonly PackageJson[], project: Project): string | undefined {
  const asked = askedVersion(typesPackage(name), packages);
  if (asked !== undefined || name in GENERATED) return asked;
  const installed = project.installed(typesPackage(name));
  return installed === undefined ? undefined : `^${installed}`;
}

const KINDS = ['dependencies', 'optionalDependencies', 'devDependencies', 'peerDependencies'] as const;

function askedVersion(name: string, packages: readonly PackageJson[]): string | undefined {
  for (const kind of KINDS) {
    for (const one of packages) {
      const version = one[kind]?.[name];
      // What a workspace or catalogue stands for is known only there.
      if (version !== undefined && !/^(?:workspace|catalog|link|file):/.test(version)) return version;
    }
  }
  return undefined;
}

/** Packages that the code names as a text: view engines, transports of a logger, drivers. */
function namedInText(taken: readonly OutputFile[], packages: readonly PackageJson[]): string[] {
  const asked = new Set(packages.flatMap((one) => Object.keys(one.dependencies ?? {})));
  const found = new Set<string>();
  for (const { text } of taken) {
    for (const match of text.matchAll(/(['"`])([@a-z][\w./@-]*)\1/g)) {
      if (asked.has(match[2] ?? '')) found.add(match[2] ?? '');
    }
  }
  return [...found];
}

/** The generated client imports `@prisma/client`, whichever way the code comes to it. */
function peersOfPrisma(spec: ServiceSpec, packages: readonly PackageJson[]): string[] {
  return spec.schemaFiles.length > 0 && askedVersion('@prisma/client', packages) !== undefined
    ? ['@prisma/client']
    : [];
}

function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
