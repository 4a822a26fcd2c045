import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataModel } from '../../cli/analysis/schema/read.ts';

it('knows the column of an enum that has another name in the database', () => {
  const dir = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    const path = join(dir, 'schema.prisma');
    writeFileSync(
      path,
      'enum Role {\n  USER\n}\nmodel A {\n  id Int @id\n  role Role @map("user_role")\n  b B @relation(fields: [id], references: [id])\n}\nmodel B {\n  id Int @id\n  as A?\n}\n',
    );
    const model = readDataModel(dir, [path], []).models.get('A');
    expect(model?.fields.map(({ name, column }) => [name, column])).toEqual([
      ['id', 'id'],
      ['role', 'user_role'],
    ]);
    expect(model?.relations[0]).not.toHaveProperty('column');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
