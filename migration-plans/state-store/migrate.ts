import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import { EXIT, StranglerError } from '../errors.ts';

/** Of the tables; raise it with every migration. An older store is migrated, a newer one is refused rather than guessed at. */
export const STORE_VERSION = 2;

const FOLDER = join(import.meta.dirname, 'prisma');
/** Advisory lock: one process at a time prepares a store, however many start on it at once. */
const LOCK = 7_241_903_551;

/** Creates the tables in an empty database, brings older ones up to date, and refuses those of a newer version. */
export async function prepareStore(pool: pg.Pool, config: pg.PoolConfig): Promise<void> {
  if ((await storeVersion(pool)) === STORE_VERSION) return;
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    try {
      const version = await storeVersion(client);
      if (version === STORE_VERSION) return;
      if (version === undefined) await refuseForeignDatabase(client);
      else if (!(version >= 1 && version < STORE_VERSION)) throw otherVersion(version);
      await applyMigrations(config);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    }
  } finally {
    client.release();
  }
}

async function storeVersion(client: pg.Pool | pg.PoolClient): Promise<number | undefined> {
  const exists = await client.query("SELECT to_regclass('strangler_store_version') IS NOT NULL AS found");
  if (exists.rows[0]?.found !== true) return undefined;
  const rows = await client.query('SELECT version FROM strangler_store_version WHERE id = 1');
  return Number(rows.rows[0]?.version ?? 0);
}

function otherVersion(version: number): StranglerError {
  const newer = version > STORE_VERSION;
  return new StranglerError(
    'STORE_VERSION',
    `the state store has version ${version}; this toolkit works with version ${STORE_VERSION}`,
    {
      remedy: newer
        ? 'Upgrade the toolkit to the version that the rest of the fleet runs.'
        : 'Start with an empty database: the store of an earlier version cannot be read.',
      exitCode: EXIT.failed,
    },
  );
}

/** Tables of an application beside ours would share its migrations table, and a wrong URL would go unnoticed. */
async function refuseForeignDatabase(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query(
    'SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename LIMIT 1',
  );
  if (rows.length === 0) return;
  throw new StranglerError(
    'STORE_FOREIGN_DATABASE',
    `the database of "stateStore.url" holds tables of another application, such as "${rows[0].tablename}"`,
    { remedy: 'Create a database of its own for the state store.', exitCode: EXIT.usage },
  );
}

/**
 * Prisma's own schema engine as WebAssembly on a connection of ours: the same migrations folder and `_prisma_migrations` table as
 * `prisma migrate deploy`, without the binary that Prisma's command line would download.
 */
async function applyMigrations(config: pg.PoolConfig): Promise<void> {
  const { SchemaEngine } = await schemaEngine();
  const pool = new pg.Pool({ ...config, max: 1 });
  pool.on('error', ignoreIdleError);
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool));
  const schema = await readFile(join(FOLDER, 'schema.prisma'), 'utf8');
  try {
    const engine = await SchemaEngine.new(
      { datamodels: [['schema.prisma', schema]] },
      () => undefined,
      adapter,
    );
    try {
      await engine.applyMigrations({
        migrationsList: await readMigrations(),
        filters: { externalTables: [], externalEnums: [] },
      });
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

/**
 * Prisma's adapter cuts a script at every semicolon, also inside a function's body, and runs the pieces one by one. PostgreSQL takes the
 * script whole, and then a migration that fails half-way leaves nothing behind.
 */
class WholeScripts extends PrismaPg {
  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    return adapter;
  }
}

/** An idle connection that breaks is replaced by the pool; whoever asks next is told if that fails. */
export function ignoreIdleError(): undefined {
  return undefined;
}

/** The part of WebAssembly that is used; the types of Node declare none of it. */
const runtime = globalThis as unknown as {
  WebAssembly: {
    instantiate(
      bytes: Uint8Array,
      imports: Record<string, Record<string, unknown>>,
    ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
};

let loading: ReturnType<typeof loadSchemaEngine> | undefined;

/** Loaded once: the module keeps its instance in a variable of its own. */
function schemaEngine(): ReturnType<typeof loadSchemaEngine> {
  loading ??= loadSchemaEngine();
  return loading;
}

async function loadSchemaEngine() {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const location = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(fileURLToPath(location.replace(/\.js$/, '.wasm')));
  const { instance } = await runtime.WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': withoutHoldingTheProcess({ ...engine }),
  });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return engine;
}

/** The engine leaves its ten-second timer for the migration lock running; a command that has finished must not wait for it. */
function withoutHoldingTheProcess(imports: Record<string, unknown>): Record<string, unknown> {
  const name = Object.keys(imports).find((key) => key.startsWith('__wbg_setTimeout_'));
  if (name === undefined) return imports;
  const setTimer = (callback: () => void, ms: number): NodeJS.Timeout => setTimeout(callback, ms).unref();
  return { ...imports, [name]: setTimer };
}

async function readMigrations(): Promise<MigrationList> {
  const baseDir = join(FOLDER, 'migrations');
  const entries = await readdir(baseDir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories = await Promise.all(
    folders.sort().map(async (path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') },
      },
    })),
  );
  const lockfile = {
    path: 'migration_lock.toml',
    content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8'),
  };
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories };
}
