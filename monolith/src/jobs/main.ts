import { join } from 'node:path';
import { startEmbeddedDatabase } from '../database/embedded.ts';

/** `npm run nightly`: the night's work once, on the database of DATABASE_URL or on the embedded one. */
const database = process.env.DATABASE_URL
  ? undefined
  : await startEmbeddedDatabase(join(import.meta.dirname, '../../.data'));
if (database) process.env.DATABASE_URL = database.url;
const { runNightly } = await import('./nightly.ts');
const { prisma } = await import('../database/client.ts');
try {
  console.log(JSON.stringify(await runNightly()));
} catch (error) {
  console.error(`nightly: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await prisma.$disconnect();
  await database?.stop();
}
