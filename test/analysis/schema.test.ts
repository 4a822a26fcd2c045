import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Unresolved } from '../../cli/analysis/model.ts';
import { type DataModel, readDataModel } from '../../cli/analysis/schema/read.ts';

function read(...schemas: string[]): { data: DataModel; unresolved: Unresolved[] } {
  const dir = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    const unresolved: Unresolved[] = [];
    const paths = schemas.map((text, at) => {
      const path = join(dir, `${at}.prisma`);
      writeFileSync(path, text);
      return path;
    });
    return { data: readDataModel(dir, paths, unresolved), unresolved };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
const relations = (data: DataModel, model: string) =>
  data.models
    .get(model)
    ?.relations.map((item) => [
      item.field,
      item.target,
      item.kind,
      item.owning,
      item.joinTable,
      item.onDelete,
    ]);

describe('a Prisma schema', () => {
  it('tells the owning side, the kind and the defaults of referential actions', () => {
    const { data } = read(
      `model A {\n id Int @id\n b B @relation(fields: [bId], references: [id])\n bId Int\n c C? @relation(fields: [cId], references: [id], onDelete: Cascade)\n cId Int? @unique\n}\nmodel B {\n id Int @id\n as A[]\n}\nmodel C {\n id Int @id\n a A?\n}`,
    );
    expect(relations(data, 'A')).toEqual([
      ['b', 'B', 'many-to-one', true, undefined, 'Restrict'],
      ['c', 'C', 'one-to-one', true, undefined, 'Cascade'],
    ]);
    expect(relations(data, 'B')).toEqual([['as', 'A', 'one-to-many', false, undefined, undefined]]);
    expect(relations(data, 'C')).toEqual([['a', 'A', 'one-to-one', false, undefined, undefined]]);
  });
  it('names the hidden tables of implicit and self many-to-many relations', () => {
    const { data } = read(
      'model Zoo {\n id Int @id\n apes Ape[]\n}\nmodel Ape {\n id Int @id\n zoos Zoo[]\n likes Ape[] @relation("Likes")\n likedBy Ape[] @relation("Likes")\n}',
    );
    expect(relations(data, 'Zoo')).toEqual([['apes', 'Ape', 'many-to-many', false, '_ApeToZoo', undefined]]);
    expect(relations(data, 'Ape')?.slice(1)).toEqual([
      ['likes', 'Ape', 'many-to-many', false, '_Likes', undefined],
      ['likedBy', 'Ape', 'many-to-many', false, '_Likes', undefined],
    ]);
  });
  it('joins models of several files and keeps enums apart from relations', () => {
    const { data } = read(
      'enum Role {\n A\n B\n}\nmodel User {\n id Int @id\n role Role @map("the_role")\n posts Post[]\n @@map("users")\n}',
      'model Post {\n id Int @id\n user User @relation(fields: [userId], references: [id])\n userId Int\n}',
    );
    expect(data.models.get('User')).toMatchObject({
      table: 'users',
      enums: ['Role'],
      relations: [{ target: 'Post' }],
    });
    expect(data.enums.get('Role')).toEqual(['A', 'B']);
  });
  it('prefers the variant for PostgreSQL and reports the others', () => {
    const variant = (provider: string, map: string): string =>
      `datasource db {\n provider = "${provider}"\n}\nmodel A {\n id Int @id\n @@map("${map}")\n}`;
    const { data, unresolved } = read(variant('mysql', 'm'), variant('postgresql', 'p'));
    expect(data.models.get('A')?.table).toBe('p');
    expect(unresolved).toMatchObject([{ kind: 'schema-variant', file: '0.prisma' }]);
  });
});
