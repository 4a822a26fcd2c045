import { join } from 'node:path';
import { type EmbeddedDatabase, startEmbeddedDatabase } from './database/embedded.ts';
import { migrate, withStartLock } from './database/migrate.ts';
import { seedIfEmpty } from './seed/seed.ts';

/** How long requests in flight may take after SIGTERM, in ms. */
const shutdownLimit = 8000;

let database: EmbeddedDatabase | undefined;
let closeApp: (() => Promise<void>) | undefined;
let ending = false;

async function end(exitCode: number): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(exitCode || 1), shutdownLimit).unref();
  try {
    await closeApp?.();
    await database?.stop();
  } catch (error) {
    console.error(`shutdown: ${(error as Error).message}`);
  }
  process.exit(exitCode);
}

/** One line that says what to do: nobody reads a stack trace of a port that is taken. */
function explain(error: NodeJS.ErrnoException): string {
  const port = process.env.PORT ?? '3000';
  if (error.code === 'EADDRINUSE') return `port ${port} is taken: set PORT to another one, or to 0 for any`;
  if (error.code === 'EACCES' && error.syscall === 'listen')
    return `not allowed to listen on port ${port}: set PORT`;
  if (/ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|28P01|3D000|28000/.test(`${error.code}`)) {
    return `can't use the database of DATABASE_URL: ${error.message || error.code}`;
  }
  return error.message || String(error);
}

async function start(): Promise<void> {
  const port = Number(process.env.PORT ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error('PORT must be a number from 0 to 65535');
  const host = process.env.HOST ?? '127.0.0.1';
  if (!process.env.DATABASE_URL) {
    console.log('starting an embedded PostgreSQL (set DATABASE_URL to use another one)');
    database = await startEmbeddedDatabase(join(import.meta.dirname, '../.data'));
    process.env.DATABASE_URL = database.url;
  }
  const url = process.env.DATABASE_URL;
  await withStartLock(url, async (client) => {
    for (const name of await migrate(url)) console.log(`applied migration ${name}`);
    await seedIfEmpty(client, (line) => console.log(line));
  });
  // Only now is the address of the database known, which the modules take from the environment.
  const { buildApp } = await import('./app.ts');
  const app = await buildApp();
  closeApp = () => app.close();
  await app.listen({ port, host });
  const address = app.server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  console.log(`the shop is open: http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
  process.send?.({ type: 'listening', port: actual });
}

process.on('SIGTERM', () => void end(0));
process.on('SIGINT', () => void end(0));
// Started by a supervisor: when that is gone, even by kill -9, this process must not stay behind.
if (process.send) process.on('disconnect', () => void end(0));

try {
  await start();
} catch (error) {
  if (!ending) console.error(`monolith: ${explain(error as NodeJS.ErrnoException)}`);
  await end(1);
}
