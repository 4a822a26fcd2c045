import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client.ts';

/** The monolith's database, for now: the shared-database stage. */
export const prisma = new PrismaClient({
  adapter: new PrismaPg({
    connectionString: process.env.DATABASE_URL ?? '',
    max: Number(process.env.DATABASE_CONNECTIONS ?? 10),
    connectionTimeoutMillis: 5000,
  }),
});

/** The client inside an interactive transaction. */
export type Tx = Omit<
  typeof prisma,
  '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'
>;
