import type { Access } from '../../model.ts';

/** Prisma Client's model queries (API reference, "Model queries") and what each does to its own model. */
export const OPERATIONS: Readonly<Record<string, Access>> = {
  findUnique: 'read',
  findUniqueOrThrow: 'read',
  findFirst: 'read',
  findFirstOrThrow: 'read',
  findMany: 'read',
  count: 'read',
  aggregate: 'read',
  groupBy: 'read',
  findRaw: 'read',
  aggregateRaw: 'read',
  create: 'write',
  createMany: 'write',
  createManyAndReturn: 'write',
  update: 'write',
  updateMany: 'write',
  updateManyAndReturn: 'write',
  upsert: 'write',
  delete: 'write',
  deleteMany: 'write',
};

/** Names that only Prisma uses; others occur on many objects and need more evidence. */
export const DISTINCTIVE = new Set(
  Object.keys(OPERATIONS).filter(
    (name) => !['create', 'update', 'delete', 'count', 'aggregate'].includes(name),
  ),
);

export const RAW = new Set([
  '$queryRaw',
  '$executeRaw',
  '$queryRawUnsafe',
  '$executeRawUnsafe',
  '$queryRawTyped',
]);
