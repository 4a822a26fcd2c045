import { describe, expect, it } from 'vitest';
import { missingColumns } from '../../cli/carve/gates/trial-data.ts';
import { column } from './gates/column.ts';

const field = (name: string, mapped = name) => ({
  name,
  column: mapped,
  type: 'String',
  list: false,
  optional: false,
  unique: false,
});
const model = (name: string, fields: ReturnType<typeof field>[], more: object = {}) => ({
  name,
  table: name.toLowerCase(),
  kind: 'model' as const,
  fields,
  ...more,
});
const table = (name: string, columns: string[], schema = 'public') => ({
  schema,
  name,
  columns: columns.map((name) => column(name, 'text')),
});

describe('tables that migrations made', () => {
  it('lack nothing where every column of the schema is there, under its own name or a mapped one', () => {
    const models = [model('Cup', [field('id'), field('etag', 'e_tag')])];
    expect(missingColumns(models, [table('cup', ['id', 'e_tag', 'more'])])).toEqual([]);
  });

  it('lack a column that was only pushed', () => {
    const models = [model('Cup', [field('id'), field('etag')])];
    expect(missingColumns(models, [table('cup', ['id'])])).toEqual(['Cup.etag']);
  });

  it('lack a table, which is told once', () => {
    expect(missingColumns([model('Cup', [field('id'), field('etag')])], [])).toEqual(['Cup']);
  });

  it('are looked for in the schema that the model names', () => {
    const models = [model('Cup', [field('id')], { schema: 'games' })];
    expect(missingColumns(models, [table('cup', ['id'], 'public')])).toEqual(['Cup']);
    expect(missingColumns(models, [table('cup', ['id'], 'games')])).toEqual([]);
  });

  it('need not hold views', () => {
    expect(missingColumns([model('Totals', [field('id')], { kind: 'view' })], [])).toEqual([]);
  });
});
