/** The data side of a service: its slice of the Prisma schema, and the migration that makes its tables elsewhere. */
import { dirname } from 'node:path/posix';
import type { Project, TextFile } from '../project.ts';
import type { OutputFile, ServiceSpec } from '../spec.ts';
import { carriedObjects } from './database-objects.ts';
import { createTablesSql, engineKnows } from './engine.ts';
import { type Generator, makesClient, type Slice, sliceSchema } from './slice.ts';
import { typedModels } from './typed-models.ts';

export interface Data {
  /** Undefined: the monolith has no Prisma schema. */
  slice: Slice | undefined;
  /** File or folder for `--schema`, relative to the service. */
  schemaPath: string | undefined;
  migration: Migration | undefined;
}

export interface Migration {
  files: OutputFile[];
  folder: string;
  /** Objects of the monolith's database that are not in it. */
  left: string[];
  /** Why there is none. */
  missing: string | undefined;
}

/** `schema.prisma`'s slice with everything that the service queries, and the SQL of what it owns. */
export async function dataOf(
  spec: ServiceSpec,
  project: Project,
  taken: readonly OutputFile[],
): Promise<Data> {
  if (project.schema.length === 0) return { slice: undefined, schemaPath: undefined, migration: undefined };
  const schema = project.schema.map(inside);
  const all = new Set([...spec.models.owned, ...spec.models.shared.map((model) => model.name)]);
  const keepsGenerator = (generator: Generator) => isUsed(generator, taken);
  const keepsEnum = (name: string) => taken.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text));
  const own = sliceSchema(schema, { models: new Set(spec.models.owned) });
  const typed =
    spec.language === 'ts'
      ? typedModels(
          taken.map(({ text }) => text),
          spec.allModels.map(({ name }) => name).filter((name) => !all.has(name)),
          own.generators.filter(makesClient).flatMap(({ output }) => lastFolder(output) ?? []),
        )
      : [];
  const slice = sliceSchema(schema, {
    models: new Set([...all, ...typed]),
    typesOnly: new Set(typed),
    keepsGenerator,
    keepsEnum,
  });
  const first = slice.files[0]?.path ?? 'prisma/schema.prisma';
  const folder = commonFolder(schema.map((file) => file.path));
  const schemaPath = schema.length === 1 ? first : folder;
  const migration = await migrationOf(spec, project, own, migrationsFolder(project, folder));
  return { slice, schemaPath, migration };
}

/** A schema that the monolith keeps outside of the layout stands in `prisma/`. */
function inside(file: TextFile): TextFile {
  return file.path.startsWith('../') ? { ...file, path: `prisma/${file.path.split('/').at(-1)}` } : file;
}

/** A generator is kept when the taken code imports what it writes, or when it shapes the client's own types. */
function isUsed(generator: Generator, taken: readonly OutputFile[]): boolean {
  if (generator.provider.includes('prisma-json-types-generator')) return true;
  const folder = lastFolder(generator.output);
  return (
    folder !== undefined &&
    taken.some(({ text }) => new RegExp(`['"][^'"\\n]*/${folder}(?:/|['"])`).test(text))
  );
}

function lastFolder(output: string | undefined): string | undefined {
  return output?.split('/').findLast((part) => part !== '' && part !== '..' && part !== '.');
}

function commonFolder(paths: readonly string[]): string {
  const folders = paths.map((path) => dirname(path).split('/'));
  const first = folders[0] ?? [];
  let length = first.length;
  for (const folder of folders)
    while (first.slice(0, length).some((part, at) => folder[at] !== part)) length -= 1;
  return first.slice(0, length).join('/') || '.';
}

function migrationsFolder(project: Project, schemaFolder: string): string {
  const known = project.migrations[0]?.path;
  if (known !== undefined && !known.startsWith('../')) return dirname(dirname(known));
  return schemaFolder === '.' ? 'migrations' : `${schemaFolder}/migrations`;
}

async function migrationOf(
  spec: ServiceSpec,
  project: Project,
  own: Slice,
  folder: string,
): Promise<Migration> {
  const none = (missing: string): Migration => ({ files: [], folder, left: [], missing });
  if (spec.models.owned.length === 0) return none('the service owns no table');
  if (!engineKnows(own.provider)) {
    return none(`only PostgreSQL and SQLite are written here, and this database is ${own.provider}`);
  }
  let created: string;
  try {
    created = (await createTablesSql(own.provider, own.files)).trim();
  } catch (error) {
    return none(`Prisma's schema engine refused the schema: ${firstLine(error)}`);
  }
  const tables = new Set(
    spec.allModels.filter((model) => spec.models.owned.includes(model.name)).map((model) => model.table),
  );
  const carried = carriedObjects(project.migrations, tables, created);
  const head = [
    `-- The tables that ${spec.capability} owns, for a database of its own.`,
    "-- Never apply it to the monolith's database, where they exist.",
  ];
  const tail = carried.statements.map(({ text, from }) => `-- From ${from}\n${text};`);
  const sql = `${[head.join('\n'), created, ...tail].join('\n\n')}\n`;
  const lock =
    project.migrationLock ?? `# Please do not edit this file manually\nprovider = "${own.provider}"\n`;
  return {
    files: [
      { path: `${folder}/0_init/migration.sql`, text: sql },
      { path: `${folder}/migration_lock.toml`, text: lock },
    ],
    folder,
    left: carried.left,
    missing: undefined,
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
