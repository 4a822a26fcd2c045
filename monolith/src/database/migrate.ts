import pg from 'pg';
import { noFilters, readMigrations, withSchemaEngine } from './schema-engine.ts';

/** One start at a time migrates and seeds, whatever number of processes starts on the same database. */
const startLock = 5_017_233;

/** Runs `work` while no other process is at the same point. */
export async function withStartLock<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  // A connection that breaks fails the query on it as well, which is enough to know.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [startLock]);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Applies the migrations that the database does not have yet, and returns their names. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  return withSchemaEngine(databaseUrl, async (engine) => {
    const input = { migrationsList: readMigrations(), filters: noFilters };
    return (await engine.applyMigrations(input)).appliedMigrationNames;
  });
}
