/** An embedded PostgreSQL for the gates, with the monolith's tables and sample rows as a template that is cloned for each side. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStateFolder } from '../../local-stack/folder/state-folder.ts';
import { SHARED_FOLDER, serverUser } from '../../local-stack/postgres/binaries.ts';
import { dataFolder } from '../../local-stack/postgres/cluster.ts';
import { usePostgres } from '../../local-stack/postgres/embedded.ts';
import { toolkitVersion } from '../../version.ts';

export interface GateDatabase {
  /** Of an existing database. */
  url(name: string): string;
  create(name: string): Promise<string>;
  /** A copy of a database that nobody is connected to; its URL. */
  clone(template: string, name: string): Promise<string>;
  drop(name: string): Promise<void>;
  /** Runs scripts one after the other, each whole. */
  run(name: string, scripts: readonly Script[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Script {
  /** For messages. */
  name: string;
  sql: string;
}

/** A script that PostgreSQL refused. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

export async function startGateDatabase(signal: AbortSignal): Promise<GateDatabase> {
  const path = mkdtempSync(join(tmpdir(), 'strangler-carve-pg-'));
  // PostgreSQL's own user passes through it when we run as root.
  chmodSync(path, 0o755);
  const folder = openStateFolder(path, toolkitVersion());
  const data = dataFolder(folder, serverUser());
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true });
    if (data.startsWith(`${SHARED_FOLDER}/`)) rmSync(join(data, '..'), { recursive: true, force: true });
  };
  let use: Awaited<ReturnType<typeof usePostgres>>;
  try {
    use = await usePostgres({ folder, signal });
  } catch (error) {
    remove();
    throw error;
  }
  const asAdmin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    withClient(use.url('postgres'), work);
  return {
    url: (name) => use.url(name),
    async create(name) {
      await asAdmin((client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
      return use.url(name);
    },
    async clone(template, name) {
      await asAdmin((client) =>
        client.query(
          `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(template)}`,
        ),
      );
      return use.url(name);
    },
    async drop(name) {
      await asAdmin((client) =>
        client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
      );
    },
    async run(name, scripts) {
      await withClient(use.url(name), async (client) => {
        for (const script of scripts) {
          try {
            await client.query(script.sql);
          } catch (error) {
            throw new ScriptError(`${script.name}: ${(error as Error).message}`, { cause: error });
          }
        }
      });
    },
    async stop() {
      try {
        await use.release();
      } finally {
        remove();
      }
    },
  };
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Migrations in Prisma's order: by the names of their folders. */
export function migrationScripts(files: readonly string[], base: string): Script[] {
  return [...files].sort().map((file) => ({
    name: file.startsWith(base) ? file.slice(base.length + 1) : file,
    sql: readFileSync(file, 'utf8'),
  }));
}
