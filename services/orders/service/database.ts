import { prisma } from '../src/database/client.ts';

/** Resolves when the database answers, by way of the application's own client. */
export async function ping(): Promise<void> {
  await prisma.$queryRaw`SELECT 1`;
}

/** Closes the connections to the database. */
export async function disconnect(): Promise<void> {
  await prisma.$disconnect();
}
