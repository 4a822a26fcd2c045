import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TextFile } from '../../cli/carve/service/project.ts';
import { carriedObjects } from '../../cli/carve/service/schema/database-objects.ts';
import { createTablesSql } from '../../cli/carve/service/schema/engine.ts';
import { type Slice, sliceSchema } from '../../cli/carve/service/schema/slice.ts';
import { typedModels } from '../../cli/carve/service/schema/typed-models.ts';

const root = resolve(import.meta.dirname, '../..');
const one = (text: string): TextFile[] => [{ path: 'prisma/schema.prisma', text }];
const slice = (files: TextFile[], ...models: string[]): Slice =>
  sliceSchema(files, { models: new Set(models) });
const textOf = (sliced: Slice): string => sliced.files.map((file) => file.text).join('');

const SHOP = `// The shop, since 2014.
generator client {
  provider = "prisma-client-js"
}

generator erd {
  provider = "prisma-erd-generator" // pictures
}

datasource db {
  provider = "postgresql"
  url      = env("SHOP_DB")
}

// ------------------------------------------------ people

enum Role {
  ADMIN // may do all
  USER
}

/// Who buys.
model User {
  id      Int      @id @default(autoincrement())
  role    Role     @default(USER)
  reviews Review[]
}

// ------------------------------------------------ things

model Product {
  id      Int      @id
  reviews Review[]
  tags    Tag[]
}

model Tag {
  id       Int       @id
  parents  Tag[]     @relation("Tree")
  children Tag[]     @relation("Tree")
  products Product[]
}

/// What people say.
model Review {
  id     Int    @id /* odd */
  text   String @default("{ not a } brace // nor a comment")
  /// Who wrote it.
  author User   @relation(
    fields: [userId],
    references: [id],
    onDelete: Cascade
  )
  userId Int    @map("user_id") // never null

  product   Product @relation(fields: [productId], references: [id])
  productId Int

  @@unique([userId, productId])
  @@index([
    productId,
    userId
  ])
}
`.replace(' /* odd */', '');

describe('models of which only types are named', () => {
  const models = ['User', 'UserProfile', 'Order', 'Tag'];

  it('are those that are imported from the client, or that a type of `Prisma` is about', () => {
    const texts = [
      "import { Prisma, type User as Person } from '@prisma/client';\nlet a: Prisma.UserProfileWhereInput;",
      "import { Order } from './orders';",
      "import { Tag } from '../generated/prisma/client';",
    ];
    expect(typedModels(texts, models, ['prisma'])).toEqual(['Tag', 'User', 'UserProfile']);
    expect(typedModels(texts, models, [])).toEqual(['User', 'UserProfile']);
  });

  it('may be passed on by a file of the project', () => {
    const texts = ["export * from '@prisma/client';", "import type { Order } from './types';"];
    expect(typedModels(texts, models, [])).toEqual(['Order']);
  });

  it('stand in the schema with a word about it, with the relations to what is there', () => {
    const sliced = sliceSchema(one(SHOP), {
      models: new Set(['Review', 'User']),
      typesOnly: new Set(['User']),
    });
    expect(textOf(sliced)).toContain(`/// Who buys.
// The code only names its types: the table is the monolith's, and nothing here queries it.
model User {`);
    expect(textOf(sliced)).toContain('author User   @relation(');
    expect(sliced.typesOnly).toEqual(['User']);
  });
});

describe('the slice of a schema', () => {
  it('keeps what the authors wrote, and takes out what is not there', () => {
    expect(textOf(slice(one(SHOP), 'Review'))).toBe(`// The shop, since 2014.
generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
  url      = env("SHOP_DB")
}

// ------------------------------------------------ things

/// What people say.
model Review {
  id     Int    @id
  text   String @default("{ not a } brace // nor a comment")
  // User.id, in the monolith's data
  userId Int    @map("user_id") // never null

  productId Int // Product.id, in the monolith's data

  @@unique([userId, productId])
  @@index([
    productId,
    userId
  ])
}
`);
  });

  it('keeps relations between models that are there, from both sides, and only the enums in use', () => {
    const sliced = slice(one(SHOP), 'Review', 'User');
    const text = textOf(sliced);
    expect(text).toContain('reviews Review[]');
    expect(text).toContain('onDelete: Cascade');
    expect(sliced.enums).toEqual(['Role']);
    expect(slice(one(SHOP), 'Review').enums).toEqual([]);
    expect(sliced.removed).toEqual([
      { model: 'Review', field: 'product', target: 'Product', scalars: ['productId'] },
    ]);
    expect([sliced.urlVariable, sliced.droppedGenerators]).toEqual([
      'SHOP_DB',
      ['erd (prisma-erd-generator)'],
    ]);
  });

  it('keeps implicit many-to-many relations whole or not at all', () => {
    expect(textOf(slice(one(SHOP), 'Product', 'Tag'))).toContain('products Product[]');
    const alone = textOf(slice(one(SHOP), 'Tag'));
    expect(alone).toContain('@relation("Tree")');
    expect(alone).not.toContain('Product');
  });

  it('keeps the layout of several files, without those of which nothing is left', () => {
    const folder = join(root, 'test/fixtures/express-ts-layers/prisma/schema');
    const files = globSync('*.prisma', { cwd: folder })
      .sort()
      .map((name) => ({ path: `prisma/schema/${name}`, text: readFileSync(join(folder, name), 'utf8') }));
    expect(slice(files, 'Article', 'Topic').files.map((file) => file.path)).toEqual([
      'prisma/schema/articles.prisma',
      'prisma/schema/base.prisma',
    ]);
    expect(textOf(slice(files, 'Person'))).toContain('follows    Person[]   @relation("Follows")');
  });

  it('keeps a file as it is, byte by byte, where nothing is taken out', () => {
    const text = SHOP.replace(/generator erd \{[^}]*\}\n\n/, '');
    expect(textOf(slice(one(text), 'User', 'Product', 'Tag', 'Review'))).toBe(text);
    const windows = text.replaceAll('\n', '\r\n');
    expect(textOf(slice(one(windows), 'User', 'Product', 'Tag', 'Review'))).toBe(windows);
  });
});

