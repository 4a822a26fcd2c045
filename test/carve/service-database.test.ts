import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ServiceSpec } from '../../cli/carve/service/spec.ts';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { sdkFor } from '../cloud-map/harness.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  folderOf,
  type Generated,
  generate,
  SHAPES,
  type Shape,
  start,
  typeErrors,
} from './service-harness.ts';

const SCHEMA = `generator client {
  provider               = "prisma-client"
  output                 = "../src/generated"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
}

datasource db {
  provider = "postgresql"
}

model Item {
  id      Int     @id @default(autoincrement())
  name    String
  owner   Owner   @relation(fields: [ownerId], references: [id])
  ownerId Int     @map("owner_id")
  orders  Order[]

  @@map("items")
}

model Owner {
  id    Int    @id @default(autoincrement())
  name  String
  items Item[]
}

model Order {
  id     Int  @id
  item   Item @relation(fields: [itemId], references: [id])
  itemId Int
}
`;

const MIGRATION = `CREATE TABLE "Owner" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);
CREATE TABLE "items" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL, "owner_id" INT NOT NULL REFERENCES "Owner");
CREATE TABLE "Order" ("id" INT PRIMARY KEY, "itemId" INT NOT NULL REFERENCES "items");
CREATE FUNCTION shout() RETURNS trigger AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END; $$ LANGUAGE plpgsql;
CREATE TRIGGER shouted BEFORE INSERT ON "items" FOR EACH ROW EXECUTE FUNCTION shout();
`;

const base = SHAPES['fastify-ts'];
const root = resolve(import.meta.dirname, '../..');
let postgres: TestPostgres;
let service: Generated;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const monolith = {
    ...base.monolith,
    'package.json': `{ "name": "shop", "type": "module", "dependencies": {
      "fastify": "^5.0.0", "@prisma/client": "7.10.0", "@prisma/adapter-pg": "7.10.0" }, "devDependencies": { "prisma": "7.10.0" } }`,
    'prisma/schema.prisma': SCHEMA,
    'prisma/migrations/1/migration.sql': MIGRATION,
    'src/db.ts': `import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

const { DATABASE_URL: connectionString = '' } = process.env;
export const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
`,
    'src/app.ts': `import Fastify from 'fastify';
import { prisma } from './db.ts';

export const app = Fastify();
app.get<{ Params: { id: string } }>('/items/:id', async (request) =>
  prisma.item.findUnique({ where: { id: Number(request.params.id) }, include: { owner: true } }),
);
app.addHook('onClose', async () => prisma.$disconnect());
`,
  };
  const folder = folderOf(monolith);
  const model = (name: string, table: string): ServiceSpec['allModels'][number] => ({
    name,
    table,
    kind: 'model',
    file: 'prisma/schema.prisma',
    line: 1,
    fields: [],
    relations: [],
    enums: [],
  });
  const shape: Shape = {
    monolith,
    taken: ['src/app.ts', 'src/db.ts'],
    spec: {
      ...base.spec,
      layout: { base: folder, packageDir: '', otherPackages: [] },
      models: { owned: ['Item'], shared: [{ name: 'Owner', access: ['read'] }] },
      allModels: [model('Item', 'items'), model('Owner', 'Owner'), model('Order', 'Order')],
      schemaFiles: [join(folder, 'prisma/schema.prisma')],
      migrationFiles: [join(folder, 'prisma/migrations/1/migration.sql')],
      client: { file: 'src/db.ts', exported: 'prisma' },
      dependencies: ['fastify', '@prisma/adapter-pg'],
      environment: [{ name: 'DATABASE_URL', place: { file: 'src/db.ts', line: 4 } }],
    },
  };
  service = await generate(shape);
  execFileSync(process.execPath, [join(root, 'node_modules/prisma/build/index.js'), 'generate'], {
    cwd: service.folder,
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    stdio: 'ignore',
  });
});

afterAll(() => postgres.stop());

async function monolithDatabase(): Promise<string> {
  const url = await postgres.createDatabase();
  await run(
    url,
    `${MIGRATION} INSERT INTO "Owner" ("name") VALUES ('Ann'); INSERT INTO "items" ("name", "owner_id") VALUES ('cup', 1)`,
  );
  return url;
}

async function run(url: string, sql: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

it("works on the monolith's database with its slice of the schema", async () => {
  const { url, child, ended } = await start(service, { DATABASE_URL: await monolithDatabase() });
  expect(await (await fetch(`${url}/items/1`)).json()).toEqual({
    id: 1,
    name: 'CUP',
    ownerId: 1,
    owner: { id: 1, name: 'Ann' },
  });
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it('type-checks with the generated client', () => {
  expect(typeErrors(service)).toBe('');
});

it('says that it is not ready, and unhealthy in Cloud Map, while the database is away', async () => {
  const cloudMap = await startCloudMapEndpoint({ operationDelayMs: 20, healthDelayMs: 0 });
  const sdk = sdkFor(cloudMap.url);
  const healthy = async () =>
    (
      await sdk.discoverInstances({
        NamespaceName: 'strangler',
        ServiceName: 'items',
        HealthStatus: 'HEALTHY',
      })
    ).Instances?.length;
  const { url, child, ended } = await start(service, {
    DATABASE_URL: await monolithDatabase(),
    CLOUD_MAP_ENDPOINT: cloudMap.url,
    HEARTBEAT_MS: '50',
  });
  await vi.waitFor(async () => expect(await healthy()).toBe(1), 10_000);
  await postgres.restart(async () => {
    await vi.waitFor(async () => {
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([503, 'database\n']);
    }, 10_000);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await vi.waitFor(async () => expect(await healthy()).toBe(0), 10_000);
  });
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), 10_000);
  await vi.waitFor(async () => expect(await healthy()).toBe(1), 10_000);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  sdk.destroy();
  await cloudMap.close();
});

it('brings a migration that makes its own tables, with their triggers, in an empty database', async () => {
  const sql = readFileSync(join(service.folder, 'prisma/migrations/0_init/migration.sql'), 'utf8');
  const url = await postgres.createDatabase();
  await run(url, sql);
  await run(url, `INSERT INTO "items" ("name", "owner_id") VALUES ('plate', 7)`);
  expect((await run(url, 'SELECT name FROM items')).rows).toEqual([{ name: 'PLATE' }]);
  const tables = await run(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
  expect(tables.rows).toEqual([{ tablename: 'items' }]);
  expect(sql).toContain("Never apply it to the monolith's database");
});
