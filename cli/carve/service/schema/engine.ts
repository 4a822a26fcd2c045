/**
 * Prisma's schema engine as WebAssembly, without a database: it validates a schema and writes the SQL that creates its
 * tables. It speaks PostgreSQL and SQLite.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { TextFile } from '../project.ts';

const PROVIDERS: Record<string, 'postgres' | 'sqlite'> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  sqlite: 'sqlite',
};

/** Whether the engine knows a datasource's provider. */
export function engineKnows(provider: string): boolean {
  return Object.hasOwn(PROVIDERS, provider);
}

/**
 * SQL that creates the tables of a schema in an empty database.
 *
 * @throws with Prisma's own words where the schema is not valid
 */
export async function createTablesSql(provider: string, schema: readonly TextFile[]): Promise<string> {
  const flavour = PROVIDERS[provider];
  if (flavour === undefined) throw new Error(`the schema engine does not speak ${provider}`);
  loading ??= loadEngine();
  const Engine = await loading;
  const files = schema.map(({ path, text }) => ({ path, content: withoutConnection(text) }));
  const engine = await Engine.new(
    { datamodels: files.map(({ path, content }) => [path, content]) },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(noDatabase(flavour)),
  );
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: false,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } finally {
    engine.free();
  }
}

/** Up to Prisma 6 the schema names the connection; the engine is that of Prisma 7, which refuses it there. */
export function withoutConnection(text: string): string {
  return text.replace(
    /^(datasource\s+\w+\s*\{)([\s\S]*?)^(\s*\})/gm,
    (_all, open: string, body: string, close: string) => {
      const kept = body.replace(/^[ \t]*(?:url|directUrl|shadowDatabaseUrl)\s*=.*\n/gm, '');
      return open + kept + close;
    },
  );
}

/** Answers what the engine asks when it connects, and nothing else: a diff of two texts needs no database. */
function noDatabase(provider: 'postgres' | 'sqlite'): SqlMigrationAwareDriverAdapterFactory {
  const refuse = async (): Promise<never> => {
    throw new Error('no database is used here');
  };
  const connect = async () => ({
    provider,
    adapterName: 'none',
    queryRaw: async () => ({
      columnTypes: [5, 7, 0] as (5 | 7 | 0)[],
      columnNames: ['exists', 'version', 'numeric_version'],
      rows: [[true, 'PostgreSQL 18.0', 180_000]],
    }),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: false }),
    dispose: async () => undefined,
  });
  return { provider, adapterName: 'none', connect, connectToShadowDb: connect };
}

/** The part of WebAssembly that is used; the types of Node declare none of it. */
const runtime = globalThis as unknown as {
  WebAssembly: {
    instantiate(
      bytes: Uint8Array,
      imports: Record<string, object>,
    ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
  PRISMA_WASM_PANIC_REGISTRY?: { set_message(message: string): void };
};

let loading: ReturnType<typeof loadEngine> | undefined;

/** Loaded once: the module keeps its instance in a variable of its own. */
async function loadEngine() {
  runtime.PRISMA_WASM_PANIC_REGISTRY ??= { set_message: () => undefined };
  const code = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const location = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(fileURLToPath(location.replace(/\.js$/, '.wasm')));
  const { instance } = await runtime.WebAssembly.instantiate(wasm, { './schema_engine_bg.js': code });
  code.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return code.SchemaEngine;
}
