import pg from 'pg';

/** Makes a database on the server unless it is there. `serverUrl` names any existing database, such as `postgres`. */
export async function ensureDatabase(serverUrl: string, name: string): Promise<'made' | 'found'> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return 'found';
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    return 'made';
  } catch (error) {
    // 42P04 duplicate_database, 23505 on pg_database: another process has made it in the same moment.
    const { code } = error as { code?: string };
    if (code === '42P04' || code === '23505') return 'found';
    throw error;
  } finally {
    await client.end();
  }
}
