/** For Prisma's own command line (`prisma migrate deploy`); the application itself applies its migrations at start. */
export default {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
};
