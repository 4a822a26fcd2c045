/** Everything of a service that is not taken code: runtime, package, data, image and pages. */

import { imageFiles } from './docs/docker.ts';
import { planYaml } from './docs/plan.ts';
import { type EnvironmentVariable, readmeText } from './docs/readme.ts';
import { conventionsOf } from './package/conventions.ts';
import { dependenciesOf } from './package/dependencies.ts';
import { otherPackageText, packageJsonText } from './package/package-json.ts';
import { prismaConfigOf } from './package/prisma-config.ts';
import { runWith } from './package/run-with.ts';
import { tsconfigText } from './package/tsconfig.ts';
import { type Project, readProject } from './project.ts';
import { platformPaths, runtimeFiles } from './runtime/files.ts';
import { type Data, dataOf } from './schema/files.ts';
import { makesClient } from './schema/slice.ts';
import type { OutputFile, ServiceSpec } from './spec.ts';

export { planYaml };

/** What is known beside the spec. */
export interface ServiceSurroundings {
  /** Variables that other generated parts read. Those without a default must be set. Omitted: those of the ports. */
  environment?: readonly EnvironmentVariable[];
  /** Cloud Map of the project file. */
  cloudMap?: { namespace?: string; region?: string };
}

/**
 * The files of the service beside its taken code and its ports, sorted by path; the same bytes for the same input. Reads
 * the monolith's package.json, tsconfig, schema and migrations; nothing is written. `taken`: the code of the service, which
 * decides how it is run, and shows packages that are only named in texts.
 */
export async function serviceFiles(
  spec: ServiceSpec,
  taken: readonly OutputFile[] = [],
  surroundings: ServiceSurroundings = {},
): Promise<OutputFile[]> {
  const project = readProject(spec);
  return composeFiles(spec, project, await dataOf(spec, project, taken), taken, surroundings);
}

/** Composes the parts: pure. */
export function composeFiles(
  spec: ServiceSpec,
  project: Project,
  data: Data,
  taken: readonly OutputFile[],
  surroundings: ServiceSurroundings,
): OutputFile[] {
  const environment = surroundings.environment ?? portVariables(spec);
  const run = runWith(taken, spec.language, spec.modules);
  const conventions = conventionsOf(spec, project.package, run);
  const generators = data.slice?.generators ?? [];
  const namespace = surroundings.cloudMap?.namespace ?? 'strangler';
  const region = surroundings.cloudMap?.region ?? 'us-east-1';
  const databaseVariable = databaseVariableOf(spec, data);

  // What a package.json asks for is not what the code that reads it uses.
  const code = taken.filter(({ path }) => !/(?:^|\/)package\.json$/.test(path));
  const dependencies = dependenciesOf(spec, project, code, {
    tsx: run.runner === 'tsx',
    generators: generators
      .filter((generator) => !makesClient(generator))
      .map((generator) => generator.provider),
  });
  const prisma =
    data.slice === undefined
      ? undefined
      : majorOf(dependencies.devDependencies.prisma ?? dependencies.dependencies.prisma);
  const config =
    prisma === undefined
      ? undefined
      : prismaConfigOf(project, {
          schemaPath: data.schemaPath ?? '',
          migrations: data.migration?.folder ?? 'prisma/migrations',
          major: prisma,
          language: spec.language,
          urlVariable: databaseVariable ?? 'DATABASE_URL',
        });
  for (const name of config?.packages ?? []) {
    if (dependencies.dependencies[name] !== undefined || dependencies.devDependencies[name] !== undefined)
      continue;
    const version =
      project.package.dependencies?.[name] ??
      project.package.devDependencies?.[name] ??
      project.root?.dependencies?.[name] ??
      project.root?.devDependencies?.[name];
    dependencies.devDependencies[name] = version ?? '*';
  }
  const dotenv = loadsBy(project, 'dotenv');
  if (dotenv !== undefined) dependencies.dependencies.dotenv ??= dotenv;

  const generate = data.schemaPath === undefined ? undefined : `prisma generate --schema ${data.schemaPath}`;
  const packageJson = packageJsonText(spec, project, {
    dependencies,
    conventions,
    generate,
    envFileOption: /--env-file/.test(JSON.stringify(project.package.scripts ?? {})),
    readByCode: spec.layout.packageDir === '' && taken.some(({ path }) => path === 'package.json'),
  });
  const packages = new Set([
    ...Object.keys(dependencies.dependencies),
    ...Object.keys(dependencies.devDependencies),
  ]);
  const engines = (JSON.parse(packageJson) as { engines: { node: string } }).engines.node;
  const files: OutputFile[] = [
    ...runtimeFiles(spec, {
      conventions,
      databaseVariable,
      provider: data.slice?.provider,
      required: environment
        .filter((one) => one.default === undefined)
        .map(({ name, meaning }) => [name, meaning]),
      namespace,
      region,
      dotenv: dotenv !== undefined,
    }),
    { path: 'package.json', text: packageJson },
    ...spec.layout.otherPackages.map((dir) => ({
      path: `${dir}/package.json`,
      text: otherPackageText(dir, project),
    })),
    ...(spec.language === 'ts'
      ? [
          {
            path: 'tsconfig.json',
            text: tsconfigText(project.tsconfig, {
              importsWithExtension: conventions.importExtension === '.ts',
              modules: spec.modules,
              packages,
              exclude: [],
            }),
          },
        ]
      : []),
    ...(data.slice?.files ?? []),
    ...(data.migration?.files ?? []),
    ...(config === undefined ? [] : [config.file]),
    ...imageFiles(spec, {
      conventions,
      prisma,
      generators,
      node: engines,
      health: platformPaths(spec).health,
    }),
    {
      path: 'README.md',
      text: readmeText(spec, {
        conventions,
        run,
        data,
        databaseVariable,
        namespace,
        region,
        prisma,
        environment,
        unknownPackages: dependencies.unknown,
        missingTsconfigs: project.tsconfig?.missing ?? [],
      }),
    },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What the calls to the monolith read. */
function portVariables(spec: ServiceSpec): EnvironmentVariable[] {
  const asks =
    spec.identity.length > 0 || spec.ports.some((port) => port.direction === 'service-to-monolith');
  if (!asks) return [];
  return [
    { name: 'MONOLITH_URL', meaning: 'where the monolith answers calls', default: undefined },
    {
      name: 'MONOLITH_PORTS_TOKEN',
      meaning: 'the secret that the monolith shares with it',
      default: undefined,
    },
    { name: 'MONOLITH_PORTS_PATH', meaning: "where the monolith's ports are", default: '/__ports' },
    { name: 'PORT_TIMEOUT_MS', meaning: 'longest time of a call', default: '5000' },
    {
      name: 'PORT_TIMEOUTS_MS',
      meaning: 'the same for single calls, as `address=500,other=2000`',
      default: '',
    },
  ];
}

/** The variable of the schema, or DATABASE_URL where the code reads that by itself. */
function databaseVariableOf(spec: ServiceSpec, data: Data): string | undefined {
  if (data.slice?.urlVariable !== undefined) return data.slice.urlVariable;
  return spec.environment.some(({ name }) => name === 'DATABASE_URL') ? 'DATABASE_URL' : undefined;
}

/** The version of a package that the monolith itself asks for. */
function loadsBy(project: Project, name: string): string | undefined {
  return project.package.dependencies?.[name] ?? project.root?.dependencies?.[name];
}

function majorOf(range: string | undefined): number {
  return Number(/(\d+)/.exec(range ?? '')?.[1] ?? 7);
}