describe("Prisma's own engine takes the slice", () => {
  const schemas = [
    ...globSync('test/fixtures/*/{,packages/*/}prisma/{*.prisma,schema}', { cwd: root }).filter(
      (path) => !/unruly/.test(path),
    ),
    'monolith/prisma/schema.prisma',
  ].sort();

  it.each(schemas)('%s, each model alone and each with its neighbours', async (path) => {
    const names = path.endsWith('.prisma') ? [path] : globSync(`${path}/*.prisma`, { cwd: root }).sort();
    const files = names.map((name) => ({ path: name, text: readFileSync(join(root, name), 'utf8') }));
    const whole = sliceSchema(files, { models: new Set() });
    const models = files.flatMap(({ text }) =>
      [...text.matchAll(/^model (\w+)/gm)].map((match) => match[1] ?? ''),
    );
    expect(models.length).toBeGreaterThan(1);
    for (const model of models) {
      const alone = slice(files, model);
      expect(await createTablesSql(whole.provider, alone.files)).toMatch(/^CREATE TABLE/m);
      const neighbours = alone.removed.map((field) => field.target);
      expect(await createTablesSql(whole.provider, slice(files, model, ...neighbours).files)).toMatch(
        /^CREATE TABLE/m,
      );
    }
  });

  it('refuses a schema that is not valid, in its own words', async () => {
    await expect(
      createTablesSql(
        'postgresql',
        one('datasource db {\n  provider = "postgresql"\n}\nmodel A {\n  id Int\n}\n'),
      ),
    ).rejects.toThrow(/unique criteria|@id/);
  });
});

describe("what only the monolith's migrations know", () => {
  const migrations: TextFile[] = [
    {
      path: 'prisma/migrations/1/migration.sql',
      text: `-- Tables
CREATE EXTENSION IF NOT EXISTS "pg_trgm";
CREATE EXTENSION hstore;
CREATE TABLE "reviews" ("id" INT, "text" TEXT, CONSTRAINT positive CHECK ("id" > 0));
-- For the search
CREATE INDEX "reviews_search" ON "reviews" USING gin ("text" gin_trgm_ops);
CREATE INDEX "reviews_old" ON "reviews"("text");
CREATE INDEX "users_old" ON "users"("name");
ALTER TABLE "reviews" ADD CONSTRAINT "outdated" CHECK ("stars" > 0);
ALTER TABLE "reviews" ADD CONSTRAINT "long_enough" CHECK (length(text) > 3);
CREATE FUNCTION touch() RETURNS trigger AS $$ BEGIN NEW.updated := now(); RETURN NEW; END; $$ LANGUAGE plpgsql;
CREATE TRIGGER touched BEFORE UPDATE ON "reviews" FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION count_up() RETURNS trigger AS $body$ BEGIN UPDATE products SET n = n + 1; RETURN NEW; END; $body$ LANGUAGE plpgsql;
CREATE TRIGGER counted AFTER INSERT ON reviews FOR EACH ROW EXECUTE PROCEDURE count_up();
CREATE VIEW best AS SELECT * FROM reviews WHERE id > 5;
CREATE VIEW joined AS SELECT * FROM reviews JOIN users ON true;
CREATE VIEW gone AS SELECT * FROM reviews;
`,
    },
    { path: 'prisma/migrations/2/migration.sql', text: 'DROP INDEX "reviews_old";\nDROP VIEW gone;\n' },
  ];
  const carried = carriedObjects(migrations, new Set(['reviews']), 'CREATE TABLE "reviews" ("id", "text")');

  it('is carried over where it touches the tables of the service only', () => {
    expect(carried.statements.map(({ text }) => text.split('\n').at(-1)?.slice(0, 40))).toEqual([
      'CREATE EXTENSION IF NOT EXISTS "pg_trgm"',
      'CREATE FUNCTION touch() RETURNS trigger ',
      'CREATE INDEX "reviews_search" ON "review',
      'ALTER TABLE "reviews" ADD CONSTRAINT "lo',
      'CREATE TRIGGER touched BEFORE UPDATE ON ',
      'CREATE VIEW best AS SELECT * FROM review',
    ]);
    expect(carried.statements[2]).toEqual({
      text: '-- For the search\nCREATE INDEX "reviews_search" ON "reviews" USING gin ("text" gin_trgm_ops)',
      from: 'prisma/migrations/1/migration.sql:6',
    });
  });

  it('is named where it touches others too, or is a part of something larger', () => {
    expect(carried.left).toEqual([
      'check positive (prisma/migrations/1/migration.sql:4): it is a part of a larger statement',
      'check outdated (prisma/migrations/1/migration.sql:9): it names stars, which the schema has no more',
      'trigger counted (prisma/migrations/1/migration.sql:14): it also touches products',
      'view joined (prisma/migrations/1/migration.sql:16): it also touches users',
    ]);
  });
});
