import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

export const schemaFile = join(import.meta.dirname, '../../prisma/schema.prisma');
export const migrationsFolder = join(import.meta.dirname, '../../prisma/migrations');

/** The part of the WebAssembly API that is needed here: its types come with the DOM's, which a server leaves out. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(
      code: Uint8Array,
      imports: Record<string, object>,
    ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
};

/** Nothing in the database is managed by somebody else. */
export const noFilters = { externalTables: [], externalEnums: [] };

/** The engine's code is there once a process: its JavaScript side knows only one memory. */
let loading: ReturnType<typeof loadEngine> | undefined;

async function loadEngine() {
  const code = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasmFile = fileURLToPath(
    import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm'),
  );
  const { instance } = await WebAssembly.instantiate(await readFile(wasmFile), {
    './schema_engine_bg.js': code,
  });
  code.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return code.SchemaEngine;
}

/**
 * Runs `work` with Prisma's schema engine as WebAssembly. The binary engine, which Prisma's command line would download,
 * is not needed, and the `_prisma_migrations` table is the same one.
 */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loading ??= loadEngine();
  const Engine = await loading;
  // The engine never closes what it opened: a pool of our own can be ended.
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const models: [string, string][] = [['schema.prisma', readFileSync(schemaFile, 'utf8')]];
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
  try {
    const engine = await Engine.new({ datamodels: models }, () => undefined, adapter);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

/** The migrations folder in the form that the engine wants. */
export function readMigrations(): MigrationList {
  const folders = readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir: migrationsFolder,
    lockfile: {
      path: 'migration_lock.toml',
      content: readFileSync(join(migrationsFolder, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: folders.map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(migrationsFolder, path, 'migration.sql'), 'utf8') },
      },
    })),
  };
}
